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
#include "server/outbox/held_term.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/statuses.h"
#include "server/report/event.h"
#include "server/report/status_key.h"

namespace signalbox {

// How long recovery waits after a failure of the store before it tries again.
inline constexpr absl::Duration kStoreRetry = absl::Seconds(5);

// The settings of recovery, and what it needs of other rooms.
struct RecoveryOptions {
  // False: recovery does nothing except act on requests to run contexts again.
  bool enabled = true;
  bool redeliver = true;  // Have GitHub redeliver deliveries that failed.
  bool compare = true;    // Look at open pull requests (OpenPullRequests).
  // Read the deliveries at GitHub (Puller) instead of redelivering them.
  bool pull = false;
  // The time between two lists: of deliveries and pull requests, and of
  // deliveries when pulling.
  absl::Duration every = absl::Minutes(5);
  absl::Duration pull_every = absl::Seconds(15);
  // Globs of the URLs of this server's hooks.
  std::vector<std::string> hook_urls;
  // The repositories that the configuration names without a glob.
  std::vector<Repository> repositories;

  // How to turn a webhook into reports (rules of the configuration). For
  // deliveries that the server reads itself, and for expected contexts.
  ConvertOptions convert;
  // Whether the configuration still allows `caller` to report these contexts;
  // an error says why not. Null: it always does.
  std::function<absl::Status(absl::string_view caller, const Repository&,
                             const std::vector<std::string>& contexts)>
      may_report;
  // Recovery wakes it after an entry became due, for the poster. May be null.
  WakeUp* became_due = nullptr;
  // Recovery calls it after it has stored an event. May be null.
  std::function<void(const Event&)> event_stored;

  // Calls `may_report`, if it is set.
  absl::Status MayReport(absl::string_view caller, const Repository& repository,
                         const std::vector<std::string>& contexts) const {
    return may_report ? may_report(caller, repository, contexts)
                      : absl::OkStatus();
  }

  // Wakes `became_due`, if it is set.
  void BecameDue() const {
    if (became_due != nullptr) became_due->Wake();
  }
};

// What all parts of recovery work with. All pointers are borrowed and set.
struct RecoveryTools {
  RecoveryOptions options;
  Acceptance* acceptance;
  Statuses* statuses;
  RecoveryNotes* notes;
  HeldTerm* held_term;
  Credentials* credentials;
  Questions* questions;
  Metrics* metrics;
  Clock* clock;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_TOOLS_H_
