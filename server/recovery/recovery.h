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

// Recovery asks GitHub for what no webhook has reported. It has GitHub
// redeliver failed deliveries, or reads deliveries itself. It compares open
// pull requests of repositories without a readable hook. It also acts on
// requests to run contexts again.
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

  absl::Time RunOnce();

 private:
  // Starts work on new sources, and ends it on sources that are gone.
  void FollowSources();

  const RecoveryTools tools_;
  Retester retester_;
  HookFinder finder_;
  OpenPullRequests open_pull_requests_;
  // Redeliverers or pullers, by path and credential. One must live until its
  // last question is answered. It has no open question when it reports that its
  // source is gone, so it can be deleted then.
  std::map<std::string, std::unique_ptr<DeliveryWatcher>> watchers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
