#ifndef SIGNALBOX_SERVER_POSTER_POSTER_H_
#define SIGNALBOX_SERVER_POSTER_POSTER_H_

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/request_gate.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/standing_requests.h"
#include "server/outbox/terms.h"
#include "server/poster/clock_follower.h"
#include "server/poster/credential_board.h"
#include "server/poster/credential_turns.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/parked_credentials.h"
#include "server/poster/request_ends.h"
#include "server/poster/requests_in_flight.h"
#include "server/poster/settlement_queue.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// Poster makes GitHub show what the outbox says: it takes due entries out of
// the outbox, posts them, and stores what GitHub answered.
//
// CredentialTurns says which credential may make a request, and PostOrder which
// of its entries goes next. At most one post per key is in flight, and Poster
// posts nothing that GitHub already shows. It abandons entries for which no
// credential is configured (reason NO_CREDENTIAL).
//
// Poster also makes these other requests:
// - GET /rate_limit, before the first post of a credential and to probe a
//   stopped credential. It costs no budget and shows the budget.
// - A read of what GitHub shows, after an ambiguous try.
// - A question about a repository's name, after a redirect or for the outbox.
//
// When GitHub wants no requests of a credential for some time, Poster stores
// this pause. At the beginning of a term, it obeys the pauses that other
// processes have stored. So a pause outlasts a restart.
//
// Poster measures the times of its own requests by the steady clock, so that no
// request is repeated too early after the wall clock was set. It begins a
// request only if GitHub surely acts on it, if at all, before its lease ends.
// If the process was halted meanwhile and the request ended later nevertheless,
// Poster confesses it to the outbox.
//
// If the store fails, no answer of GitHub's is lost: Poster begins no new
// requests, and tries every second to store the ends of those in flight.
//
// Poster has no thread of its own: a Worker or a simulation calls RunOnce.
//
// Only one thread at a time may call RunOnce, SetTerm and term; everything else
// is thread-safe.
class Poster {
 public:
  // All pointers are borrowed. `limits` are those of the outbox. Poster wakes
  // `wake_up` when a request has ended, so that the caller calls RunOnce. The
  // transport under `github` must have ended, or answered everything, before
  // the poster is destroyed.
  Poster(PostQueue* outbox, Credentials* credentials, GitHubClient* github,
         RequestGate* gate, const PostingLimits& limits, Metrics* metrics,
         Clock* clock, WakeUp* wake_up);
  ~Poster();

  // The process has this term now, so the poster may take entries out. Nothing
  // (as at the beginning): the process has none, so the poster begins no
  // requests and only stores the ends of those in flight.
  void SetTerm(const std::optional<Term>& term);
  // The term of the last SetTerm. Nothing also if the outbox has said since
  // that the term is over.
  const std::optional<Term>& term() const { return term_; }

  // Stores the ends of requests, and begins the requests that may begin now, at
  // most a few hundred at a time. Returns when to call it again, by the wall
  // clock.
  absl::Time RunOnce();

  // For the shutdown: from the next RunOnce on, no more requests begin. The
  // caller goes on calling RunOnce to store the ends of those in flight.
  void Close() { closed_ = true; }

  // Credentials::Get may answer differently for this credential now: the next
  // RunOnce asks again. The caller must wake the thread that calls RunOnce.
  void LookAgain(const std::string& credential) {
    turns_.LookAgain(credential);
  }

  // How many requests were sent whose ends RunOnce has not stored yet. If the
  // process ends before, the next process reads back what GitHub shows.
  int InFlight() const { return requests_.Count(); }

  // Why the credential waited when RunOnce last looked.
  CredentialWait StateOf(absl::string_view credential) const {
    return board_.StateOf(credential);
  }

  // The user that sets the statuses of the credential, as GitHub said in its
  // answer to the newest post. Nothing: it has not posted yet.
  std::optional<StatusCreator> CreatorOf(absl::string_view credential) const {
    return board_.CreatorOf(credential);
  }
  // Takes over what former processes have learnt.
  void RecallCreators(const std::vector<CredentialCreator>& notes) {
    for (const CredentialCreator& note : notes) board_.NoteCreator(note);
  }

