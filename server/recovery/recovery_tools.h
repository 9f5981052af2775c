#ifndef SIGNALBOX_SERVER_RECOVERY_RECOVERY_TOOLS_H_
#define SIGNALBOX_SERVER_RECOVERY_RECOVERY_TOOLS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/calls/conversion.h"
#include "server/github/credentials.h"
#include "server/github/questions.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/statuses.h"
#include "server/report/event.h"
#include "server/report/status_key.h"

namespace signalbox {

// How long recovery waits after the store failed before it uses it again.
inline constexpr absl::Duration kStoreRetry = absl::Seconds(5);

// The settings of recovery. RecoveryConfig (server/config/config.h) explains
// those that it has, too.
struct RecoveryOptions {
  bool enabled = true;  // Everything except reruns.
  bool redeliver = true;
  bool compare = true;
  bool pull = false;  // Read deliveries instead of redelivering them.
  absl::Duration every = absl::Minutes(5);
  absl::Duration pull_every = absl::Seconds(15);
  std::vector<std::string> hook_urls;
  std::vector<Repository> repositories;  // Named in the configuration.

  // For deliveries that the server reads itself. It reads each only once.
  ConvertOptions convert;
  // Whether a caller may still report these contexts. Null: it may.
  std::function<absl::Status(absl::string_view caller, const Repository&,
                             const std::vector<std::string>& contexts)>
      may_report;
  // Woken after an entry became due. May be null.
  WakeUp* became_due = nullptr;
  // Called after an event was stored. May be null.
  std::function<void(const Event&)> event_stored;

  absl::Status MayReport(absl::string_view caller, const Repository& repository,
                         const std::vector<std::string>& contexts) const {
    return may_report ? may_report(caller, repository, contexts)
                      : absl::OkStatus();
  }

  void BecameDue() const {
    if (became_due != nullptr) became_due->Wake();
  }
};

// What all parts of recovery work with. The pointers are borrowed.
struct RecoveryTools {
  RecoveryOptions options;
  Acceptance* acceptance;
  Statuses* statuses;
  RecoveryNotes* notes;
  Credentials* credentials;
  Questions* questions;
  Metrics* metrics;
  Clock* clock;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_TOOLS_H_
