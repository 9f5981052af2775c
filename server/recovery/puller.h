#ifndef SIGNALBOX_SERVER_RECOVERY_PULLER_H_
#define SIGNALBOX_SERVER_RECOVERY_PULLER_H_

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/steady_time.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Puller serves a server that GitHub cannot reach: instead of receiving
// webhooks through the shim, the server reads them at GitHub. Every few seconds
// Puller lists the deliveries of a hook, successful or not. It reads each new
// delivery of an event that Signalbox uses, oldest first, and does what the
// shim and the server would have done with it. It need not check the signature,
// because the content comes from GitHub itself.
//
// Puller skips the deliveries that the outbox has accepted. If GitHub fails to
// return a delivery (5xx, no answer), Puller tries again every five minutes,
// behind the others, as long as GitHub keeps it.
class Puller : public DeliveryWatcher {
 public:
  Puller(const RecoveryTools& tools, DeliverySource source)
      : DeliveryWatcher(tools, std::move(source), "pulled",
                        tools.options.pull_every) {}

  absl::Time RunOnce() override;

 private:
  void HaveList(const DeliveryListing& listing) override;

  // Asks GitHub for the content of a delivery.
  void Read(const ListedDelivery& delivery);
  void HaveDelivery(const ListedDelivery& delivery, const GitHubReply& reply);
  // Has the outbox accept what the delivery asks for, if anything. Not OK: the
  // store failed, so the delivery must be read again.
  absl::Status Submit(const ListedDelivery& delivery, const SentDelivery& sent);
  // The delivery needs no further work. `result` is for the metric.
  void Done(const ListedDelivery& delivery, const char* result);
  // GitHub did not return the first delivery in `wanted_`. Lose drops it, Fail
  // has it read again later. `words` is for people.
  void Lose(absl::string_view reason, absl::string_view words);
  void Fail(absl::string_view reason, absl::string_view words);
  // Moves failed deliveries that are due again to `wanted_`, if that is empty.
  void TakeFailed();
  // Moves `horizon_` and the cursor on disk forward.
  void MoveCursor();

  // By GitHub's clock: older attempts need not be listed.
  absl::Time horizon_ = absl::InfinitePast();
  std::deque<ListedDelivery> wanted_;  // To be read, oldest first.
  // The deliveries that need no further work, by guid, and when they came.
  std::map<std::string, absl::Time> done_;
  // Deliveries that GitHub failed to return, by guid.
  struct Failed {
    ListedDelivery delivery;
    SteadyTime retry_time;
  };
  std::map<std::string, Failed> failed_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_PULLER_H_