 private:
  // A request is booked when RequestGate has admitted it and its entry is not
  // taken out yet.
  struct Booked {
    Candidate candidate;
    Token token;
    absl::Duration longest_left_out;  // See LeaseRequest.
    // The credential has booked several requests in this round, and this is not
    // the first of them. They stand one after another.
    bool is_further = false;
  };

  // A pass consists of rounds. In a round each candidate takes one step, and
  // then one transaction takes out the entries of all booked requests.
  struct Round {
    std::vector<Booked> booked;
    std::vector<Candidate> going_on;      // Candidates of the next round.
    std::vector<Candidate> host_is_full;  // Not admitted: Admission::kHostFull.
    // There was no entry for a booked request, so its host has room again.
    bool gave_back = false;
  };

  // What a candidate's step has come to.
  enum class StepResult {
    kNothing,   // The credential is booked, or takes no further step now.
    kSent,      // It has begun a request other than a post.
    kHostFull,  // Admission::kHostFull.
  };

  // Does what must come before new requests. False: no request may begin now.
  bool Prepare(const Moment& now, absl::Time& next);
  // Logs an error of the store. After TERM_OVER, the poster has no term.
  void NoteStoreFailure(const absl::Status& status);
  // Obeys the pauses that other processes have stored.
  void RecallPauses();

  // These begin requests. They set `next` to the time of the next call, unless
  // it is earlier already. `steps` counts what was begun or settled.
  void BeginDue(absl::Time& next);
  absl::StatusOr<std::vector<Candidate>> Candidates(absl::Time now);
  // Makes rounds until no candidate of `now` can take another step. False: the
  // store failed.
  bool BeginPass(absl::Time now, int* steps, absl::Time& next);
  // The first half of a round: each candidate books a request for its next
  // entry, or begins a request other than a post.
  Round BookRound(std::vector<Candidate> candidates,
                  std::set<std::string>* full_hosts, int* steps,
                  absl::Time& next);
  StepResult Book(const Candidate& candidate, Round* round, absl::Time& next);
  // Books more entries of the same credential, if it has a backlog.
  void BookFurther(const Booked& first, const Moment& now, Round* round);
  // Begins a request other than a post.
  void BeginRequest(Errand errand, const std::string& credential,
                    const Token& token, const Moment& now,
                    MovedRepositories::Question named = {});
  // Notes for each credential how many of its booked requests found an entry.
  void NoteFound(const std::vector<Booked>& booked,
                 const std::vector<std::optional<Lease>>& leases);
  LeaseRequest RequestFor(Booked* booked, const Moment& now,
                          absl::Duration lease_time);
  // The second half of a round: takes out the entries of the booked requests,
  // and begins the requests. False: the store failed.
  bool TakeAndBegin(Round* round, int* steps, absl::Time& next);
  // How long a lease lasts that begins now.
  absl::Duration LeaseTime() const;
  // These deal with standing requests (see standing_requests.h):
  // TakeRequestsBack returns those that were not used.
  StandingRequests TakeRequestsBack(bool may_begin, absl::Time& next);
  void BeginStanding(const StandingLease& standing, absl::Time& next);
  void LeaveRequests(StandingRequests standing);
  // Begins the request for a lease, or settles the lease without one.
  // `must_admit_again`: answers have come since the request was admitted, so
  // RequestGate must be asked again.
  void Begin(const Lease& lease, const Booked& booked, SteadyTime lease_end,
             bool must_admit_again, absl::Time& next);
  void GiveBack(const Booked& booked);

  PostQueue* const outbox_;
  RequestGate* const gate_;
  const PostingLimits limits_;
  Metrics* const metrics_;
  Clock* const clock_;

  CredentialBoard board_;
  RequestsInFlight requests_;
  CredentialTurns turns_;
  std::atomic<bool> closed_ = false;

  // Only RunOnce and SetTerm use these.
  std::optional<Term> term_;
  // When the term began. For ambiguous_wait after it, requests of another
  // process may still take effect.
  SteadyTime term_begin_;
  PosterMemory memory_;
  RequestEnds ends_;
  SettlementQueue settlements_;
  ClockFollower clock_follower_;
  ParkedCredentials parked_;
  // How long the store has recently needed to take out an entry.
  absl::Duration commit_time_;
  bool recalled_pauses_ = false;  // In this term.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTER_H_
