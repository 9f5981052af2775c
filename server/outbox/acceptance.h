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

// Takes reports and events in.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class Acceptance {
 public:
  virtual ~Acceptance() = default;

  // Accepts submissions in order, each as a whole, by Judge. `now` is the time
  // of their arrival. Returns one outcome per submission.
  //
  // A pending becomes due `pending_settle` (an option of the store) after
  // `now`, or when the entry's earlier pending would have; a result becomes due
  // at once. An entry becomes due even if GitHub already shows what its new
  // report says; the poster compares with `shown` and saves the request.
  //
  // A delivery is recognised by its id or digest. A submission with a delivery
  // that was accepted before changes nothing (except with
  // `redelivery_is_rerun`): its receipts are UNCHANGED and describe the held
  // report. A submission is SUPERSEDED in all contexts if its change is older
  // (HeadTime) than the newest known change of its pull request and names
  // another sha.
  //
  // Judge does not see a submission with `observed`, which only describes what
  // GitHub shows. It is ACCEPTED if its number is larger than the last known
  // one, else UNCHANGED.
  //
  // A report for an abandoned entry that Judge finds UNCHANGED makes the entry
  // due again, at the earliest ten seconds after it was last due. It does not
  // if no try can help (STATUS_LIMIT_REACHED, INVALID_SHA, CONTEXT_REFUSED).
  // Any report for a parked repository brings its probe forward. A delivery
  // shows that GitHub has the commit, whether it has contexts or not. It makes
  // entries due again that GitHub refused for lack of the commit
  // (NO_COMMIT_FOUND).
  //
  // A delivery is about the repository with its number, whichever repository
  // has its name now: deliveries can be late, and names change. The server then
  // asks GitHub for the present names (NameQuestions). The outbox does not
  // believe the numbers of reports without a delivery, because a farm that
  // mixes numbers up would mix repositories up. A report under an old name may
  // wait some seconds until GitHub has confirmed that the name is still an old
  // one.
  virtual absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) = 0;

  // Accepts an event and applies it at once. A repository that moved is renamed
  // as by RepositoryNames::LearnName. If a repository is writable again, or an
  // installation was created or changed, the entries that were abandoned for
  // that reason become due. A RerunRequested is stored for Reruns.
  //
  // False: its delivery (id or digest) was accepted before, and nothing
  // changes. An error of `may_report` is returned, and nothing changes either.
  virtual absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                           absl::Time now) = 0;

  // Makes an abandoned entry due again, as if it had never been tried, and
  // brings the probe of a parked repository forward. Changes no other entry.
  // NOT_FOUND as GetCommit; FAILED_PRECONDITION, reason ROW_DAMAGED: only
  // another report helps (see kRowDamaged).
  virtual absl::Status Retry(const StatusKey& key, absl::Time now) = 0;

  // As Retry, for many keys, some hundred per transaction. After an error, some
  // of them may be due already. Skips unknown and damaged ones.
  virtual absl::Status RetryAll(absl::Span<const StatusKey> keys,
                                absl::Time now) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ACCEPTANCE_H_
