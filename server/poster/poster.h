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

namespace signalbox {

// Poster makes GitHub show what the outbox says.
//
// CredentialTurns says which credential may make a request, and PostOrder which
// of its entries goes next. At most one post per key is in flight, and Poster
// posts nothing that GitHub already shows. Entries whose credential has the id
// "" have none, so Poster abandons them (NO_CREDENTIAL).
//
// Poster also makes these other requests:
// - GET /rate_limit, before the first post of a credential and while it is
//   stopped. It costs no budget and shows the budget.
// - A read of what GitHub shows, if the end of a post is not known.
// - A question about a repository's name, after a redirect or for the outbox.
//
// Poster stores a pause that GitHub asked for, so that it outlasts a restart.
// With each term it obeys the pauses that other processes have stored.
//
// Requests of this process that are in flight or have an unknown end follow a
// steady clock, so a change of the wall clock makes no request early. A request
// begins only while GitHub's part of it surely ends before its lease. If a
// request ends later nevertheless, because the process was stopped, Poster
// confesses it to the outbox.
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
  // All pointers are borrowed. `wake_up` asks for a call of RunOnce. The
  // transport under `github` must have ended, or answered everything, before
  // the poster is destroyed.
  Poster(PostQueue* outbox, Credentials* credentials, GitHubClient* github,
         RequestGate* gate, Metrics* metrics, Clock* clock, WakeUp* wake_up);
  ~Poster();

  // The poster takes entries out in this term. Nothing, as at the beginning: it
  // begins no requests, and settles those in flight. For the thread that calls
  // RunOnce.
  void SetTerm(const std::optional<Term>& term);
  // Nothing, too, once the outbox has said that the term is over.
  const std::optional<Term>& term() const { return term_; }

  // Settles the requests that have ended, and begins all requests that may
  // begin now. It begins at most a few hundred, so that answers are settled
  // soon. Returns when to call it again.
  absl::Time RunOnce();

  // From the next RunOnce on, no more requests begin.
  void Close() { closed_ = true; }

  // Credentials::Get may answer differently for this credential now. The next
  // RunOnce asks again; the caller must make sure that it runs.
  void LookAgain(const std::string& credential) {
    turns_.LookAgain(credential);
  }

  // How many requests are in flight. RunOnce settles their leases. If the
  // process ends before, the next process reads back what GitHub shows.
  int InFlight() const { return requests_.Count(); }

  // The state at the last RunOnce.
  CredentialWait StateOf(absl::string_view credential) const {
    return board_.StateOf(credential);
  }

 private:
  // An entry to take out, for whose request the gate has a place.
  struct Booked {
    Candidate candidate;
    Token token;
    absl::Time first_left_out;  // See LeaseRequest.
    // Beside the first one of the same credential, which stands before it.
    bool is_further = false;
  };

  // One step of each credential, and one transaction.
  struct Round {
    std::vector<Booked> booked;
    std::vector<Candidate> going_on;  // Those that may take another step.
    std::vector<Candidate> host_is_full;
    bool gave_back = false;  // A booked request was not needed.
  };

  enum class StepResult {
    kNothing,   // The credential takes no other step now, unless it is booked.
    kSent,      // It may take another one.
    kHostFull,  // No credential of its host may make a request.
  };

  // False: posting cannot begin yet.
  bool Prepare(const Moment& now, absl::Time& next);
  // The pauses that GitHub asked another process for hold for this one, too.
  void RecallPauses();

  // These begin requests, and lower `next` to the time of the next call.
  void BeginDue(absl::Time& next);
  absl::StatusOr<std::vector<Candidate>> Candidates();
  // Lets the credentials take steps until none can. False: the store failed.
  bool BeginPass(int* steps, absl::Time& next);
  // Lets each candidate book its next entry, or begin another request.
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
  // The turn has ended: notes whether the credentials have backlogs.
  void NoteFound(const std::vector<Booked>& booked,
                 const std::vector<std::optional<Lease>>& leases);
  LeaseRequest RequestFor(Booked* booked, const Moment& now,
                          absl::Duration lease_time);
  // Takes out what is booked, and begins its requests. False: the store failed.
  bool TakeAndBegin(Round* round, int* steps, absl::Time& next);
  // The time from the taking-out of an entry to the end of its lease.
  absl::Duration LeaseTime() const;
  // These deal with the results that the outbox takes out while the poster
  // waits.
  StandingRequests TakeRequestsBack(bool may_begin, absl::Time& next);
  void BeginStanding(const StandingLease& standing, absl::Time& next);
  void LeaveRequests(StandingRequests standing);
  // Begins the request for a lease, or settles the lease without one.
  // `lease_end` is steady.
  void Begin(const Lease& lease, const Booked& booked, absl::Time lease_end,
             bool must_admit_again, absl::Time& next);
  void GiveBack(const Booked& booked);

  PostQueue* const outbox_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  Clock* const clock_;

  CredentialBoard board_;
  RequestsInFlight requests_;
  CredentialTurns turns_;
  std::atomic<bool> closed_ = false;

  // Only RunOnce and SetTerm use these.
  std::optional<Term> term_;
  // When it began (steady, since the wall clock may be set). For kAmbiguousWait
  // after it, requests of another process may still take effect.
  absl::Time term_begin_;
  PosterMemory memory_;
  RequestEnds ends_;
  SettlementQueue settlements_;
  ClockFollower clock_follower_;
  ParkedCredentials parked_;
  // How long the store has recently needed to take out an entry.
  absl::Duration commit_time_;
  bool recalled_pauses_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTER_H_
