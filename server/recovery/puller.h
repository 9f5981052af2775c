#ifndef SIGNALBOX_SERVER_RECOVERY_PULLER_H_
#define SIGNALBOX_SERVER_RECOVERY_PULLER_H_

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Puller is the intake of a server without a public address. Every few seconds
// it lists a hook's deliveries, successful or not. It reads each new delivery
// of an event that Signalbox uses, and submits what the delivery asks for,
// oldest first. It need not check the signature, because the payload comes from
// GitHub itself.
//
// The outbox knows accepted deliveries by their ids, and Puller does not read
// them again. If GitHub fails to return a delivery (5xx, no answer), Puller
// reads it again every few minutes, after the others, as long as GitHub keeps
// it.
class Puller : public DeliveryWatcher {
 public:
  Puller(const RecoveryTools& tools, DeliverySource source)
      : DeliveryWatcher(tools, std::move(source), "pulled",
                        tools.options.pull_every) {}

  absl::Time RunOnce() override;

 private:
  void HaveList(const DeliveryListing& listing) override;

  void Read(const ListedDelivery& delivery);
  void HaveDelivery(const ListedDelivery& delivery, const GitHubReply& reply);
  // Not OK: the delivery must be tried again.
  absl::Status Submit(const ListedDelivery& delivery, const SentDelivery& sent);
  void Done(const ListedDelivery& delivery, const char* result);
  // These end the first wanted delivery without success: Lose drops it, Fail
  // has it read again later.
  void Lose(absl::string_view reason, absl::string_view words);
  void Fail(absl::string_view reason, absl::string_view words);
  // Moves failed deliveries that are due again to `wanted_`, if that is empty.
  void TakeFailed();
  void MoveCursor();

  // By GitHub's clock: older attempts need not be listed.
  absl::Time horizon_ = absl::InfinitePast();
  std::deque<ListedDelivery> wanted_;       // Oldest first.
  std::map<std::string, absl::Time> done_;  // By guid.
  // Deliveries that GitHub failed to return, by guid.
  struct Failed {
    ListedDelivery delivery;
    absl::Time retry_time;  // Steady.
  };
  std::map<std::string, Failed> failed_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_PULLER_H_
