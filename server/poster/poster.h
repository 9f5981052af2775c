#ifndef SIGNALBOX_SERVER_POSTER_POSTER_H_
#define SIGNALBOX_SERVER_POSTER_POSTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"
#include "server/outbox/outbox.h"
#include "server/poster/lane_board.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/wording.h"

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
// Besides posts it makes three requests more:
//   - before the first post of a lane, and for a credential that is stopped,
//     GET /rate_limit: it costs nothing and tells the budget;
//   - where the end of a post is not known, GitHub is asked what it shows;
//   - after a redirect, how the repository is called now; and what else the
//     outbox wants to know of names.
// A pause that GitHub asked for is kept across restarts.
//
// What is in flight or in doubt in this process goes by a steady clock: a wall
// clock that somebody sets makes no request early. What it would make late is
// brought forward, at the start and when the clock was set back.
//
// For a repository that is parked (see parking.h) one entry at a time probes;
// all probes of a credential take at most a tenth of its pace.
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
         RequestGate* gate, Metrics* metrics, Clock* clock,
         std::function<void()> wake,
         std::function<void(absl::Status)> on_store_failure = nullptr);
  ~Poster();

  // Settles the requests that have ended, begins all that may begin now (at
  // most a few hundred, so that what ends is settled soon), and returns when it
  // wants to be called again.
  absl::Time RunOnce();

  // Begins no more requests from the next RunOnce on.
  void Close();

  // Get of this lane's credential may say something else than it did: the lane
  // is asked for at the next RunOnce, which the caller must see to.
  void LookAgain(const std::string& lane);

  // How many requests are in flight. Their leases are settled by RunOnce; what
  // is in flight when the process ends is read back by the next one.
  int InFlight() const;

  // As of the last RunOnce.
  LaneState StateOf(absl::string_view lane) const {
    return board_.StateOf(lane);
  }

 private:
  enum class Errand {
    kPost,
    kRead,   // What does GitHub show for a key?
    kLearn,  // What is the budget, and is the token good?
    kName,   // How is a repository called now, or who has a name?
  };

  // One look at both clocks.
  struct Moment {
    absl::Time wall;    // For what is stored and what people read.
    absl::Time steady;  // For pauses, leases and doubts: never jumps.

    // What the wall clock would have shown `then`, if it had not been set.
    absl::Time WallAt(absl::Time then) const { return wall - (steady - then); }
    absl::Time SteadyAt(absl::Time then) const {
      return steady - (wall - then);
    }
  };

  // A request to GitHub, from its begin to its settlement.
  struct Request {
    Errand errand = Errand::kPost;
    std::string lane;
    Token token;
    absl::Time begin_time;  // Steady.
    // How long after its begin a post may be sent on, so that its lease
    // outlasts it.
    absl::Duration send_on_within = kLastRedirect;
    Lease lease;                        // kPost, kRead.
    Shown sent;                         // kPost.
    MovedRepositories::Question named;  // kName.
  };

  // A request that GitHub has answered, or not.
  struct Ended {
    std::shared_ptr<const Request> request;
    GitHubReply reply;
    Moment end;
  };

  // A settlement that the store has not taken yet.
  struct Unsettled {
    Settlement settlement;
    bool was_sent = false;  // It ends a request in flight.
  };

  struct Lane {
    // Whose turn it is among the posts.
    std::string last_repository[2];  // By class: results, pendings.
    int results_in_row = 0;          // Since the last pending.
    bool learning = false;           // GET /rate_limit is under way.
    absl::Time next_probe = absl::InfinitePast();  // Steady.
    // A token that is to be tried, since its credential is stopped; handed out
    // once, so kept until the request can begin.
    std::optional<Token> probe;

    // Nothing may begin before, unless the lane is freed: see FreeLanes.
    // Steady.
    absl::Time rest_end = absl::InfinitePast();
    bool rests_for_host = false;
    // When its token was looked for last.
    bool has_token = false;
    bool waits_for_token = false;            // It is being fetched.
    std::optional<absl::Time> yields_since;  // Steady: see Yields.
    // No pending is long due before: there was none when it was looked for.
    absl::Time next_long_due_look = absl::InfinitePast();  // Steady.
  };

  enum class Step {
    kWorked,   // Something was begun or settled: there may be more.
    kNothing,  // Nothing is to be done now.
    kStopped,  // The store failed.
  };

  Moment Look() const;
  void RecallPauses();
  // Brings forward what a clock that was set back would delay, a piece at a
  // time. False: there is more to do, or the store failed.
  bool FollowClock(const Moment& now, absl::Time& next);

  // These end a request: what it means for others, and for its entry. False:
  // none has ended.
  bool NoteEnds(const Moment& now);
  void NoteEnd(const Ended& ended);
  void NoteLimit(const Ended& ended);
  void LearnName(const Request& request, const GitHubReply& reply,
                 absl::Time now);
  void EndFlight();
  // False: the store did not take everything.
  bool SettleEnded(const Moment& now);
  bool FlushUnsettled(absl::Time now);
  void NoteStoreFailure(const absl::Status& status);

  // These begin requests, and lower `next` to when they want to be called
  // again.
  void BeginDue(absl::Time& next);
  // Whether the credential of parked repositories has changed.
  void LookAtParkedLanes(absl::Time& next);
  void BringProbesForward(absl::Time now, absl::Time& next);
  absl::StatusOr<std::vector<DueLane>> LanesWithWork(absl::Time now);
  // Ends the rests of the lanes that something has happened to.
  void FreeLanes();
  // Forgets lanes that rest no more and are not in `with_work`, once there are
  // many.
  void ForgetIdleLanes(const std::vector<DueLane>& with_work);
  // Whether the lane leaves its turn to others, whose results have no token
  // yet: those of an App come one after the other.
  bool Yields(const DueLane& due, const Moment& now, absl::Time& next);
  Step RunLane(const DueLane& due, absl::Time& next);
  Step AbandonUnowned(const Moment& now);
  Step BeginLearning(const std::string& lane_id, const Token& token,
                     const Moment& now, absl::Time& next);
  Step BeginNaming(const std::string& lane_id, const Token& token,
                   const Moment& now, absl::Time& next);
  Step TakeAndBegin(const LeaseRequest& request, const Token& token,
                    const Moment& now, absl::Time& next);
  // `lease_end` is steady.
  Step Begin(const Lease& lease, const LeaseRequest& request,
             const Token& token, absl::Time lease_end, const Moment& now);
  void Send(const std::shared_ptr<Request>& request, const Moment& now);
  // Whether no answer to another request of the lane has limited it. Called by
  // the transport's thread.
  bool MaySendOn(const std::string& lane) const;
  void Hold(int64_t entry_id, absl::Time until);
  void Release(int64_t entry_id);
  void ReleaseOld(absl::Time now);
  Step SettleUnsent(Settlement settlement, const Moment& now);

  // Whether a request may be made now; books it. False: `next` is lowered.
  bool Book(const std::string& lane_id, const Token& token, bool pending,
            const Moment& now, absl::Time& next);
  void Unbook(const std::string& lane_id, const Token& token);

  Outbox* const outbox_;
  Credentials* const credentials_;
  GitHubClient* const github_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::function<void()> wake_;
  const std::function<void(absl::Status)> on_store_failure_;

  // When this life began (steady). Until kAmbiguousWait later something that a
  // former one sent may still take effect, whatever the wall clock says.
  const absl::Time life_begin_;

  LaneBoard board_;

  // RunOnce's own.
  Wording wording_;
  MovedRepositories moved_;
  std::map<std::string, Lane> lanes_;
  std::string last_lane_;  // Where the last run ended, for the next one.
  // Entries that must not be taken out, and until when (steady): in flight
  // (InfiniteFuture) or in doubt.
  std::map<int64_t, absl::Time> held_until_;
  std::set<int64_t> held_;  // The same entries.
  // How long the store has lately taken to take out an entry.
  absl::Duration commit_time_;
  // Where the wall clock stands beside the steady one, at most; and if not
  // infinite: what is due further away is to be brought forward.
  std::optional<absl::Time> wall_offset_;
  absl::Duration farthest_due_ = kFarthestDue;
  std::vector<Ended> noted_;  // And not settled.
  std::deque<Unsettled> unsettled_;
  bool recalled_pauses_ = false;
  // Of lanes with results that have no token, in this run.
  std::set<std::string, std::less<>> hosts_without_tokens_;
  // The gate said so of the last request that it refused in this run.
  bool host_is_full_ = false;
  // What the tokens of the lanes with parked repositories came from, as of the
  // last look.
  std::map<std::string, std::string> parked_origins_;
  // The lanes whose probes are brought forward, and up to which one they are.
  std::map<std::string, int64_t> probes_forward_;
  absl::Time next_parked_look_ = absl::InfinitePast();  // Steady.

  mutable Mutex mu_;
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> look_again_ ABSL_GUARDED_BY(mu_);
  int in_flight_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTER_H_
