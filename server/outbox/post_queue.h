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

// What the poster has to do at some moment.
struct DueWork {
  // The credentials that have entries or a probe due, sorted.
  std::vector<DueCredential> credentials;
  // The questions about names that are due, longest due first, at most 256.
  // RepositoryNames::AnswerName ends a question or delays it.
  std::vector<NameQuestion> questions;
  // How long until the next entry, probe or question becomes due. What is due
  // already does not count. absl::InfiniteDuration(): there is none.
  absl::Duration next_in = absl::InfiniteDuration();
};

// PostQueue is the poster's part of the outbox: which entries are to be posted
// now, and how the posts ended.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors. A method with a `term` makes changes only in the
// newest term. FAILED_PRECONDITION, reason TERM_OVER: `term` is not the newest,
// and nothing has changed.
//
// Thread-safe.
class PostQueue : public RepositoryNames, public CredentialNotes {
 public:
  // What is due at `now`. Since the last Turn, reports may have been accepted.
  // Then the answer may name a credential that has nothing due, and `next_in`
  // may be too short. Cheap while nothing changes but that.
  virtual absl::StatusOr<DueWork> FindDueWork(absl::Time now) = 0;

  // Ends the leases in `ended`, in order, and then takes out at most one entry
  // for each of `wanted`. The answer to each of `wanted` is at the same index;
  // nothing: no entry is due for it.
  //
  // Only taking out needs the newest term. After TERM_OVER call again with
  // `ended` alone: what GitHub answered is true in any case.
  //
  // How a lease ends: if a newer report arrived meanwhile, the entry is due for
  // that one, and the outbox still notes what the try showed about GitHub. A
  // lease is lost if another one of the entry began after it was over, or by
  // Confess. If it is lost, only the history changes.
  //
  // Which entry is taken out: the one that has been due longest, in the first
  // repository (see `after_repository`) with a due one. It is not due again
  // before the lease time is over. If the lease has not ended by then, the try
  // counts as ambiguous, and the next lease of the entry has `ambiguous_since`.
  virtual absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) = 0;

  // For the time in which the poster waits: leaves a request for each idle
  // credential, although no result of it is due yet. When a transaction makes a
  // result due, it also takes the credential's longest due result out, as Turn
  // does. So that post needs no transaction of its own. Each request is used at
  // most once, and none after their term is over. Replaces the requests that
  // were left before. Not a transaction; never blocks on one.
  virtual void LeaveRequests(StandingRequests requests) = 0;
  // The poster calls it when it runs again, before Turn. Returns the requests
  // that were not used, and adds the leases that were taken out meanwhile to
  // `leases`. A transaction under way may still take some out; the next call
  // returns those. After such a transaction the poster is woken, as after any
  // that makes a result due.
  virtual StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) = 0;

  // The poster confesses: because the process was stopped at the wrong moment,
  // a request for each of these entries (Lease::entry_id) may have reached
  // GitHub after its lease. So the outbox no longer knows what GitHub shows,
  // even if a later try was answered. The entries become due, ambiguous_wait
  // after `now` at the earliest, and are read back. Their tries in flight are
  // lost (see Turn). An abandoned entry stays abandoned; when something makes
  // it due, it is read back, too.
  //
  // Any process may call this, with or without a term, and repeat it. Skips
  // entries that the outbox no longer has.
  virtual absl::Status Confess(absl::Span<const int64_t> entries,
                               absl::Time now) = 0;

  // After the wall clock was set back, stored times are too late. This repairs
  // them. Entries and reruns that are due in more than `farthest` become due at
  // `now`. So do probes and name questions whose last refusal or answer, by
  // their stored times, is later than `now`. Changes at most `most` of each
  // kind, beginning with the entries that are due soonest. True: there may be
  // more, so call it again.
  virtual absl::StatusOr<bool> BringForward(const Term& term,
                                            absl::Duration farthest,
                                            absl::Time now, int most) = 0;

  // The credentials that have parked repositories, sorted.
  virtual absl::StatusOr<std::vector<std::string>> CredentialsOfParked() = 0;
  // A credential has changed, so GitHub may accept its posts now: brings the
  // probes of its parked repositories forward. One call handles at most `limit`
  // of them. It returns the store's number of the last one, which the next call
  // gets as `after`; 0 means that there are no more. The first call gets 0.
  virtual absl::StatusOr<int64_t> BringProbesForward(
      const Term& term, const std::string& credential, int64_t after,
      absl::Time now, int limit) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_POST_QUEUE_H_
