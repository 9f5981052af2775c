#ifndef SIGNALBOX_SERVER_OUTBOX_POST_QUEUE_H_
#define SIGNALBOX_SERVER_OUTBOX_POST_QUEUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/credential_notes.h"
#include "server/outbox/lease.h"
#include "server/outbox/repository_names.h"
#include "server/outbox/standing_requests.h"
#include "server/outbox/terms.h"

namespace signalbox {

// What is to be posted to GitHub, for the one that posts it.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class PostQueue : public RepositoryNames, public CredentialNotes {
 public:
  // The credentials that have entries or a probe due at `now`, sorted.
  virtual absl::StatusOr<std::vector<DueCredential>> DueCredentials(
      absl::Time now) = 0;
  // When the next entry or probe of any credential becomes due, or the next
  // name question is to be asked, later than `now`; absl::InfiniteFuture() if
  // none will.
  virtual absl::StatusOr<absl::Time> NextDueTime(absl::Time now) = 0;

  // The poster's turn, in one transaction: ends the leases in `ended`, in
  // order, and then takes out at most one entry for each of `wanted`. Returns
  // as many leases as there are in `wanted`.
  //
  // Only the process with the newest term takes entries out. If `term` is
  // another one and `wanted` is not empty, nothing changes:
  // FAILED_PRECONDITION, reason TERM_OVER. Leases end without regard to the
  // term, since what GitHub answered is true. After TERM_OVER, call again with
  // `ended` alone.
  //
  // The end of a lease: if a newer report arrived meanwhile, the entry stays
  // due, but the outbox still notes what it learned about GitHub. If the lease
  // was lost (taken over after its deadline, or by Confess), only the history
  // changes.
  //
  // A lease: the entry that has been due longest, in the first repository that
  // has a due one (see `after_repository`). It is marked as in flight, and not
  // due again until the lease's deadline is over; the next lease then has
  // `ambiguous_since` set. Nothing if no entry is due.
  virtual absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) = 0;

  // Leaves requests for results that are not due yet. The transaction that
  // makes a result due takes the longest due one of its credential out, as in
  // Turn, so that its post needs no transaction of its own. Each request is
  // used at most once, and none once their term is over. Replaces what was left
  // before.
  virtual void LeaveRequests(StandingRequests requests) = 0;
  // Takes back the requests that were not used, and adds the leases that were
  // taken out meanwhile to `leases`. A transaction under way may still take
  // some out. The next call then returns them; the caller that made the result
  // due causes it.
  virtual StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) = 0;

  // A request for each of these entries (Lease::entry_id) may have reached
  // GitHub after its lease, because the process was stopped in between. So the
  // outbox no longer knows what GitHub shows, even if a later try was answered.
  // The entries become due again and are read back, kAmbiguousWait after `now`
  // at the earliest. Their tries in flight count as lost. An abandoned entry
  // stays abandoned, but is read back when something makes it due.
  //
  // Any process may call it, with or without a term, and repeat it. Skips
  // entries that the outbox no longer has.
  virtual absl::Status Confess(absl::Span<const int64_t> entries,
                               absl::Time now) = 0;

  // Repairs times after the wall clock was set back, because they would delay
  // what was due already. Entries and reruns that are due later than `limit`
  // become due at `now`, and so do probes and questions with a past that is
  // later than `now`. Changes at most `most` of each, the entries that are due
  // soonest first. True: there may be more.
  virtual absl::StatusOr<bool> BringForward(absl::Time limit, absl::Time now,
                                            int most) = 0;

  // The credentials that have parked repositories, sorted.
  virtual absl::StatusOr<std::vector<std::string>> CredentialsOfParked() = 0;
  // A credential has changed: brings the probes of its parked
  // repositories forward. Handles at most `limit` repositories, those after
  // `after` by the store's own numbers (0: from the first). Returns the number
  // of the last one; 0: there are no more.
  virtual absl::StatusOr<int64_t> BringProbesForward(
      const std::string& credential, int64_t after, absl::Time now,
      int limit) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_POST_QUEUE_H_
