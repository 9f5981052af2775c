#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/outbox/naming.h"
#include "server/outbox/sqlite_repositories.h"
#include "server/report/posting_limits.h"
#include "server/report/status_key.h"

namespace signalbox {

// Kinds of work that is done in batches; see sqlite_chores.h. The numbers are
// stored and never change.
enum class ChoreKind {
  kMerge = 1,         // Move commits to another row of the same repository.
  kMergeIntoOld = 2,  // The same; the other row had the old name.
  // Move entries that were reported by an old name to the repository that has
  // the name now.
  kMoveBack = 3,
  kRevive = 4,         // Make abandoned entries of a repository due,
  kReviveAccount = 5,  // or those of all repositories of an account.
  kAbandon = 6,        // Abandon the due entries of a repository that is gone.
};
constexpr ChoreKind LastOf(ChoreKind) { return ChoreKind::kAbandon; }

// A row of `chore`.
struct Chore {
  int64_t id = 0;
  ChoreKind kind = ChoreKind::kMerge;
  int64_t repository_key = 0;
  int64_t target_key = 0;
  std::string name;
  std::string done_to;
};

// What the writer keeps in memory between transactions.
struct SqliteWriterState {
  SqliteWriterState(const PostingLimits& limits,
                    std::function<std::string(const Repository&)> credential_of)
      : limits(limits), repositories(std::move(credential_of)) {}

  PostingLimits limits;
  SqliteRepositories repositories;
  MayReport may_report;
  // All chores; nothing: not read yet.
  std::optional<std::vector<Chore>> moves;
  // The last sequence given; one count for the whole server, in commit order.
  int64_t sequence = 0;
  // Of the newest term; see terms.h.
  int64_t epoch = 0;

  // The latest time that a caller passed; UnixEpoch: none yet.
  absl::Time now;

  // No delivery that was accepted before this time is stored.
  absl::Time next_oldest_delivery = absl::InfinitePast();

  // When each hook was last noted, by host and number. The map is bounded, so
  // that forged hooks do not fill the memory.
  RecentMap<std::pair<std::string, int64_t>, absl::Time> hooks{10'000};

  // Where the next batch of the retention begins: after these rows.
  struct {
    std::pair<int64_t, int64_t> commit = {-1, 0};  // Sequence, key.
    std::pair<int64_t, int64_t> pull_request = {0, 0};
  } retention;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_STATE_H_
