#ifndef SIGNALBOX_SERVER_POSTER_POSTER_H_
#define SIGNALBOX_SERVER_POSTER_POSTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/rate_limiter.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Poster makes GitHub show what the outbox says.
//
// Per credential: results before pendings, round-robin over repositories, the
// longest due first within one; one slot in 20 goes to a pending that has been
// due for over a minute. At most one post per key is in flight, and none is
// made of what GitHub shows already. A credential that waits or fails delays no
// other. An entry's lane is the id of its credential; "" has none, and its
// entries are abandoned (NO_CREDENTIAL).
//
// GitHub can refuse a description or a URL: then a plainer description, none,
// or no URL is tried, and what was really sent is what is noted as shown.
//
// When the store fails, nothing is lost: what has ended is settled as soon as
// the store takes it (it is asked every second), and nothing new begins before.
//
// It has no thread of its own: a Worker calls RunOnce, or a simulation does.
//
// RunOnce by one thread at a time; everything else is thread-safe.
class Poster {
 public:
  // All pointers are borrowed; `wake` asks for a call of RunOnce and is called
  // from the transport's threads. The transport under `github` must have ended
  // (or answered everything) before the poster is destroyed.
  //
  // `on_store_failure`, if there is one, is called by RunOnce when the store
  // says INTERNAL: the process must end and recover.
  Poster(Outbox* outbox, Credentials* credentials, GitHubClient* github,
         RateLimiter* limiter, Metrics* metrics, Clock* clock,
         std::function<void()> wake,
         std::function<void(absl::Status)> on_store_failure = nullptr);
  ~Poster();

  // Settles the posts that have ended, begins all that may begin now (at most
  // a few hundred, so that what ends is settled soon), and returns when it
  // wants to be called again.
  absl::Time RunOnce();

  // Begins no more posts from the next RunOnce on.
  void Close();

  // How many posts are in flight. Their leases are settled by RunOnce; what is
  // in flight when the process ends is read by the next one.
  int InFlight() const;

 private:
  // What is really asked for, after GitHub refused the text or the URL of this
  // version of an entry.
  struct Mending {
    int64_t version = 0;
    int plainer = 0;  // 0: as fitted; 1: ASCII only; 2: no description.
    bool without_url = false;
  };

  // A post, from its begin to its settlement.
  struct Post {
    Lease lease;
    std::string lane;
    Token token;
    Shown sent;
    Mending mending;
    absl::Time begin_time;
  };

  // A post that GitHub has answered, or not.
  struct Ended;

  // Whose turn it is among the posts of a credential.
  struct Lane {
    std::string last_repository[2];  // By class: results, pendings.
    int results_in_row = 0;          // Since the last pending.
  };

  // One look at both clocks.
  struct Moment {
    absl::Time wall;    // For what is stored and what people read.
    absl::Time steady;  // For pauses: never jumps.
  };

  // A settlement that the store has not taken yet.
  struct Unsettled {
    Settlement settlement;
    bool was_sent = false;  // It ends a post in flight.
  };

  enum class Step {
    kWorked,   // Something was begun or settled: there may be more.
    kNothing,  // Nothing is to be done now.
    kStopped,  // The store failed.
  };

  Moment Look() const;

  // These two end a post: what its answer means for others, and for itself.
  void NoteEnd(const Ended& ended);
  Settlement Judged(const Ended& ended, absl::Time now);
  // False: the store did not take everything.
  bool SettleEnded(absl::Time now);
  bool FlushUnsettled(absl::Time now);
  void NoteStoreFailure(const absl::Status& status);

  // These begin posts, and lower `next` to when they want to be called again.
  void BeginDue(absl::Time& next);
  Step RunLane(const std::string& lane_id, absl::Time& next);
  Step AbandonUnowned(const Moment& now);
  Step TakeAndBegin(const LeaseRequest& request, const Token& token,
                    const Moment& now, absl::Time& next);
  Step Begin(const Lease& lease, const LeaseRequest& request,
             const Token& token, const Moment& now);
  Step SettleUnsent(Settlement settlement, const Moment& now);

  // Prepares the next try after a verdict. False: there is nothing left that
  // could be said in another way.
  bool Mend(const Post& post, Action action);

  Outbox* const outbox_;
  Credentials* const credentials_;
  GitHubClient* const github_;
  RateLimiter* const limiter_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::function<void()> wake_;
  const std::function<void(absl::Status)> on_store_failure_;

  // RunOnce's own.
  std::map<std::string, Lane> lanes_;
  std::string last_lane_;  // Where the last run ended, for the next one.
  std::map<int64_t, Mending> mendings_;  // By entry id.
  std::set<int64_t> entries_in_flight_;
  std::deque<Unsettled> unsettled_;

  mutable Mutex mu_;
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mu_);
  int in_flight_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTER_H_
