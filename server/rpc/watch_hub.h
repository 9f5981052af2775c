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
#include "server/outbox/status_view.h"
#include "server/outbox/statuses.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// A change, ready to be sent, which all watchers share. A bookmark has a
// sequence and nothing else.
struct WatchedChange {
  StatusChange change;
  // The hub's number for the repository, as `change` names it. Nothing: the hub
  // has no more numbers.
  std::optional<size_t> repository;
  v1::WatchStatusesResponse message;
};

// The receiver of changes: one call of WatchStatuses. The hub's thread makes
// all calls, and they must not block.
class Watcher {
 public:
  virtual ~Watcher() = default;

  // The hub has offered every change up to this bookmark that the watcher
  // wants. The first call says that watching has begun. A bookmark needs no
  // room.
  virtual void Mark(const std::shared_ptr<const WatchedChange>& bookmark) = 0;

  // Whether the hub should offer changes of this repository. The answer must
  // never change.
  virtual bool WantsRepository(const Repository& repository) = 0;

  enum class Offered {
    kTold,
    kNotWanted,
    // The hub offers it again after the watcher has called WatchHub::Wake.
    kNoRoom,
  };
  // Offers the next change.
  virtual Offered Offer(const std::shared_ptr<const WatchedChange>& change) = 0;

  // The last call. OUT_OF_RANGE as in Statuses::ChangesAfter. UNAVAILABLE,
  // reason TOO_SLOW: the watcher's next change is no longer in memory; reason
  // SHUTTING_DOWN: the hub was closed.
  virtual void End(absl::Status status) = 0;
};

// WatchHub reads the changes of the outbox once for all watchers, on a thread
// of its own, after commits with changes. It keeps the newest changes in
// memory, up to `max_held` and `max_held_bytes`. A watcher that falls further
// behind is ended.
//
// A watcher that resumes from an older sequence gets its changes from the
// outbox until it has caught up, as fast as it takes them. Changes in memory
// would have old names of repositories, and so old rights.
//
// Without watchers, WatchHub reads nothing. With many, they wait, so that
// reports do not: all watchers together get a limited number of changes a
// second, in turns, and the thread rests four times as long as it works.
//
// Thread-safe.
class WatchHub {
 public:
  struct Options {
    size_t max_held = 8192;
    size_t max_held_bytes = 8 << 20;
    // How many changes are read from the outbox at once.
    int batch = 256;
    // The limit of all watchers together. 0: 10,000 for each processor. Sending
    // one change takes about 10 us each in the server and in the client, so
    // this is a fifth of the machine if the clients run on it, too.
    double told_per_second = 0;
    // The longest time between two bookmarks of a watcher.
    absl::Duration longest_without_bookmark = absl::Seconds(50);
  };

  // All pointers are borrowed.
  WatchHub(Options options, Statuses* outbox, Clock* clock);
  // All watchers must have been removed, or Close called.
  ~WatchHub() { worker_.Stop(); }

  // Offers the watcher the changes after `after_sequence` (nothing: from now
  // on) until Remove, or until the watcher's End.
  void Add(std::shared_ptr<Watcher> watcher,
           std::optional<int64_t> after_sequence);
  // The hub keeps `watcher`, and may call it, until its thread has seen this.
  void Remove(const Watcher* watcher);

  // The outbox has changed. Cheap without watchers; never blocks.
  void NoteChange();
  // A watcher that refused a change has room again.
  void Wake() { worker_.Wake(); }

  // Ends all watchers with UNAVAILABLE, reason SHUTTING_DOWN, also those that
  // are added later.
  void Close();

 private:
  struct Watching {
    std::shared_ptr<Watcher> watcher;
    // The sequence to begin after. Nothing: begins with the changes from now
    // on.
    std::optional<int64_t> begins_after;
    int64_t cursor = 0;
    bool begun = false;
    absl::Duration mark_time;  // Of the last bookmark.
    bool caught_up = false;    // Served from memory.
    // By the numbers of the repositories. A cache, because matching patterns is
    // slow and there may be a thousand watchers.
    enum class Wants : char { kUnknown, kYes, kNo };
    std::vector<Wants> wants;
  };
  // A watcher that was added or removed.
  struct Move {
    const Watcher* watcher = nullptr;
    std::optional<Watching> arrives;
  };
  using SharedChange = std::shared_ptr<const WatchedChange>;

  absl::Time RunOnce();
  // Offers all watchers the new changes, within the limit.
  void ServeAll();
  SharedChange Ready(StatusChange change);
  // False: there are no watchers.
  bool TakeMoves();
  absl::Status ReadNew();
  void Hold(std::vector<StatusChange> changes);
  // Whether this is the first change in this round of its repository, or of one
  // without a number.
  bool IsFirstInRound(const WatchedChange& change);
  // Whether the watcher has had all earlier changes and wants no repository of
  // this round's changes. True for most watchers, most of the time.
  bool WantsNothingFresh(Watching* watching);
  // Both return the error that ends the watcher, or OK.
  absl::Status Begin(Watching* watching);
  absl::Status Serve(Watching* watching);
  void Mark(Watching* watching, absl::Duration now);
  static bool WantsRepository(Watching* watching, const WatchedChange& change);
  // False: the watcher has no room now.
  bool Offer(Watching* watching, const SharedChange& change);
  absl::Status CatchUp(Watching* watching);

  const Options options_;
  Statuses* const outbox_;
  Clock* const clock_;

  // Only the hub's thread uses these. `held_` has the changes after
  // `held_after_`, up to `newest_`.
  std::map<const Watcher*, Watching> watching_;
  std::deque<SharedChange> held_;
  size_t held_bytes_ = 0;
  int64_t held_after_ = 0;
  int64_t newest_ = -1;  // -1: not known.
  // The changes of this round come after `fresh_after_`. `fresh_` has the first
  // one of each repository.
  std::vector<SharedChange> fresh_;
  int64_t fresh_after_ = 0;
  int64_t round_ = 0;
  std::vector<int64_t> seen_in_round_;  // By the numbers of the repositories.
  bool more_ = false;                   // There is more to do at once.
  SharedChange bookmark_;               // The last one sent.
  absl::Duration next_mark_time_;  // When the first watcher's bookmark is due.
  absl::Duration rests_until_;     // On the steady clock.
  TokenBucket may_tell_;
  double tokens_of_turn_ = 0;  // Of one watcher, in a round.
  // The first watcher of the next round.
  const Watcher* next_served_ = nullptr;
  std::unordered_map<std::string, size_t> repositories_;

  std::atomic<bool> watched_ = false;

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  // In order, because a new watcher can have the address of a removed one.
  std::vector<Move> moves_ ABSL_GUARDED_BY(mu_);

  Worker worker_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_HUB_H_
