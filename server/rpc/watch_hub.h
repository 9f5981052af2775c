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
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/base/token_bucket.h"
#include "server/base/worker.h"
#include "server/outbox/outbox.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// A change, ready to be sent. All watchers share it. A bookmark has a sequence
// and nothing else.
struct WatchedChange {
  StatusChange change;
  // The number of the repository, as `change` names it. Nothing: there are too
  // many.
  std::optional<size_t> repository;
  v1::WatchStatusesResponse message;
};

// Somebody who watches. All calls come from the hub's thread and must not
// block.
class Watcher {
 public:
  virtual ~Watcher() = default;

  // Everything up to this bookmark that the watcher wants has been offered. The
  // first call says that watching has begun. It needs no room.
  virtual void Mark(const std::shared_ptr<const WatchedChange>& bookmark) = 0;

  // Whether changes of this repository are to be offered. Always the same.
  virtual bool WantsRepository(const Repository& repository) = 0;

  enum class Offered {
    kTold,
    kNotWanted,
    // It is offered again once the watcher has called WatchHub::Wake.
    kNoRoom,
  };
  // The next change.
  virtual Offered Offer(const std::shared_ptr<const WatchedChange>& change) = 0;

  // The last call. OUT_OF_RANGE as Outbox::ChangesAfter; UNAVAILABLE, reason
  // TOO_SLOW: what it must be offered next is not held in memory any more.
  virtual void End(absl::Status status) = 0;
};

// WatchHub reads the changes of the store once for all watchers, on a thread of
// its own, after commits that made some. The newest stay in memory, up to
// `max_held` of them and `max_held_bytes`, which is how far a watcher may fall
// behind. One that begins in the past is served from the store until it has
// caught up, as fast as it takes what it is offered: what is in memory has the
// names, and so the rights, of when it was new.
//
// Without watchers nothing is read. With many, they wait so that acceptance
// does not: all together are told so many changes a second, in turns, and the
// thread rests four times as long as it works.
//
// Thread-safe.
class WatchHub {
 public:
  struct Options {
    size_t max_held = 8192;
    size_t max_held_bytes = 8 << 20;
    // What is read from the store at once.
    int batch = 256;
    // Of all watchers together. 0: 10,000 for each processor, where telling one
    // costs some 10 us on either side: a fifth of the machine, if the clients
    // are on it, too.
    double told_per_second = 0;
    // A watcher gets a bookmark after at most this time.
    absl::Duration longest_without_bookmark = absl::Seconds(50);
  };

  // All are borrowed.
  WatchHub(Options options, Outbox* outbox, Clock* clock);
  // Without watchers, or after Close.
  ~WatchHub();

  // Offers the watcher what comes after `after_sequence` (nothing: from now on)
  // until Remove, or until its End.
  void Add(std::shared_ptr<Watcher> watcher,
           std::optional<int64_t> after_sequence);
  // `watcher` may be called until this is noticed, and is kept so long.
  void Remove(const Watcher* watcher);

  // There are changes. Cheap while nobody watches; never blocks.
  void NoteChange();
  // There is room for what was refused.
  void Wake();

  // Ends all watchers with UNAVAILABLE, reason SHUTTING_DOWN, and those that
  // are added later.
  void Close();

 private:
  struct Watching {
    std::shared_ptr<Watcher> watcher;
    // Dealt with up to here. Nothing: it begins with what is new then.
    std::optional<int64_t> begins_after;
    int64_t cursor = 0;
    bool begun = false;
    absl::Duration mark_time;  // Of the last bookmark.
    bool caught_up = false;    // It is served from memory.
    // By the numbers of the repositories: patterns cost, and a thousand
    // watchers have a thousand of them.
    enum class Wants : char { kUnknown, kYes, kNo };
    std::vector<Wants> wants;
  };
  // Somebody who came, or went.
  struct Move {
    const Watcher* watcher = nullptr;
    std::optional<Watching> arrives;
  };
  using Change = std::shared_ptr<const WatchedChange>;

  absl::Time RunOnce();
  // Offers all watchers what is new, as far as the number a second goes.
  void ServeAll();
  Change Ready(StatusChange change);
  // False: nobody watches.
  bool TakeMoves();
  absl::Status ReadNew();
  void Hold(std::vector<StatusChange> changes);
  // Of its repository, or of one without a number.
  bool IsFirstInRound(const WatchedChange& change);
  // It has dealt with what was read before, and what was read in this round is
  // of other repositories. Most watchers, most of the time.
  bool WantsNothingFresh(Watching* watching);
  // Both return what ends the watcher, or OK.
  absl::Status Begin(Watching* watching);
  absl::Status Serve(Watching* watching);
  void Mark(Watching* watching, absl::Duration now);
  static bool WantsRepository(Watching* watching, const WatchedChange& change);
  // False: not now.
  bool Offer(Watching* watching, const Change& change);
  absl::Status CatchUp(Watching* watching);

  const Options options_;
  Outbox* const outbox_;
  Clock* const clock_;

  // Of the thread. `held_` is what comes after `held_after_`, up to `newest_`.
  std::map<const Watcher*, Watching> watching_;
  std::deque<Change> held_;
  size_t held_bytes_ = 0;
  int64_t held_after_ = 0;
  int64_t newest_ = -1;  // -1: not known, since nobody watched.
  // What this round read comes after `fresh_after_`; the first change of each
  // repository.
  std::vector<Change> fresh_;
  int64_t fresh_after_ = 0;
  int64_t round_ = 0;
  std::vector<int64_t> seen_in_round_;  // By the numbers of the repositories.
  bool more_ = false;                   // There is more to do at once.
  Change bookmark_;                     // The last one made.
  absl::Duration next_mark_time_;       // When the first bookmark is due.
  absl::Duration rests_until_;          // On the clock that does not jump.
  TokenBucket may_tell_;
  double tokens_of_turn_ = 0;             // One watcher's, in a round.
  const Watcher* next_served_ = nullptr;  // Whose turn it is.
  std::unordered_map<std::string, size_t> repositories_;

  std::atomic<bool> watched_ = false;

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  // In order: a new watcher can have the address of one that went.
  std::vector<Move> moves_ ABSL_GUARDED_BY(mu_);

  Worker worker_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_HUB_H_
