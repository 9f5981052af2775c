#ifndef SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_
#define SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_

#include <utility>

#include "absl/time/time.h"
#include "server/base/steady_time.h"
#include "server/recovery/delivery_ledger.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Redeliverer has GitHub redeliver the missing deliveries of one hook. It lists
// the hook's deliveries, gives the list to DeliveryLedger, and asks GitHub for
// the deliveries that DeliveryLedger names.
class Redeliverer : public DeliveryWatcher {
 public:
  Redeliverer(const RecoveryTools& tools, DeliverySource source)
      : DeliveryWatcher(tools, std::move(source), "deliveries",
                        tools.options.every),
        ledger_({.probe_every = tools.options.every,
                 .knows_hook = source_.is_known}) {}

  absl::Time RunOnce() override;

 private:
  void HaveList(const DeliveryListing& listing) override;
  // Looks which missing deliveries the outbox has got since.
  void LookUp();
  // Orders a redelivery at GitHub.
  void AskFor(const DeliveryLedger::Redelivery& redelivery);
  void HaveAnswer(const DeliveryLedger::Redelivery& redelivery,
                  const GitHubReply& reply);
  void Count(const char* result, int count = 1);

  DeliveryLedger ledger_;
  // After an order, LookUp is called at `next_look_` and repeatedly until
  // `look_end_`.
  SteadyTime next_look_;
  SteadyTime look_end_;
  // Before this time nothing is ordered: an order could not be made.
  SteadyTime rest_end_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_
