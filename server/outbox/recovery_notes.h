#ifndef SIGNALBOX_SERVER_OUTBOX_RECOVERY_NOTES_H_
#define SIGNALBOX_SERVER_OUTBOX_RECOVERY_NOTES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/terms.h"
#include "server/report/event.h"
#include "server/report/status_key.h"

namespace signalbox {

// A person's request to run contexts again. Before the server acts on it,
// GitHub must confirm the person's rights and the pull request's head.
struct Rerun {
  int64_t id = 0;         // The store's own number, for SettleRerun.
  RerunRequested wanted;  // The repository has its present name.
  std::string caller;     // Whose delivery brought it.
  std::string delivery_id;
  int try_count = 0;      // How often the server has tried to act on it.
  absl::Duration due_in;  // How long to wait for the next try; <= 0: it is due.
};

// A repository that a report, a delivery or an answer of GitHub's has named.
struct KnownRepository {
  Repository repository;   // As first spelled.
  int64_t github_id = 0;   // 0: not known.
  std::string credential;  // Empty: no credential posts for it.
};

// A hook (GitHub's record of where to send webhooks) whose deliveries reach
// this server.
struct SeenHook {
  std::string host;
  int64_t id = 0;  // GitHub's number.

  friend bool operator==(const SeenHook&, const SeenHook&) = default;
};

// RecoveryNotes is the part of the outbox for server/recovery, which finds
// webhooks that were missed and acts on reruns: what arrived here, from which
// hooks, for which repositories, and what recovery must not forget itself.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors. What changes something does so only in the newest
// term. FAILED_PRECONDITION, reason TERM_OVER: `term` is not the newest, and
// nothing has changed.
//
// Thread-safe.
class RecoveryNotes {
 public:
  virtual ~RecoveryNotes() = default;

  // At most `limit` reruns, ordered by due time. Some may not be due yet.
  virtual absl::StatusOr<std::vector<Rerun>> Reruns(absl::Time now,
                                                    int limit) = 0;
  // Deletes a rerun that was acted on or refused. With `retry_in` it keeps the
  // rerun, which is due again after that time.
  virtual absl::Status SettleRerun(const Term& term, int64_t id,
                                   std::optional<absl::Duration> retry_in,
                                   absl::Time now) = 0;

  // For each of these deliveries, whether the outbox accepted it in the last
  // days.
  virtual absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) = 0;
  // Call it before the server asks GitHub to redeliver. If the delivery arrives
  // again within an hour, the outbox does not take it for a person's request to
  // run contexts again. `cancelled`: the server did not ask after all.
  virtual absl::Status AwaitRedelivery(const Term& term, const std::string& id,
                                       bool cancelled, absl::Time now) = 0;
  // The hooks that sent the accepted deliveries.
  virtual absl::StatusOr<std::vector<SeenHook>> SeenHooks() = 0;

  // A page of all repositories, at most `limit`, ordered by their canonical
  // names. Begins after the canonical name `after`; empty: at the first.
  virtual absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const CanonicalName& after, int limit) = 0;

  // Times that recovery stores under names of its own, such as the cursor of a
  // hook. GetNamedTime returns nothing for a name that was never set.
  virtual absl::Status SetNamedTime(const Term& term, const std::string& name,
                                    absl::Time time) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_RECOVERY_NOTES_H_
