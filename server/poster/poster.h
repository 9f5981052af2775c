#ifndef SIGNALBOX_SERVER_POSTER_POSTER_H_
#define SIGNALBOX_SERVER_POSTER_POSTER_H_

#include <cstdint>
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
#include "absl/types/span.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/poster/credential_board.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/wording.h"

namespace signalbox {

// Poster makes GitHub show what the outbox says.
//
// It serves each credential by itself, so a credential that waits or fails
// delays no other. Results go before pendings. Within each class the
// repositories take turns, and within a repository the entry that has been due
// longest goes first. One slot in 20 goes to a pending that has been due for
// over a minute. At most one post per key is in flight, and Poster posts
// nothing that GitHub already shows. Entries whose credential has the
// id "" have none, so Poster abandons them (NO_CREDENTIAL).
//
// Poster also makes these other requests:
// - GET /rate_limit, before the first post of a credential and while it is
//   stopped. It costs no budget and shows the budget.
// - A read of what GitHub shows, if the end of a post is not known.
// - A question about a repository's name, after a redirect or for the outbox.
//
// Poster stores a pause that GitHub asked for, so that it outlasts a restart.
//
// Requests of this process that are in flight or have an unknown end follow a
// steady clock, so a change of the wall clock makes no request early. After the
// wall clock was set back, and at the start, Poster brings forward the entries
// that would become due too late.
//
// One entry at a time probes a parked repository (see parking.h). All probes of
// a credential take at most a tenth of its pace.
//
// If the store fails, no answer is lost: Poster tries every second to settle
// the requests that have ended, and begins no new ones until the store works
// again.
//
// Poster has no thread of its own: a Worker or a simulation calls RunOnce.
//
// Only one thread at a time may call RunOnce; everything else is thread-safe.
class Poster {
 public:
  // All pointers are borrowed. `wake` asks for a call of RunOnce; the
  // transport's threads call it. The transport under `github` must have ended,
  // or answered everything, before the poster is destroyed.
  //
  // `on_store_failure` may be empty. RunOnce calls it when the store returns
  // INTERNAL: the process must end and recover.
  Poster(PostQueue* outbox, Credentials* credentials, GitHubClient* github,
         RequestGate* gate, Metrics* metrics, Clock* clock,
         std::function<void()> wake,
         std::function<void(absl::Status)> on_store_failure = nullptr);
  ~Poster();

  // Settles the requests that have ended, and begins all requests that may
  // begin now. It begins at most a few hundred, so that answers are settled
  // soon. Returns when to call it again.
  absl::Time RunOnce();

  // From the next RunOnce on, no more requests begin.
  void Close();

  // Credentials::Get may answer differently for this credential now. The next
  // RunOnce asks again; the caller must make sure that it runs.
  void LookAgain(const std::string& credential);

  // How many requests are in flight. RunOnce settles their leases. If the
  // process ends before, the next process reads back what GitHub shows.
  int InFlight() const;

  // The state at the last RunOnce.
  CredentialWait StateOf(absl::string_view credential) const {
    return board_.StateOf(credential);
  }

 private:
  enum class Errand {
    kPost,
    kRead,   // What does GitHub show for a key?
    kLearn,  // What is the budget, and is the token good?
    kName,   // What is a repository called, or which one has a name?
  };

  // Both clocks at one moment.
  struct Moment {
    absl::Time wall;    // For the store and for people.
    absl::Time steady;  // For pauses and leases: never jumps.

    // What the wall clock would have shown at the steady time `then`, if nobody
    // had set it since.
    absl::Time WallAt(absl::Time then) const { return wall - (steady - then); }
    absl::Time SteadyAt(absl::Time then) const {
      return steady - (wall - then);
    }
  };

  // A request to GitHub, from its begin until it is settled.
  struct Request {
    Errand errand = Errand::kPost;
    std::string credential;
    Token token;
    absl::Time begin_time;  // Steady.
    // How long after its begin a redirect may send a post on, so that the post
    // ends before its lease.
    absl::Duration send_on_within = kLastRedirect;
    Lease lease;                        // kPost, kRead.
    Shown sent;                         // kPost.
    MovedRepositories::Question named;  // kName.
  };

