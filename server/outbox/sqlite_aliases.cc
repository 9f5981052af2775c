#include "server/outbox/sqlite_aliases.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

// How often the server asks GitHub whether an old name in use still is one.
constexpr absl::Duration kBetweenChecks = absl::Hours(24);
// The least time between two questions about one name.
constexpr absl::Duration kBetweenQuestions = absl::Minutes(5);

constexpr char kListAliases[] =
    "SELECT a.canonical, r.canonical, a.repository_key, "
    "a.github_repository_id, a.checked_time_us, q.ask_time_us "
    "FROM repository_alias AS a "
    "JOIN repository AS r ON r.repository_key = a.repository_key "
    "LEFT JOIN name_question AS q ON q.subject = a.canonical "
    "ORDER BY a.canonical";
constexpr char kPutAlias[] =
    "INSERT OR REPLACE INTO repository_alias (canonical, github_repository_id, "
    "repository_key) VALUES (?, ?, ?)";
constexpr char kNoteChecked[] =
    "UPDATE repository_alias SET checked_time_us = ? WHERE canonical = ?";
constexpr char kDeleteAlias[] =
    "DELETE FROM repository_alias WHERE canonical = ?";

constexpr char kAsk[] =
    "INSERT INTO name_question (subject, host, owner, name, credential, "
    "github_repository_id, first_time_us, asked_time_us, ask_time_us) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (subject) DO UPDATE SET "
    // Does not ask again just after GitHub gave no answer.
    "ask_time_us = MIN(ask_time_us, MAX(excluded.ask_time_us, "
    "CASE asked_time_us WHEN 0 THEN 0 ELSE asked_time_us + ?9 END))";
constexpr char kListAllQuestions[] =
    "SELECT question_id, host, owner, name, credential FROM name_question "
    "ORDER BY question_id";
constexpr char kSetQuestionCredential[] =
    "UPDATE name_question SET credential = ? WHERE question_id = ?";

}  // namespace

const SqliteAliases::Alias* SqliteAliases::Find(
    SqliteConnection* connection, const CanonicalName& canonical) {
  if (!aliases_.has_value()) {
    aliases_.emplace();
    SqliteQuery query(connection, kListAliases);
    while (query.Next()) {
      CanonicalName name;
      Alias alias;
      query.Read(&name, &alias.canonical, &alias.repository_key, &alias.number,
                 &alias.checked_time, &alias.ask_time);
      aliases_->emplace(std::move(name), std::move(alias));
    }
  }
  const auto it = aliases_->find(canonical);
  return it == aliases_->end() ? nullptr : &it->second;
}

void SqliteAliases::Add(SqliteConnection* connection,
                        const CanonicalName& canonical, int64_t number,
                        int64_t repository_key) {
  connection->Execute(kPutAlias, canonical, number, repository_key);
  Forget();
}

void SqliteAliases::Remove(SqliteConnection* connection,
                           const CanonicalName& canonical) {
  connection->Execute(kDeleteAlias, canonical);
  Forget();
}

bool SqliteAliases::Use(SqliteConnection* connection, const Repository& said,
                        absl::Time now) {
  const Alias* const alias = Find(connection, said.Canonical());
  if (alias == nullptr) return false;
  if (alias->ask_time.has_value()) return *alias->ask_time <= now;
  absl::Time at = now;
  if (alias->checked_time != absl::UnixEpoch()) {
    at = std::max(at, alias->checked_time + kBetweenChecks);
  }
  AskName(connection, said, at, now);
  return at <= now;
}

void SqliteAliases::NoteChecked(SqliteConnection* connection,
                                const CanonicalName& canonical,
                                absl::Time now) {
  connection->Execute(kNoteChecked, now, canonical);
  Forget();
}

void SqliteAliases::Doubt(SqliteConnection* connection,
                          const CanonicalName& canonical, absl::Time now) {
  const Alias* const alias = Find(connection, canonical);
  const absl::StatusOr<Repository> said = ParseRepository(canonical.text());
  if (alias == nullptr || !said.ok()) return;
  const absl::Time at = std::max(now, alias->checked_time + kBetweenQuestions);
  AskName(connection, *said, at, now);
}

void SqliteAliases::AskNumber(SqliteConnection* connection,
                              const Repository& via, int64_t number,
                              absl::Time now) {
  Ask(connection, StandIn(via.host, number), via, number, now, now);
}

void SqliteAliases::AskName(SqliteConnection* connection,
                            const Repository& name, absl::Time at,
                            absl::Time now) {
  Ask(connection, name.Canonical().text(), name, 0, at, now);
  // Aliases in memory hold the times of their questions.
  Forget();
}

void SqliteAliases::Ask(SqliteConnection* connection,
                        const std::string& subject, const Repository& via,
                        int64_t number, absl::Time at, absl::Time now) {
  connection->Execute(kAsk, subject, via, CredentialOf(via), number, now, at,
                      kBetweenQuestions);
}

void SqliteAliases::AssignCredentials(SqliteConnection* connection) {
  for (const auto& [id, repository, before] :
       connection->All<std::tuple<int64_t, Repository, std::string>>(
           kListAllQuestions)) {
    const std::string credential = CredentialOf(repository);
    if (credential == before) continue;
    connection->Execute(kSetQuestionCredential, credential, id);
  }
}

std::string StandIn(const std::string& host, int64_t number) {
  return absl::StrCat(host, "//", number);
}

}  // namespace signalbox
