#ifndef SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
#define SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/hook_finder.h"
#include "server/recovery/open_pull_requests.h"
#include "server/recovery/puller.h"
#include "server/recovery/recovery_tools.h"
#include "server/recovery/redeliverer.h"
#include "server/recovery/retester.h"

namespace signalbox {

// Recovery finds out at GitHub what the server has missed because a webhook did
// not arrive. Its parts are:
// - HookFinder finds the hooks whose deliveries the server can list.
// - For each such hook, Redeliverer has GitHub redeliver what failed. If the
//   server pulls its webhooks, Puller reads the deliveries instead.
// - OpenPullRequests looks at the pull requests of the other repositories.
// - Retester acts on requests to run contexts again (/retest). It is here
//   because it must ask GitHub, too.
//
// It begins nothing without a term (see terms.h).
//
// Recovery has no thread of its own: a Worker or a simulation calls RunOnce,
// which also calls Questions::RunOnce.
//
// Only one thread at a time may call RunOnce, and nothing else may be called
// meanwhile.
class Recovery {
 public:
  explicit Recovery(RecoveryTools tools)
      : tools_(std::move(tools)),
        retester_(tools_),
        finder_(tools_),
        open_pull_requests_(tools_) {}

  // Hands out answers of GitHub, and begins the questions that may be asked
  // now. Returns when to call it again, by the wall clock.
  absl::Time RunOnce();

 private:
  // Makes a watcher for each source that has none.
  void FollowSources();

  const RecoveryTools tools_;
  Retester retester_;
  HookFinder finder_;
  OpenPullRequests open_pull_requests_;
  // Redeliverers or pullers, by credential and path. A watcher must live until
  // its last question is answered. When `is_gone`, it has no open question, so
  // it can be deleted.
  std::map<std::string, std::unique_ptr<DeliveryWatcher>> watchers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