  // A request that GitHub has answered, or that has ended without an answer.
  struct Ended {
    std::shared_ptr<const Request> request;
    GitHubReply reply;
    Moment end;
  };

  // A settlement that is not stored yet.
  struct Unsettled {
    Settlement settlement;
    std::string credential;
    bool was_sent = false;  // It ends a request in flight.
  };

  // What to look for in the outbox. The next stage follows if nothing is found.
  enum class Stage { kLongDue, kResults, kPendings };

  // A credential that takes steps in this run.
  struct Candidate {
    DueCredential due;
    Stage stage = Stage::kLongDue;
    bool in_turn = true;  // Its step moves `last_credential_`.
    // Not known to have work: one of its requests has ended.
    bool is_guess = false;
  };

  // An entry to take out, for whose request the gate has a place.
  struct Booked {
    Candidate candidate;
    Token token;
    absl::Time first_left_out;  // See LeaseRequest.

    bool IsForPendings() const { return candidate.stage != Stage::kResults; }
  };

  // One step of each credential, and one transaction.
  struct Round {
    std::vector<Booked> booked;
    std::vector<Candidate> going_on;  // Those that may take another step.
    std::vector<Candidate> host_is_full;
    bool gave_back = false;  // A booked request was not needed.
  };

  struct Work {
    // Where the round-robin of the posts continues.
    std::string last_repository[2];  // By class: results, pendings.
    int results_in_row = 0;          // Since the last pending.
    bool learning = false;           // GET /rate_limit is under way.
    absl::Time next_probe = absl::InfinitePast();  // Steady.
    // A token to probe a stopped credential with. Credentials hands it out only
    // once, so it is kept until the request can begin.
    std::optional<Token> probe;

    // Nothing begins before this steady time, unless FreeCredentials ends the
    // rest.
    absl::Time rest_end = absl::InfinitePast();
    bool rests_for_host = false;
    // As of the last look for a token.
    bool has_token = false;
    bool waits_for_token = false;            // It is being fetched.
    std::optional<absl::Time> yields_since;  // Steady: see Yields.
    // A search found no pending that will be long due before this time.
    absl::Time next_long_due_look = absl::InfinitePast();  // Steady.
  };

  Moment Look() const;
  void RecallPauses();
  // Brings forward what would be due too late after the wall clock was set
  // back, a batch at a time. False: there is more to do, or the store failed.
  bool FollowClock(const Moment& now, absl::Time& next);

  // These process the end of a request: first for other requests, then for its
  // own entry. NoteEnds returns false if no request has ended.
  bool NoteEnds(const Moment& now);
  void NoteEnd(const Ended& ended);
  void NoteLimit(const Ended& ended);
  void LearnName(const Request& request, const GitHubReply& reply,
                 absl::Time now);
  void EndFlight();
  // Turns the requests that have ended into settlements.
  void CollectEnds(const Moment& now);
  // One transaction: stores all settlements, and takes out an entry for each
  // request.
  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      absl::Span<const LeaseRequest> wanted, absl::Time now);
  void EndSettled(const Unsettled& settled);
  // False: the store failed.
  bool SettleUnsettled(absl::Time now);
  void NoteStoreFailure(const absl::Status& status);

