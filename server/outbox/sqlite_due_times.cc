#include "server/outbox/sqlite_due_times.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/sqlite_names.h"

namespace signalbox {
namespace {

// See DueWork.
constexpr int kMostQuestions = 256;

// The year 2255. Nothing waits for so late a time, so it is damage.
constexpr int64_t kNoTimeUs = int64_t{1} << 53;

constexpr char kFindDueCredential[] =
    "SELECT d.credential, d.is_pending, EXISTS (SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = d.repository_key AND r.credential = "
    "d.credential) "
    "FROM due_repository AS d "
    "WHERE d.credential >= ?1 AND (d.is_pending NOT IN (0, 1) OR EXISTS ("
    "SELECT 1 FROM entry AS e INDEXED BY entry_due "
    "WHERE e.repository_key = d.repository_key "
    "AND e.is_pending = d.is_pending AND e.due_time_us <= ?2)) "
    "ORDER BY d.credential, d.is_pending LIMIT 1";
constexpr char kListProbedCredentials[] =
    "SELECT p.credential, EXISTS (SELECT 1 FROM entry AS e INDEXED BY "
    "entry_due "
    "WHERE e.repository_key = p.repository_key AND e.is_pending = 0 "
    "AND e.due_time_us IS NOT NULL), EXISTS (SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = p.repository_key AND r.credential = "
    "p.credential) "
    "FROM parking AS p INDEXED BY parking_next "
    "WHERE p.due_time_us <= ? AND p.gives_up = 0";
constexpr char kFindNextDueTime[] =
    "SELECT due_time_us FROM entry INDEXED BY entry_due_time "
    "WHERE due_time_us > ? ORDER BY due_time_us LIMIT 1";

constexpr char kBringForward[] =
    "UPDATE entry SET due_time_us = ?1, "
    "first_due_time_us = MIN(first_due_time_us, ?1), "
    "lease_due_time_us = MIN(lease_due_time_us, ?1), "
    "lease_begin_time_us = MIN(lease_begin_time_us, ?1), "
    "ambiguous_time_us = MIN(ambiguous_time_us, ?1) "
    "WHERE entry_id IN (SELECT entry_id FROM entry INDEXED BY entry_due_time "
    "WHERE due_time_us > ?2 ORDER BY due_time_us LIMIT ?3)";

constexpr char kBringProbesForward[] =
    "UPDATE parking SET next_time_us = ?1, due_time_us = ?1, "
    "refuse_time_us = ?1 WHERE repository_key IN "
    "(SELECT repository_key FROM parking WHERE refuse_time_us > ?1 LIMIT ?2)";
constexpr char kBringRerunsForward[] =
    "UPDATE rerun SET due_time_us = ?1 WHERE rerun_id IN "
    "(SELECT rerun_id FROM rerun WHERE due_time_us > ?2 LIMIT ?3)";
// Questions with a past that is in the future now.
constexpr char kBringQuestionsForward[] =
    "UPDATE name_question SET ask_time_us = MIN(ask_time_us, ?1), "
    "first_time_us = MIN(first_time_us, ?1), "
    "asked_time_us = MIN(asked_time_us, ?1) WHERE question_id IN "
    "(SELECT question_id FROM name_question "
    "WHERE first_time_us > ?1 OR asked_time_us > ?1 LIMIT ?2)";

constexpr char kFindNextProbe[] =
    "SELECT due_time_us FROM parking INDEXED BY parking_next "
    "WHERE due_time_us > ? ORDER BY due_time_us LIMIT 1";

constexpr char kFindFirstProbe[] =
    "SELECT due_time_us FROM parking INDEXED BY parking_next "
    "ORDER BY due_time_us LIMIT 1";
constexpr char kFindLastProbe[] =
    "SELECT due_time_us FROM parking INDEXED BY parking_next "
    "ORDER BY due_time_us DESC LIMIT 1";

// The credentials with an entry or a probe that is due at `now`, sorted.
std::vector<DueCredential> DueCredentials(SqliteConnection* connection,
                                          absl::Time now) {
  // By name: whether there are results.
  std::map<std::string, bool> found;
  {
    SqliteQuery query(connection, kListProbedCredentials);
    query.Bind(now);
    while (query.Next()) {
      std::string credential;
      bool has_results = false;
      bool belongs = false;
      query.Read(&credential, &has_results, &belongs);
      if (!belongs) {
        connection->NoteDamage(
            "a row of table parking names another credential than its "
            "repository");
      }
      found[std::move(credential)] |= has_results;
    }
  }
  std::string from;
  while (true) {
    SqliteQuery query(connection, kFindDueCredential);
    query.Bind(from, now);
    if (!query.Next()) break;
    std::string credential;
    bool is_pending = false;
    bool belongs = false;
    query.Read(&credential, &is_pending, &belongs);
    if (!belongs) {
      connection->NoteDamage(
          "a row of table due_repository names another credential than its "
          "repository");
      break;
    }
    // The next text in the order after this credential.
    from = credential + '\0';
    found[std::move(credential)] |= !is_pending;
  }
  std::vector<DueCredential> credentials;
  credentials.reserve(found.size());
  for (const auto& [credential, has_results] : found) {
    credentials.push_back({credential, has_results});
  }
  return credentials;
}

// When the next entry or probe becomes due, later than `now`;
// absl::InfiniteFuture(): none will.
absl::Time NextDueTime(SqliteConnection* connection, absl::Time now) {
  SqliteQuery query(connection, kFindNextDueTime);
  query.Bind(now);
  absl::Time due_time = absl::InfiniteFuture();
  if (query.Next()) query.Read(&due_time);
  SqliteQuery probe(connection, kFindNextProbe);
  absl::Time probe_time = absl::InfiniteFuture();
  if (probe.Bind(now).Next()) probe.Read(&probe_time);
  // A damaged time of a probe sorts first or last.
  for (const char* sql : {kFindFirstProbe, kFindLastProbe}) {
    SqliteQuery query(connection, sql);
    absl::Time time;
    if (query.Next()) query.Read(&time);
    if (absl::ToUnixMicros(time) >= kNoTimeUs) {
      connection->NoteDamage(
          "a row of table parking has a probe after the year 2255");
    }
  }
  return std::min(due_time, probe_time);
}

}  // namespace

DueWork FindDueWork(SqliteConnection* connection, absl::Time now) {
  DueWork work;
  work.credentials = DueCredentials(connection, now);
  work.questions = NameQuestions(connection, now, kMostQuestions);
  work.next_in = std::min(NextDueTime(connection, now),
                          NextQuestionTime(connection, now)) -
                 now;
  return work;
}

bool BringForward(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time limit, absl::Time now, int most) {
  bool more = false;
  const auto change = [&](SqliteQuery& query) {
    query.Run();
    more |= connection->ChangedRows() >= most;
  };
  change(SqliteQuery(connection, kBringProbesForward).Bind(now, most));
  change(SqliteQuery(connection, kBringRerunsForward).Bind(now, limit, most));
  change(SqliteQuery(connection, kBringQuestionsForward).Bind(now, most));
  change(SqliteQuery(connection, kBringForward).Bind(now, limit, most));
  // Aliases in memory hold the times of their questions.
  state->repositories.aliases().Forget();
  return more;
}

}  // namespace signalbox
