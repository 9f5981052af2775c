#ifndef SIGNALBOX_SERVER_RPC_WATCH_HUB_H_
#define SIGNALBOX_SERVER_RPC_WATCH_HUB_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/token_bucket.h"
#include "server/base/worker.h"
#include "server/outbox/change_cursor.h"
#include "server/outbox/status_view.h"
#include "server/outbox/statuses.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// A status change together with its message for clients. All watchers share
// one copy. A bookmark has a cursor and a message with a sequence, and nothing
// else. It says that the client has received all changes up to there.
struct WatchedChange {
  StatusChange change;
  // A small number that WatchHub gives the repository, for its caches. Nothing:
  // WatchHub knows too many repositories to number this one.
  std::optional<size_t> repository;
  v1::WatchStatusesResponse message;
};

// The receiver of changes: one call of WatchStatuses. WatchHub calls these
// functions, all on its own thread. They must not block.
class Watcher {
 public:
  virtual ~Watcher() = default;

  // Takes a bookmark. The hub has offered every wanted change up to it. The
  // first bookmark says that watching has begun. A watcher without room may
  // drop a bookmark.
  virtual void TakeBookmark(
      const std::shared_ptr<const WatchedChange>& bookmark) = 0;

  // Whether the hub should offer changes of this repository. The hub keeps the
  // answer, so it must always be the same.
  virtual bool WantsRepository(const Repository& repository) = 0;

  enum class Offered {
    kTaken,      // The watcher sends the change.
    kNotWanted,  // The watcher's filter does not select the change.
    // The watcher cannot hold another change. It must call WatchHub::Wake when
    // it can. The hub then offers the same change again.
    kNoRoom,
  };
  // Offers the next change, in their order.
  virtual Offered Offer(const std::shared_ptr<const WatchedChange>& change) = 0;

  // Ends the watching. The hub calls nothing after it. `status`:
  //   OUT_OF_RANGE                the changes are not kept; see
  //                               Statuses::ChangesAfter.
  //   UNAVAILABLE, TOO_SLOW       the watcher's next change is no longer in
  //                               memory.
  //   UNAVAILABLE, SHUTTING_DOWN  the hub was closed.
  // Other errors come from the outbox.
  virtual void End(absl::Status status) = 0;
};

// WatchHub distributes status changes to all calls of WatchStatuses. It exists
// so that a thousand watchers cost the outbox no more reads than one.
//
// After a commit with changes, WatchHub's own thread reads them from the outbox
// once. It keeps the newest changes in memory, up to `max_held` and
// `max_held_bytes`, and offers them to every watcher. If a watcher's next
// change is no longer in memory, WatchHub ends the watcher.
//
// A watcher that begins at an older cursor first catches up: WatchHub reads
// older changes from the outbox for this watcher alone, as fast as it takes
// them. They must not come from memory: changes in memory can have old names of
// repositories, to which the caller's old rights would apply.
//
// Watchers must not slow down reports. So all watchers together get a limited
// number of changes a second, in turns. After each round the thread rests four
// times as long as it worked. Without watchers, WatchHub reads nothing.
//
// Thread-safe.
class WatchHub {
 public:
  struct Options {
    size_t max_held = 8192;
    size_t max_held_bytes = 8 << 20;
    // How many changes WatchHub reads from the outbox at once.
    int batch = 256;
    // The limit for all watchers together. 0: 10,000 for each processor.
    // Sending one change takes about 10 us in the server and as much in the
    // client. So the default is a fifth of the machine if the clients run on
    // it, too.
    double max_changes_per_second = 0;
    // The longest time between two bookmarks of a watcher.
    absl::Duration longest_without_bookmark = absl::Seconds(50);
  };

  // All pointers are borrowed.
  WatchHub(Options options, Statuses* outbox, Clock* clock);
  // Before it, remove all watchers or call Close.
  ~WatchHub() { worker_.Stop(); }

  // Begins to offer `watcher` the changes after `after`. Nothing: the changes
  // from now on. It ends with Remove, or when the hub calls the watcher's End.
  void Add(std::shared_ptr<Watcher> watcher, std::optional<ChangeCursor> after);
  // Asks the hub's thread to forget `watcher`. The thread may still call
  // `watcher` after this returns, and keeps it alive until then.
  void Remove(const Watcher* watcher);