  // These begin requests, and lower `next` to the time of the next call.
  void BeginDue(absl::Time& next);
  // Checks whether the credentials of parked repositories have changed.
  void LookAtCredentialsOfParked(absl::Time& next);
  void BringProbesForward(absl::Time now, absl::Time& next);
  absl::StatusOr<std::vector<DueCredential>> CredentialsWithWork(
      absl::Time now);
  // Ends the rests of the credentials for which something has changed.
  void FreeCredentials();
  // If there are many credentials, forgets those that do not rest and are not
  // in `with_work`.
  void ForgetIdleWork(const std::vector<DueCredential>& with_work);
  // Whether the credential has only pendings and leaves its turn to credentials
  // with results that have no token yet. An App gets its tokens one after the
  // other.
  bool Yields(const DueCredential& due, const Moment& now, absl::Time& next);
  // The credentials that take steps, in their order.
  absl::StatusOr<std::vector<Candidate>> Candidates();
  // Lets the credentials take steps until none can. False: the store failed.
  bool BeginPass(int* steps, absl::Time& next);
  // Books the next entry of a credential, or begins another request of it.
  // True: that request may be followed by another step.
  bool Book(const Candidate& candidate, Round* round, absl::Time& next);
  std::optional<Token> FindToken(const Candidate& candidate, const Moment& now,
                                 absl::Time& next);
  void BeginLearning(const std::string& credential_id, const Token& token,
                     const Moment& now, absl::Time& next);
  bool BeginNaming(const std::string& credential_id, const Token& token,
                   const Moment& now, absl::Time& next);
  LeaseRequest RequestFor(Booked* booked, const Moment& now,
                          absl::Duration lease_time);
  // Takes out what is booked, and begins its requests. False: the store failed.
  bool TakeAndBegin(Round* round, int* steps, absl::Time& next);
  // Nothing was found. False: there is no other stage.
  bool GoToNextStage(Booked* booked, const Moment& now);
  // Decides what the request for a lease is to be, or how to settle the lease
  // without one.
  std::optional<Settlement> Prepare(const Lease& lease, const Moment& now,
                                    Request* begun);
  // Begins the request for a lease, or settles the lease without one.
  // `lease_end` is steady.
  void Begin(const Lease& lease, const Booked& booked, absl::Time lease_end,
             bool must_admit_again, const Moment& now, absl::Time& next);
  void Send(const std::shared_ptr<Request>& request, const Moment& now);
  // Whether no answer to another request of the credential has limited it. The
  // transport's thread calls it.
  bool MaySendOn(const std::string& credential) const;
  void Hold(int64_t entry_id, absl::Time until);
  void Release(int64_t entry_id);
  void ReleaseOld(absl::Time now);

  // Books a request if one may be made now. False: it may not; `next` is then
  // lowered, and people see why the credential waits, unless `next` is null.
  bool Admit(const std::string& credential_id, const Token& token, bool pending,
             const Moment& now, absl::Time* next);
  void GiveBack(const Booked& booked);

  PostQueue* const outbox_;
  Credentials* const credentials_;
  GitHubClient* const github_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  Clock* const clock_;
  const std::function<void()> wake_;
  const std::function<void(absl::Status)> on_store_failure_;

  // When this process began (steady). For kAmbiguousWait after it, requests of
  // a former process may still take effect, whatever the wall clock says.
  const absl::Time life_begin_;

  CredentialBoard board_;

  // Only RunOnce uses these.
  Wording wording_;
  MovedRepositories moved_;
  std::map<std::string, Work> work_;
  std::string
      last_credential_;  // Where the last run ended and the next begins.
  // Entries that must not be taken out, and until when (steady): InfiniteFuture
  // while in flight, a time while the end of a request is unknown.
  std::map<int64_t, absl::Time> held_until_;
  std::set<int64_t> held_;  // The same entries.
  // How long the store has recently needed to take out an entry.
  absl::Duration commit_time_;
  // How far the wall clock may be ahead of the steady one. A `farthest_due_`
  // that is not infinite: entries that are due further away are to be brought
  // forward.
  std::optional<absl::Time> wall_offset_;
  absl::Duration farthest_due_ = kFarthestDue;
  std::vector<Ended> noted_;  // Noted but not settled.
  std::vector<Unsettled> unsettled_;
  bool settled_ = false;  // Something was settled in this pass.
  bool recalled_pauses_ = false;
  // Hosts of credentials with results that have no token, in this run.
  std::set<std::string, std::less<>> hosts_without_tokens_;
  // What the gate said about the last request that it refused in this run.
  bool host_is_full_ = false;
  // The origins of the tokens of the credentials with parked repositories, at
  // the last look.
  std::map<std::string, std::string> parked_origins_;
  // The credentials whose probes are being brought forward, and the last
  // repository done.
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
