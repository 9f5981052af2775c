#include "server/outbox/sqlite_posting.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/error.h"
#include "common/utf8.h"
#include "server/outbox/entry_state.h"
#include "server/outbox/posting_rules.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_credential_notes.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_table_checks.h"
#include "server/outbox/sqlite_views.h"

namespace signalbox {
namespace {

// The most repositories that one search removes from due_repository.
constexpr size_t kMostRemoved = 256;
// The most bytes that the outbox keeps of a text from GitHub.
constexpr size_t kMostText = 256;

// The last column: whether name and credential are the repository's.
constexpr char kListRepositories[] =
    "SELECT d.canonical, d.repository_key, "
    "r.canonical = d.canonical AND r.credential = d.credential "
    "FROM due_repository AS d LEFT JOIN repository AS r "
    "ON r.repository_key = d.repository_key "
    "WHERE d.credential = ? AND d.is_pending = ? "
    "AND d.canonical > ? AND d.canonical <= ? ORDER BY d.canonical";
constexpr char kFindDue[] =
    "SELECT entry_id, due_time_us FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND is_pending = ? AND due_time_us IS NOT NULL "
    "ORDER BY due_time_us";

// Finds no row if damage would make the server post for another key.
constexpr char kGetLease[] =
    "SELECT entry_id, version, report_sequence, r.host, r.owner, r.name, "
    "c.sha, context, phase, result, description, target_url, shown_state, "
    "shown_description, shown_target_url, posted_version, try_count, "
    "refusal_count, first_due_time_us, ambiguous_time_us, lease_version, "
    "lease_number, lease_begin_time_us, r.github_repository_id, "
    "entry.status_count "
    "FROM entry "
    "JOIN commit_summary AS c ON c.commit_key = entry.commit_key "
    "JOIN repository AS r ON r.repository_key = entry.repository_key "
    "AND r.canonical = lower(r.host || '/' || r.owner || '/' || r.name) "
    "WHERE entry_id = ? AND length(c.sha) IN (20, 32) AND ";
constexpr char kTake[] =
    "UPDATE entry SET lease_version = version, lease_epoch = ?, "
    "lease_number = ?, lease_begin_time_us = ?, "
    "lease_due_time_us = due_time_us, due_time_us = ?, ambiguous_time_us = ? "
    "WHERE entry_id = ?";

constexpr char kGetLeased[] =
    "SELECT version, report_sequence, change_sequence, posting_state, "
    "posting_reason, try_count, refusal_count, post_time_us, "
    "first_due_time_us, lease_version, lease_epoch, lease_number, "
    "lease_begin_time_us, lease_due_time_us, ambiguous_time_us, "
    "posted_version, posted_status_id, shown_state, shown_description, "
    "shown_target_url, status_count, repository_key, ";
constexpr char kGetLeasedBy[] = " FROM entry WHERE entry_id = ?";
constexpr char kIsNewest[] =
    "SELECT 1 FROM entry WHERE entry_id = ? AND version = ?";
constexpr char kGetReportedAs[] =
    "SELECT reported_as FROM entry WHERE entry_id = ?";
constexpr char kSettle[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = ?, try_count = ?, refusal_count = ?, post_time_us = ?, "
    "due_time_us = ?, lease_version = 0, ambiguous_time_us = ?, "
    "posted_version = ?, posted_status_id = ?, shown_state = ?, "
    "shown_description = ?, shown_target_url = ?, status_count = ?, "
    "abandon_time_us = CASE ?2 WHEN 4 THEN ?15 ELSE abandon_time_us END "
    "WHERE entry_id = ? AND lease_version = ? AND lease_number = ?";

constexpr char kFindConfessed[] =
    "SELECT posting_state, change_sequence, is_pending, r.canonical "
    "FROM entry AS e JOIN repository AS r "
    "ON r.repository_key = e.repository_key "
    "WHERE e.entry_id = ? AND e.version > 0";
// A try in flight is lost, since its number is another one then; the end of its
// lease stays. ?1 = 4: abandoned.
constexpr char kConfess[] =
    "UPDATE entry SET posting_state = ?, change_sequence = ?, "
    "ambiguous_time_us = MAX(IFNULL(ambiguous_time_us, ?3), ?3), "
    "lease_number = lease_number + (lease_version <> 0), "
    "first_due_time_us = CASE WHEN due_time_us IS NULL THEN ?3 "
    "ELSE first_due_time_us END, "
    "due_time_us = CASE WHEN ?1 = 4 AND due_time_us IS NULL THEN NULL "
    "ELSE MAX(IFNULL(due_time_us, ?3), ?3 + ?4) END WHERE entry_id = ?5";

constexpr char kFindSequence[] =
    "SELECT sequence FROM report WHERE entry_id = ? AND version = ?";
constexpr char kInsertTry[] =
    "INSERT INTO try (entry_id, sequence, begin_time_us, end_time_us, "
    "http_status, request_id, reason, message) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

// Shows watchers of a parked entry when the next probe is due.
constexpr char kSetProbeTime[] =
    "UPDATE status_change SET due_time_us = IFNULL((SELECT next_time_us "
    "FROM parking WHERE repository_key = ?), due_time_us) "
    "WHERE change_sequence = ?";

constexpr char kFindRetried[] =
    "SELECT posting_state, posting_reason, is_pending, r.canonical, "
    "r.repository_key FROM entry AS e JOIN repository AS r "
    "ON r.repository_key = e.repository_key WHERE e.entry_id = ?";
// While a try is in flight, the end of its lease stays.
constexpr char kRetry[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, "
    "first_due_time_us = ?3, lease_due_time_us = ?3, "
    "due_time_us = CASE WHEN lease_version = 0 "
    "THEN MAX(?3, IFNULL(MIN(ambiguous_time_us, ?3) + ?4, 0)) "
    "ELSE due_time_us END WHERE entry_id = ?5";

// These were refused because their commit was missing. Only its arrival helps.
#define SIGNALBOX_MISSING \
  "e.commit_key = ? AND e.posting_state IN (3, 4) AND e.posting_reason = ?"
constexpr char kIsMissing[] =
    "SELECT 1 FROM entry AS e WHERE " SIGNALBOX_MISSING " LIMIT 1";
constexpr char kListMissing[] =
    "SELECT e.entry_id, e.is_pending, r.canonical FROM entry AS e "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE " SIGNALBOX_MISSING " ORDER BY e.entry_id";

// Sorts after every canonical name: names are printable ASCII.
constexpr absl::string_view kBehindAll = "\x7f";

// The entry that has been due longest in the first repository after `after`, up
// to `last`, that has one due for long enough and not held; 0: none. Adds
// repositories without a due time to `done`.
int64_t FindDue(SqliteConnection* connection, const LeaseRequest& request,
                absl::string_view after, absl::string_view last, absl::Time now,
                std::vector<CanonicalName>* done) {
  const absl::Time limit = now - request.due_for;
  SqliteQuery repositories(connection, kListRepositories);
  repositories.Bind(request.credential, request.pendings, after, last);
  while (repositories.Next()) {
    CanonicalName canonical;
    int64_t repository_key = 0;
    std::optional<bool> belongs;
    repositories.Read(&canonical, &repository_key, &belongs);
    if (!belongs.value_or(false)) {
      connection->NoteDamage(
          "a row of table due_repository names another repository or "
          "credential than its key");
      return 0;
    }
    SqliteQuery due(connection, kFindDue);
    due.Bind(repository_key, request.pendings);
    bool has_due = false;
    while (due.Next()) {
      has_due = true;
      int64_t entry_id = 0;
      absl::Time due_time;
      due.Read(&entry_id, &due_time);
      const bool is_held =
          request.held != nullptr && request.held->contains(entry_id);
      if (due_time <= limit && !is_held) return entry_id;
      if (request.longest_left_out != nullptr) {
        *request.longest_left_out =
            std::max(*request.longest_left_out, now - due_time);
      }
      if (due_time > limit) break;
    }
    if (!has_due && connection->status().ok() && done->size() < kMostRemoved) {
      done->push_back(std::move(canonical));
    }
  }
  return 0;
}

// The entry whose turn it is; 0: none. Repositories without a due time leave
// due_repository.
int64_t FindDueInTurn(SqliteConnection* connection, SqliteWriterState* state,
                      const LeaseRequest& request, absl::Time now) {
  std::vector<CanonicalName> done;
  int64_t entry_id =
      FindDue(connection, request, request.after_repository.text(), kBehindAll,
              now, &done);
  if (entry_id == 0 && !request.after_repository.empty()) {
    entry_id = FindDue(connection, request, "", request.after_repository.text(),
                       now, &done);
  }
  for (const CanonicalName& canonical : done) {
    state->repositories.RemoveDue(connection, request.credential,
                                  request.pendings, canonical);
  }
  return entry_id;
}

Lease MarkInFlight(SqliteConnection* connection, int64_t epoch,
                   int64_t entry_id, absl::Time lease_end, absl::Time now) {
  Lease lease;
  Phase phase = Phase::kWebhookPending;
  std::optional<Result> result;
  std::optional<std::string> shown_state;
  Shown shown;
  int64_t former_version = 0;
  absl::Time former_begin;
  {
    static const auto* const kSql =
        new std::string(absl::StrCat(kGetLease, EntryIsSound()));
    SqliteQuery query(connection, kSql->c_str());
    query.Bind(entry_id);
    if (!query.Next()) {
      connection->NoteDamage(
          "the row of a due entry, or of its commit or repository, is damaged");
      return lease;
    }
    query.Read(&lease.entry_id, &lease.version, &lease.sequence,
               &lease.repository, &lease.sha, &lease.context, &phase, &result,
               &lease.wanted.description, &lease.wanted.target_url,
               &shown_state, &shown.description, &shown.target_url,
               &lease.posted_version, &lease.try_count, &lease.refusal_count,
               &lease.due_since, &lease.ambiguous_since, &former_version,
               &lease.lease_number, &former_begin, &lease.repository_id,
               &lease.status_count);
  }
  Sender sender = SenderOf(connection, entry_id, lease.version);
  lease.caller = std::move(sender.caller);
  lease.request_id = std::move(sender.request_id);
  lease.wanted.state = StateOf(phase, result);
  if (lease.wanted.description.empty() && result.has_value()) {
    lease.wanted.description = std::string(DefaultDescription(*result));
  }
  const auto state = ParseCommitState(shown_state.value_or(""));
  if (state.has_value()) {
    shown.state = *state;
    lease.shown = std::move(shown);
  }
  if (former_version != 0) {
    former_begin = std::min(former_begin, now);
    lease.ambiguous_since =
        std::max(former_begin, lease.ambiguous_since.value_or(former_begin));
  }
  lease.lease_epoch = epoch;
  lease.lease_number++;
  connection->Execute(kTake, lease.lease_epoch, lease.lease_number, now,
                      lease_end, lease.ambiguous_since, entry_id);
  return lease;
}

// Takes out one due entry, or a due probe, as `request` says: stores its lease,
// so that after a crash the server knows that something may have been sent.
// Nothing: no entry is due.
std::optional<Lease> TakeDue(SqliteConnection* connection,
                             SqliteWriterState* state,
                             const LeaseRequest& request, absl::Time now) {
  int64_t entry_id = 0;
  if (request.may_probe) entry_id = TakeProbe(connection, state, request, now);
  const bool is_probe = entry_id != 0;
  if (!is_probe) entry_id = FindDueInTurn(connection, state, request, now);
  if (entry_id == 0) return std::nullopt;
  Lease lease = MarkInFlight(connection, state->epoch, entry_id,
                             now + request.lease_time, now);
  lease.is_probe = is_probe;
  return lease;
}

bool Load(SqliteConnection* connection, int64_t entry_id, LeasedEntry* entry) {
  static const auto* const kSql =
      new std::string(absl::StrCat(kGetLeased, EntryIsSound(), kGetLeasedBy));
  SqliteQuery query(connection, kSql->c_str());
  query.Bind(entry_id);
  if (!query.Next()) return false;
  bool is_sound = false;
  query.Read(&entry->version, &entry->report_sequence, &entry->change_sequence,
             &entry->posting_state, &entry->posting_reason, &entry->try_count,
             &entry->refusal_count, &entry->post_time, &entry->first_due_time,
             &entry->lease_version, &entry->lease_epoch, &entry->lease_number,
             &entry->lease_begin_time, &entry->lease_due_time,
             &entry->ambiguous_time, &entry->posted_version,
             &entry->posted_status_id, &entry->shown_state,
             &entry->shown_description, &entry->shown_target_url,
             &entry->status_count, &entry->repository_key, &is_sound);
  if (!is_sound)
    connection->NoteDamage("the row of an entry in flight is damaged");
  return is_sound;
}

int64_t SequenceOf(SqliteConnection* connection, int64_t entry_id,
                   const LeasedEntry& entry, int64_t version) {
  if (version == entry.version) return entry.report_sequence;
  return connection->First<int64_t>(kFindSequence, entry_id, version)
      .value_or(0);
}

// Makes the entry due as if it had never been tried.
void MakeDueAgain(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t entry_id, const CanonicalName& canonical,
                  bool is_pending, absl::Time now) {
  connection->Execute(kRetry, ++state->sequence, PostingState::kDue, now,
                      state->limits.ambiguous_wait, entry_id);
  NoteChange(connection, entry_id);
  state->repositories.AddDue(connection, canonical, is_pending);
}

}  // namespace

std::vector<std::optional<Lease>> TakeAllDue(
    SqliteConnection* connection, SqliteWriterState* state,
    absl::Span<const LeaseRequest> wanted, absl::Time now) {
  std::vector<std::optional<Lease>> leases;
  for (const LeaseRequest& request : wanted) {
    if (!request.continues) {
      leases.push_back(TakeDue(connection, state, request, now));
      continue;
    }
    const bool is_over = leases.empty() || !leases.back().has_value();
    LeaseRequest next = request;
    if (!is_over && !leases.back()->is_probe) {
      next.after_repository = leases.back()->repository.Canonical();
    }
    leases.push_back(is_over ? std::nullopt
                             : TakeDue(connection, state, next, now));
  }
  return leases;
}

void TakeForStanding(SqliteConnection* connection, SqliteWriterState* state,
                     StandingDesk* standing) {
  for (const std::string& credential :
       state->repositories.TakeCredentialsWithResults()) {
    const std::optional<StandingDesk::Used> used =
        standing->Use(credential, Term{state->epoch});
    if (!used.has_value()) continue;
    state->accepted.Write(connection);
    std::optional<Lease> lease =
        TakeDue(connection, state, used->request, used->now.wall);
    if (!lease.has_value()) continue;
    state->due_news.changed_more = true;
    standing->Take(*used, *std::move(lease));
  }
}

bool IsNewest(SqliteConnection* connection, const Lease& lease) {
  return connection->Finds(kIsNewest, lease.entry_id, lease.version);
}

void Settle(SqliteConnection* connection, SqliteWriterState* state,
            const Settlement& settlement, absl::Time now) {
  LeasedEntry entry;
  if (!Load(connection, settlement.entry_id, &entry)) return;
  const int64_t change_sequence = entry.change_sequence;
  if (settlement.attempted.has_value()) {
    const Try& attempted = *settlement.attempted;
    connection->Execute(
        kInsertTry, settlement.entry_id,
        SequenceOf(connection, settlement.entry_id, entry, settlement.version),
        attempted.begin_time, attempted.end_time, attempted.http_status,
        CutUtf8(attempted.request_id, kMostText),
        CutUtf8(attempted.reason, kMostText),
        CutUtf8(attempted.message, kMostText));
  }
  if (settlement.creator.has_value()) {
    SetCreator(connection, *settlement.creator);
  }
  if (IsLost(entry, settlement)) return;
  if (EndTry(settlement, state->limits, state->sequence + 1, now, &entry)) {
    ++state->sequence;
  }
  connection->Execute(
      kSettle, entry.change_sequence, entry.posting_state, entry.posting_reason,
      entry.try_count, entry.refusal_count, entry.post_time, entry.due_time,
      entry.ambiguous_time, entry.posted_version, entry.posted_status_id,
      entry.shown_state, entry.shown_description, entry.shown_target_url,
      entry.status_count, now, settlement.entry_id, entry.lease_version,
      entry.lease_number);
  SettleParking(connection, state, entry.repository_key, settlement,
                entry.due_time, now);
  if (entry.change_sequence != change_sequence) {
    NoteChange(connection, settlement.entry_id);
    if (settlement.kind == Settlement::Kind::kParked) {
      connection->Execute(kSetProbeTime, entry.repository_key,
                          entry.change_sequence);
    }
  }
  // Both kinds: a result may have replaced the pending of this lease.
  if (!entry.due_time.has_value()) {
    state->repositories.ReviseDue(connection, entry.repository_key);
  }
  if (settlement.attempted.has_value() &&
      (settlement.refused || settlement.kind == Settlement::Kind::kParked ||
       settlement.kind == Settlement::Kind::kAbandoned)) {
    // The refusal may mean that another repository has the old name now.
    const CanonicalName reported_as =
        connection->First<CanonicalName>(kGetReportedAs, settlement.entry_id)
            .value_or(CanonicalName());
    if (!reported_as.empty()) {
      state->repositories.aliases().Doubt(connection, reported_as, now);
    }
  }
}

void Confess(SqliteConnection* connection, SqliteWriterState* state,
             int64_t entry_id, absl::Time now) {
  auto found =
      connection->First<std::tuple<PostingState, int64_t, bool, CanonicalName>>(
          kFindConfessed, entry_id);
  if (!found.has_value()) return;
  auto& [posting_state, change_sequence, is_pending, canonical] = *found;
  const bool was_posted = posting_state == PostingState::kPosted;
  if (was_posted) {
    posting_state = PostingState::kDue;
    change_sequence = ++state->sequence;
  }
  connection->Execute(kConfess, posting_state, change_sequence, now,
                      state->limits.ambiguous_wait, entry_id);
  if (was_posted) NoteChange(connection, entry_id);
  if (posting_state != PostingState::kAbandoned) {
    state->repositories.AddDue(connection, canonical, is_pending);
  }
}

absl::Status Retry(SqliteConnection* connection, SqliteWriterState* state,
                   const StatusKey& key, absl::Time now) {
  const absl::StatusOr<int64_t> entry_id = FindEntry(connection, key);
  if (!entry_id.ok()) return entry_id.status();
  const auto found = connection->First<
      std::tuple<PostingState, std::string, bool, CanonicalName, int64_t>>(
      kFindRetried, *entry_id);
  if (!found.has_value()) return absl::OkStatus();
  const auto& [posting_state, posting_reason, is_pending, canonical,
               repository_key] = *found;
  BringProbeForward(connection, state, repository_key, now);
  if (posting_state != PostingState::kAbandoned) return absl::OkStatus();
  if (posting_reason == kRowDamaged) {
    return Error(absl::StatusCode::kFailedPrecondition, kRowDamaged,
                 absl::StrCat("the report of context ", Quoted(key.context),
                              " was damaged on disk; report it again"));
  }
  MakeDueAgain(connection, state, *entry_id, canonical, is_pending, now);
  return absl::OkStatus();
}

bool HasMissing(SqliteConnection* connection, const SqliteWriterState& state,
                int64_t commit_key) {
  return connection->Finds(kIsMissing, commit_key, state.limits.missing_commit);
}

void ReviveMissing(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t commit_key, absl::Time now) {
  for (const auto& [entry_id, is_pending, canonical] :
       connection->All<std::tuple<int64_t, bool, CanonicalName>>(
           kListMissing, commit_key, state->limits.missing_commit)) {
    MakeDueAgain(connection, state, entry_id, canonical, is_pending, now);
  }
}

}  // namespace signalbox