  // Call it after a commit with changes. Cheap without watchers; never blocks.
  void NoteChange();
  // A watcher calls it when it has room again after Offered::kNoRoom.
  void Wake() { worker_.Wake(); }

  // Ends all watchers with UNAVAILABLE, reason SHUTTING_DOWN. Watchers that are
  // added later end so at once.
  void Close();

 private:
  // What the hub knows of one watcher.
  struct Watching {
    std::shared_ptr<Watcher> watcher;
    // As `after` of Add.
    std::optional<ChangeCursor> begins_after;
    // The hub has offered all wanted changes up to here.
    ChangeCursor cursor;
    bool begun = false;        // `cursor` is set.
    SteadyTime bookmark_time;  // Of the last bookmark.
    // True: the watcher gets changes from memory. False: from the outbox.
    bool caught_up = false;
    // The answers of WantsRepository, by the repository's number. Kept because
    // matching patterns is slow and there may be a thousand watchers.
    enum class Wants : char { kUnknown, kYes, kNo };
    std::vector<Wants> wants;
  };
  // One call of Add or Remove, which the hub's thread has not seen yet.
  struct Move {
    const Watcher* watcher = nullptr;
    std::optional<Watching> arrives;  // Nothing: the watcher is removed.
  };
  using SharedChange = std::shared_ptr<const WatchedChange>;

  // One round: reads the new changes once and offers them to all watchers.
  // Returns when the worker calls it again.
  absl::Time RunOnce();
  // Offers the changes to the watchers in turns, within the limits. Remembers
  // at which watcher the next round begins.
  void ServeAll();
  // Adds the message for clients and the repository's number.
  SharedChange Ready(StatusChange change);
  // Carries out the waiting calls of Add, Remove and Close. False: no watcher
  // is left.
  bool TakeMoves();
  // Reads the changes that the hub has not read yet into memory.
  absl::Status ReadNew();
  // Keeps changes in memory, and drops the oldest beyond the limits.
  void Hold(std::vector<StatusChange> changes);
  // Whether this round has no earlier change of the same repository. True if
  // the repository has no number.
  bool IsFirstInRound(const WatchedChange& change);
  // Whether the watcher has got everything before this round and wants no
  // repository that changed in it. So for most watchers, most of the time.
  bool WantsNothingFresh(Watching* watching);
  // Begin sets the cursor and sends the first bookmark. Serve offers what comes
  // after the cursor, by CatchUp if the watcher has not caught up. An error
  // ends the watcher.
  absl::Status Begin(Watching* watching);
  absl::Status Serve(Watching* watching);
  absl::Status CatchUp(Watching* watching);
  void SendBookmark(Watching* watching, SteadyTime now);
  static bool WantsRepository(Watching* watching, const WatchedChange& change);
  // Offers one change, and moves the cursor behind it. False: the watcher has
  // no room, or the limit is reached, and the cursor stays.
  bool Offer(Watching* watching, const SharedChange& change);

  const Options options_;
  Statuses* const outbox_;
  Clock* const clock_;

  // Only the hub's thread uses these. `held_` is the memory: all changes after
  // `held_after_`, up to `newest_`.
  std::map<const Watcher*, Watching> watching_;
  std::deque<SharedChange> held_;
  size_t held_bytes_ = 0;
  ChangeCursor held_after_;
  std::optional<ChangeCursor> newest_;  // Nothing: not known.
  // This round's changes come after `fresh_after_`. `fresh_` has the first
  // change of each repository.
  std::vector<SharedChange> fresh_;
  ChangeCursor fresh_after_;
  int64_t round_ = 0;
  // The last round with a change of a repository, by the repository's number.
  std::vector<int64_t> seen_in_round_;
  bool more_ = false;              // There is more to do at once.
  SharedChange bookmark_;          // The last one sent.
  SteadyTime next_bookmark_time_;  // When the first watcher's bookmark is due.
  SteadyTime rests_until_;
  TokenBucket send_budget_;  // One token for each change that a watcher takes.
  double tokens_of_turn_ = 0;  // The most for one watcher in a round.
  // The first watcher of the next round.
  const Watcher* next_served_ = nullptr;
  std::unordered_map<std::string, size_t> repositories_;  // Their numbers.

  std::atomic<bool> watched_ = false;  // There may be watchers.

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  // Kept in order, because a new watcher can have the address of a removed one.
  std::vector<Move> moves_ ABSL_GUARDED_BY(mu_);

  Worker worker_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_HUB_H_
