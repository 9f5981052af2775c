#include "server/outbox/sqlite_chores.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_lookups.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_rename.h"
#include "server/outbox/status_view.h"
#include "server/outbox/submission.h"

namespace signalbox {
namespace {

// About how many rows one transaction changes.
constexpr int kRowsPerBatch = 200;
// How many repositories one transaction looks at.
constexpr int kRepositoriesPerBatch = 500;

constexpr char kInsert[] =
    "INSERT INTO chore (kind, repository_key, target_key, name, done_to) "
    "VALUES (?, ?, ?, ?, '')";
constexpr char kFindSame[] =
    "SELECT 1 FROM chore WHERE kind = ? AND repository_key = ? "
    "AND target_key = ? AND name = ? AND done_to = '' LIMIT 1";
constexpr char kList[] =
    "SELECT chore_id, kind, repository_key, target_key, name, done_to "
    "FROM chore ORDER BY chore_id LIMIT ?";
constexpr char kSetDoneTo[] = "UPDATE chore SET done_to = ? WHERE chore_id = ?";
constexpr char kDelete[] = "DELETE FROM chore WHERE chore_id = ?";
constexpr char kRetarget[] =
    "UPDATE chore SET target_key = ?2 WHERE target_key = ?1";

constexpr char kListPullRequests[] =
    "SELECT number FROM pull_request WHERE repository_key = ? LIMIT ?";
constexpr char kMovePullRequest[] =
    "INSERT INTO pull_request (repository_key, number, updated_time_us, "
    "head_sha) SELECT ?2, number, updated_time_us, head_sha FROM pull_request "
    "WHERE repository_key = ?1 AND number = ?3 "
    "ON CONFLICT (repository_key, number) "
    "DO UPDATE SET updated_time_us = excluded.updated_time_us, "
    "head_sha = excluded.head_sha "
    "WHERE excluded.updated_time_us > updated_time_us";
constexpr char kDeletePullRequest[] =
    "DELETE FROM pull_request WHERE repository_key = ? AND number = ?";
constexpr char kListCommitsToMove[] =
    "SELECT commit_key FROM commit_summary WHERE repository_key = ? LIMIT ?";
constexpr char kMoveAliases[] =
    "UPDATE repository_alias SET repository_key = ?2 WHERE repository_key = ?1";
constexpr char kMoveReruns[] =
    "UPDATE rerun SET repository_key = ?2 WHERE repository_key = ?1";
constexpr char kDeleteRepository[] =
    "DELETE FROM repository WHERE repository_key = ?";

constexpr char kListReportedAs[] =
    "SELECT entry_id, commit_key, context_key, posted_version >= version "
    "FROM entry INDEXED BY entry_reported_as "
    "WHERE repository_key = ? AND reported_as = ? AND reported_as <> '' "
    "AND entry_id > ? ORDER BY entry_id LIMIT ?";
constexpr char kListOfCommit[] =
    "SELECT entry_id, context_key FROM entry WHERE commit_key = ? "
    "AND reported_as = ? AND posted_version < version ORDER BY entry_id";

constexpr char kListDue[] =
    "SELECT entry_id FROM entry INDEXED BY entry_due "
    "WHERE repository_key = ? AND is_pending IN (0, 1) "
    "AND due_time_us IS NOT NULL AND lease_version = 0 LIMIT ?";

// The entries of a repository that were abandoned, by reason. 4 is
// PostingState::kAbandoned: SQLite uses a partial index only if the statement
// repeats its condition.
constexpr char kNextReason[] =
    "SELECT posting_reason FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key = ? AND posting_state = 4 AND posting_reason > ? "
    "ORDER BY posting_reason LIMIT 1";
constexpr char kListAbandoned[] =
    "SELECT entry_id FROM entry INDEXED BY entry_abandoned "
    "WHERE repository_key = ? AND posting_state = 4 AND posting_reason = ? "
    "AND lease_version = 0 LIMIT ?";
static_assert(static_cast<int>(PostingState::kAbandoned) == 4);
constexpr char kRevive[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, due_time_us = "
    "MAX(first_due_time_us, IFNULL(ambiguous_time_us + ?, 0)) "
    "WHERE entry_id = ?";
constexpr char kListOfAccount[] =
    "SELECT repository_key, canonical FROM repository "
    "WHERE host = ? AND canonical > ? AND canonical >= ? AND canonical < ? "
    "ORDER BY canonical LIMIT ?";

// One batch of a chore.
class Batch {
 public:
  Batch(SqliteConnection* connection, SqliteWriterState* state, absl::Time now)
      : connection_(connection), state_(state), now_(now) {}

  // True: the chore is done.
  bool Do(Chore* chore) {
    switch (chore->kind) {
      case ChoreKind::kMerge:
      case ChoreKind::kMergeIntoOld:
        return Merge(*chore);
      case ChoreKind::kMoveBack:
        return MoveBack(chore);
      case ChoreKind::kRevive:
        return Revive(chore->repository_key);
      case ChoreKind::kReviveAccount:
        return ReviveAccount(chore);
      case ChoreKind::kAbandon:
        return Abandon(chore->repository_key);
    }
    return true;
  }

 private:
  bool IsFull() const { return rows_ >= kRowsPerBatch; }
  int Left() const { return std::max(kRowsPerBatch - rows_, 1); }

  bool Merge(const Chore& chore) {
    for (const int64_t number : connection_->All<int64_t>(
             kListPullRequests, chore.repository_key, Left())) {
      connection_->Execute(kMovePullRequest, chore.repository_key,
                           chore.target_key, number);
      connection_->Execute(kDeletePullRequest, chore.repository_key, number);
      ++rows_;
    }
    rows_ +=
        MoveHeads(connection_, chore.repository_key, chore.target_key, Left());
    while (!IsFull()) {
      const std::vector<int64_t> commits = connection_->All<int64_t>(
          kListCommitsToMove, chore.repository_key, Left());
      if (commits.empty()) break;
      for (const int64_t commit : commits) {
        if (IsFull()) break;
        rows_ +=
            MoveCommit(connection_, state_, commit, chore.target_key,
                       chore.kind == ChoreKind::kMergeIntoOld, now_, Left());
      }
      if (!connection_->status().ok()) return true;
    }
    state_->repositories.ReviseDue(connection_, chore.target_key);
    if (IsFull()) return false;
    connection_->Execute(kDeleteRepository, chore.repository_key);
    state_->repositories.Forget();
    // The server may have abandoned the moved entries under the old name.
    BeginRevive(connection_, state_, chore.target_key, now_);
    return true;
  }

  bool MoveBack(Chore* chore) {
    int64_t behind = 0;
    (void)absl::SimpleAtoi(chore->done_to, &behind);
    const auto entries =
        connection_->All<std::tuple<int64_t, int64_t, std::string, bool>>(
            kListReportedAs, chore->repository_key, chore->name, behind,
            kRowsPerBatch);
    for (const auto& [entry_id, commit_key, context_key, was_taken] : entries) {
      behind = entry_id;
      if (was_taken) continue;
      MoveFresh(connection_, state_, entry_id, commit_key, context_key,
                chore->target_key, now_);
    }
    chore->done_to = absl::StrCat(behind);
    state_->repositories.ReviseDue(connection_, chore->target_key);
    state_->repositories.ReviseDue(connection_, chore->repository_key);
    return entries.size() < static_cast<size_t>(kRowsPerBatch);
  }

  // The abandoned entries that the event may help, in their order; at most
  // Left().
  std::vector<int64_t> ListRevived(int64_t repository_key) {
    std::vector<int64_t> entries;
    std::string reason = NextReason(repository_key, "");
    for (; !reason.empty(); reason = NextReason(repository_key, reason)) {
      if (reason != kNoCredential && !state_->limits.IsMendable(reason)) {
        continue;
      }
      SqliteQuery query(connection_, kListAbandoned);
      query.Bind(repository_key, reason,
                 Left() - static_cast<int>(entries.size()));
      while (query.Next()) query.Read(&entries.emplace_back());
    }
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  // The first reason of abandoned entries that sorts behind `reason`; empty:
  // none does.
  std::string NextReason(int64_t repository_key, const std::string& reason) {
    const std::string next =
        connection_->First<std::string>(kNextReason, repository_key, reason)
            .value_or("");
    // In a damaged index it may sort before. The loop must end.
    return next > reason ? next : "";
  }

  bool Revive(int64_t repository_key) {
    const std::vector<int64_t> entries = ListRevived(repository_key);
    for (const int64_t entry_id : entries) {
      connection_->Execute(kRevive, ++state_->sequence, PostingState::kDue,
                           state_->limits.ambiguous_wait, entry_id);
      NoteChange(connection_, entry_id);
    }
    rows_ += static_cast<int>(entries.size());
    if (!entries.empty()) {
      state_->repositories.ReviseDue(connection_, repository_key);
    }
    // The same event may end the refusals of a parked repository.
    RecheckParking(connection_, state_, repository_key, now_);
    return !IsFull();
  }

  // `chore->name` is "HOST/ACCOUNT" in lower case.
  bool ReviveAccount(Chore* chore) {
    // "0" follows "/" in ASCII, so the range has all names of the account.
    const auto repositories =
        connection_->All<std::tuple<int64_t, std::string>>(
            kListOfAccount, chore->name.substr(0, chore->name.find('/')),
            chore->done_to, absl::StrCat(chore->name, "/"),
            absl::StrCat(chore->name, "0"), kRepositoriesPerBatch);
    for (const auto& [key, canonical] : repositories) {
      if (!Revive(key)) return false;
      chore->done_to = canonical;
    }
    return repositories.size() < static_cast<size_t>(kRepositoriesPerBatch);
  }

  bool Abandon(int64_t repository_key) {
    const std::vector<int64_t> entries =
        connection_->All<int64_t>(kListDue, repository_key, Left());
    AbandonEntries(connection_, state_, repository_key, entries,
                   "REPOSITORY_GONE", now_);
    rows_ += static_cast<int>(entries.size());
    return !IsFull();
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  const absl::Time now_;
  int rows_ = 0;
};

std::vector<Chore> List(SqliteConnection* connection, int limit) {
  std::vector<Chore> chores;
  SqliteQuery query(connection, kList);
  query.Bind(limit);
  while (query.Next()) {
    Chore& chore = chores.emplace_back();
    query.Read(&chore.id, &chore.kind, &chore.repository_key, &chore.target_key,
               &chore.name, &chore.done_to);
  }
  return chores;
}

void DoBatch(SqliteConnection* connection, SqliteWriterState* state,
             Chore chore, absl::Time now) {
  const std::string done_to = chore.done_to;
  const bool done = Batch(connection, state, now).Do(&chore);
  if (done) {
    connection->Execute(kDelete, chore.id);
    state->chores.reset();
  } else if (chore.done_to != done_to) {
    connection->Execute(kSetDoneTo, chore.done_to, chore.id);
  }
}

void Begin(SqliteConnection* connection, SqliteWriterState* state,
           ChoreKind kind, int64_t repository_key, int64_t target_key,
           const std::string& name, absl::Time now) {
  // The same chore is stored already, and will handle all rows.
  if (connection->Finds(kFindSame, kind, repository_key, target_key, name)) {
    return;
  }
  connection->Execute(kInsert, kind, repository_key, target_key, name);
  Chore chore;
  chore.id = connection->LastInsertId();
  chore.kind = kind;
  chore.repository_key = repository_key;
  chore.target_key = target_key;
  chore.name = name;
  state->chores.reset();
  DoBatch(connection, state, std::move(chore), now);
}

// The chores that move something to this repository.
std::vector<Chore> MovesTo(SqliteConnection* connection,
                           SqliteWriterState* state, int64_t repository_key) {
  if (!state->chores.has_value()) {
    // There are few, since a chore is done within seconds.
    state->chores = List(connection, -1);
  }
  std::vector<Chore> moves;
  for (const Chore& chore : *state->chores) {
    if (chore.target_key == repository_key) moves.push_back(chore);
  }
  return moves;
}

}  // namespace

void BeginMerge(SqliteConnection* connection, SqliteWriterState* state,
                int64_t from, int64_t to, bool target_had_old_name,
                absl::Time now) {
  connection->Execute(kMoveAliases, from, to);
  connection->Execute(kMoveReruns, from, to);
  connection->Execute(kRetarget, from, to);
  state->repositories.Forget();
  Begin(connection, state,
        target_had_old_name ? ChoreKind::kMergeIntoOld : ChoreKind::kMerge,
        from, to, /*name=*/"", now);
}

void BeginMoveBack(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t from, int64_t to, const CanonicalName& old_name,
                   absl::Time now) {
  Begin(connection, state, ChoreKind::kMoveBack, from, to, old_name.text(),
        now);
}

void BeginRevive(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::Time now) {
  Begin(connection, state, ChoreKind::kRevive, repository_key,
        /*target_key=*/0, /*name=*/"", now);
}

void BeginReviveAccount(SqliteConnection* connection, SqliteWriterState* state,
                        const std::string& host, absl::string_view account,
                        absl::Time now) {
  Begin(connection, state, ChoreKind::kReviveAccount, /*repository_key=*/0,
        /*target_key=*/0,
        absl::AsciiStrToLower(absl::StrCat(host, "/", account)), now);
}

void BeginAbandon(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t repository_key, absl::Time now) {
  Begin(connection, state, ChoreKind::kAbandon, repository_key,
        /*target_key=*/0, /*name=*/"", now);
}

bool IsToBeMoved(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, const Sha& sha) {
  for (const Chore& chore : MovesTo(connection, state, repository_key)) {
    if (FindCommitKey(connection, chore.repository_key, sha.bytes()) != 0) {
      return true;
    }
  }
  return false;
}

void MoveFirst(SqliteConnection* connection, SqliteWriterState* state,
               int64_t repository_key, const Sha& sha,
               absl::Span<const std::string> contexts, absl::Time now) {
  for (const Chore& chore : MovesTo(connection, state, repository_key)) {
    const int64_t commit =
        FindCommitKey(connection, chore.repository_key, sha.bytes());
    if (commit == 0) continue;
    if (chore.kind != ChoreKind::kMoveBack) {
      const bool had_old_name = chore.kind == ChoreKind::kMergeIntoOld;
      if (contexts.empty()) {
        MoveCommit(connection, state, commit, repository_key, had_old_name, now,
                   kMostReportedContexts);
      } else {
        MoveContexts(connection, state, commit, contexts, repository_key,
                     had_old_name, now);
      }
      continue;
    }
    for (const auto& [entry_id, context_key] :
         connection->All<std::tuple<int64_t, std::string>>(
             kListOfCommit, commit, chore.name)) {
      MoveFresh(connection, state, entry_id, commit, context_key,
                repository_key, now);
    }
  }
}

bool HasChores(SqliteConnection* connection) {
  return !List(connection, 1).empty();
}

bool DoChores(SqliteConnection* connection, SqliteWriterState* state,
              absl::Time now) {
  std::vector<Chore> chores = List(connection, 1);
  if (chores.empty()) return false;
  DoBatch(connection, state, std::move(chores.front()), now);
  return true;
}

}  // namespace signalbox
