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
#include "server/report/event.h"
#include "server/report/status_key.h"

namespace signalbox {

// A RerunRequested on which the server has yet to act.
struct Rerun {
  int64_t id = 0;
  RerunRequested wanted;  // The repository has its present name.
  std::string caller;
  std::string delivery_id;
  int try_count = 0;
  absl::Time due_time;
};

// A repository that was named in a report, a delivery or an answer of GitHub's.
struct KnownRepository {
  Repository repository;   // As first spelled.
  int64_t github_id = 0;   // 0: not known.
  std::string credential;  // Empty: no credential posts for it.
};

// A hook whose deliveries reach this server.
struct SeenHook {
  std::string host;
  int64_t id = 0;

  friend bool operator==(const SeenHook&, const SeenHook&) = default;
};

// What recovery knows of webhooks, hooks and repositories.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class RecoveryNotes {
 public:
  virtual ~RecoveryNotes() = default;

  // At most `limit` reruns to act on, those that are due first.
  virtual absl::StatusOr<std::vector<Rerun>> Reruns(int limit) = 0;
  // Ends a rerun, or has it tried again at `next_try_time`.
  virtual absl::Status SettleRerun(int64_t id,
                                   std::optional<absl::Time> next_try_time) = 0;

  // For each of these deliveries, whether it was accepted in the last days.
  virtual absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) = 0;
  // The server asks GitHub for this delivery again, or (`cancelled`) did not
  // ask after all. If the delivery arrives again within an hour, it is
  // therefore no person's request to run contexts again.
  virtual absl::Status AwaitRedelivery(const std::string& id, bool cancelled,
                                       absl::Time now) = 0;
  // The hooks that sent the accepted deliveries.
  virtual absl::StatusOr<std::vector<SeenHook>> SeenHooks() = 0;

  // At most `limit` repositories, ordered by their canonical names, beginning
  // after `after`.
  virtual absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const std::string& after, int limit) = 0;

  // A time that is stored under a name, such as the time up to which the server
  // has searched for missing deliveries. Nothing: it was never set.
  virtual absl::Status SetNamedTime(const std::string& name,
                                    absl::Time time) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_RECOVERY_NOTES_H_
