#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/outbox/due_board.h"
#include "server/outbox/history.h"
#include "server/outbox/naming.h"
#include "server/outbox/sqlite_accepted_rows.h"
#include "server/outbox/sqlite_repositories.h"
#include "server/report/posting_limits.h"
#include "server/report/status_key.h"

namespace signalbox {

// Kinds of chores; see sqlite_chores.h. The numbers are stored in the database,
// so they never change.
enum class ChoreKind {
  // Move the commits of one row of `repository` to another row of the same
  // repository. With kMergeIntoOld the other row had the old name (see
  // MoveCommit).
  kMerge = 1,
  kMergeIntoOld = 2,
  // Move entries that were reported by an old name to the repository that has
  // this name now.
  kMoveBack = 3,
  kRevive = 4,         // Revive abandoned entries of a repository.
  kReviveAccount = 5,  // Revive those of all repositories of an account.
  kAbandon = 6,        // Abandon the due entries of a repository that is gone.
};
constexpr ChoreKind LastOf(ChoreKind) { return ChoreKind::kAbandon; }

// A row of the table `chore`.
struct Chore {
  int64_t id = 0;
  ChoreKind kind = ChoreKind::kMerge;
  int64_t repository_key = 0;  // 0: the chore is about an account.
  // The repository to which commits or entries move; 0: nothing moves.
  int64_t target_key = 0;
  // kMoveBack: the old name. kReviveAccount: HOST/ACCOUNT. In lower case.
  std::string name;
  // The last row that is done, in the chore's own order. Empty: none yet, or
  // the kind does not need it.
  std::string done_to;
};

// What the writer keeps in memory between transactions, so that most reports
// need few reads. After a rollback, SqliteWriter loads it again. Only the
// thread that runs a transaction of the writer may use it.
struct SqliteWriterState {
  // `credential_of`: see SqliteRepositories.
  SqliteWriterState(const PostingLimits& limits,
                    std::function<std::string(const Repository&)> credential_of)
      : limits(limits),
        accepted(limits.ambiguous_wait),
        repositories(std::move(credential_of)) {}

  PostingLimits limits;
  // What reports have changed, and the tables do not have yet.
  AcceptedRows accepted;
  SqliteRepositories repositories;
  // Whether a caller may report for a repository; empty function: it may.
  MayReport may_report;
  // All chores; nothing: not read yet.
  std::optional<std::vector<Chore>> chores;
  // The last sequence given. A status change gets the next one.
  int64_t sequence = 0;
  int64_t stored_sequence = 0;  // The one in the table.
  // Of the newest term; see terms.h.
  int64_t epoch = 0;

  // The latest time that a caller of the outbox passed; absl::UnixEpoch(): none
  // yet. A repair has no time of its own and uses this one.
  absl::Time now;

  // What the transaction under way changes in the answers of FindDueWork.
  DueNews due_news;

  // What the transaction under way has abandoned; see AbandonEntries.
  std::vector<AbandonedStatus> abandoned;

  // ForgetDeliveries looks for old deliveries again once its `oldest_delivery`
  // has reached this time.
  absl::Time next_oldest_delivery = absl::InfinitePast();

  // When each hook was last stored as seen, by its host and GitHub's number. A
  // hook is stored only every few hours. Bounded, so that forged hooks do not
  // fill the memory.
  RecentMap<std::pair<std::string, int64_t>, absl::Time> hooks{10'000};

  // Where the next batch of ForgetBefore (sqlite_retention.h) begins: after
  // these rows.
  struct {
    // newest_sequence and commit_key; (-1, 0): at the first row.
    std::pair<int64_t, int64_t> commit = {-1, 0};
    // repository_key and number.
    std::pair<int64_t, int64_t> pull_request = {0, 0};
    // repository_key and name.
    std::pair<int64_t, std::string> ref_head;
  } retention;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
