#ifndef SIGNALBOX_SERVER_OUTBOX_ACCEPTANCE_H_
#define SIGNALBOX_SERVER_OUTBOX_ACCEPTANCE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/submission.h"
#include "server/report/status_key.h"

namespace signalbox {

// Acceptance is the part of the outbox that takes reports and events in. Intake
// gives it the reports of callers; the API gives it events and the orders of
// people to try again.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class Acceptance {
 public:
  virtual ~Acceptance() = default;

  // Accepts submissions in order. Of each it accepts all contexts or none.
  // Judge (judge.h) decides which reports count. `now` is the time of their
  // arrival. Returns one outcome per submission.
  //
  // When an entry becomes due: for a result at once. For a pending
  // `pending_settle` (an option of the store) after `now`; if an earlier
  // pending of the entry still waits, when that one becomes due. It becomes due
  // even if GitHub already shows the same; the poster then saves the request.
  //
  // A submission with a delivery that was accepted before (by id or by digest)
  // changes nothing: its receipts are UNCHANGED and describe the report that
  // the entry holds. `redelivery_is_rerun` makes an exception.
  //
  // A submission is SUPERSEDED in all contexts if its pull request has another
  // head with a later HeadTime.
  //
  // A submission with `observed` only describes what GitHub shows, so Judge
  // does not decide about it. It is ACCEPTED if GitHub's number for the status
  // is larger than the last known one, else UNCHANGED.
  //
  // A report can make an abandoned entry due again although Judge finds it
  // UNCHANGED: at the earliest ten seconds after the entry was last due, and
  // not if repeating the post cannot help (STATUS_LIMIT_REACHED, INVALID_SHA,
  // CONTEXT_REFUSED). Any report for a parked repository brings its probe
  // forward. A delivery, with contexts or without, shows that GitHub has the
  // commit. So it makes the entries due again that GitHub refused for lack of
  // the commit (NO_COMMIT_FOUND).
  //
  // Which repository is meant: deliveries can be late, and names change.
  // Therefore GitHub's number in a delivery decides, not its name. If they
  // disagree, the server asks GitHub for the present names (NameQuestion).
  // Without a delivery the name decides, because a farm that mixes numbers up
  // would mix repositories up. A report under an old name can become due some
  // seconds later, after GitHub has confirmed that the name is still an old
  // one.
  virtual absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) = 0;

  // The store may put off a part of what Accept has to write, and reads then
  // wait for it. Does some of this part now, so little that reports need not
  // wait long for it. Call it in a quiet moment; nothing depends on it. False:
  // nothing is left to do.
  virtual absl::StatusOr<bool> TidyUp() = 0;

  // Accepts an event and applies it at once. A repository that moved is renamed
  // as by RepositoryNames::LearnName. If a repository is writable again, or an
  // installation was created or changed, the entries that were abandoned for
  // that reason become due. A RerunRequested is stored, and
  // RecoveryNotes::Reruns returns it.
  //
  // False: its delivery (id or digest) was accepted before, and nothing
  // changes. If `may_report` of the submission returns an error, AcceptEvent
  // returns that error, and nothing changes.
  virtual absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                           absl::Time now) = 0;

  // A person wants another try: makes an abandoned entry due again, as if it
  // had never been tried, and brings the probe of a parked repository forward.
  // An entry that is not abandoned stays as it is. NOT_FOUND, reason
  // NOTHING_REPORTED: the outbox has no such entry. FAILED_PRECONDITION, reason
  // ROW_DAMAGED: only another report helps (see kRowDamaged).
  virtual absl::Status Retry(const StatusKey& key, absl::Time now) = 0;

  // As Retry, for many keys, in transactions of some hundred. After an error
  // some of them may be due already; the call can be repeated. Skips unknown
  // and damaged entries.
  virtual absl::Status RetryAll(absl::Span<const StatusKey> keys,
                                absl::Time now) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ACCEPTANCE_H_
