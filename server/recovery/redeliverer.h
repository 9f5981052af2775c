#ifndef SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_
#define SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/recovery/delivery_ledger.h"
#include "server/recovery/delivery_listing.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Redeliverer has GitHub redeliver the failed deliveries of one hook. It lists
// the hook's deliveries from time to time, and asks for those that
// DeliveryLedger names. The time up to which it has examined all deliveries is
// on disk.
//
// Redeliverer has no thread of its own: the thread that calls
// Questions::RunOnce also calls RunOnce. It and everything that it borrows must
// outlive its questions.
class Redeliverer {
 public:
  Redeliverer(const RecoveryTools& tools, DeliverySource source)
      : tools_(tools),
        source_(std::move(source)),
        ledger_({.probe_every = tools.options.every}) {
    ledger_.SetKnowsHook(source_.is_known);
  }

  absl::Time RunOnce();

  const DeliverySource& source() const { return source_; }
  // The hook can no longer be read.
  bool is_gone() const { return is_gone_; }

 private:
  absl::Time GitHubNow() const { return tools_.clock->Now() + clock_offset_; }

  void List();
  void HaveList(const DeliveryListing& listing, absl::Time begin);
  void LookUp();
  void AskFor(const DeliveryLedger::Redelivery& redelivery);
  void HaveAnswer(const DeliveryLedger::Redelivery& redelivery,
                  const GitHubReply& reply);
  void Count(const char* result, int count = 1);

  const RecoveryTools& tools_;
  const DeliverySource source_;

  DeliveryLedger ledger_;
  bool busy_ = false;  // A question is under way.
  bool is_gone_ = false;
  // These four times are steady.
  absl::Time next_list_ = absl::InfinitePast();
  absl::Time next_look_ = absl::InfinitePast();
  absl::Time look_end_ = absl::InfinitePast();
  // Until then GitHub is not asked.
  absl::Time rest_end_ = absl::InfinitePast();
  absl::Duration clock_offset_;
  absl::Time listed_ = absl::InfinitePast();  // GitHub's.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_REDELIVERER_H_
