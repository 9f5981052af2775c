#ifndef SIGNALBOX_SERVER_RECOVERY_PULLER_H_
#define SIGNALBOX_SERVER_RECOVERY_PULLER_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/recovery/delivery_listing.h"
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
// it. The time up to which Puller has read all deliveries is on disk.
//
// Threads and lifetimes as for Redeliverer.
class Puller {
 public:
  Puller(const RecoveryTools& tools, DeliverySource source)
      : tools_(tools), source_(std::move(source)) {}

  absl::Time RunOnce();

  const DeliverySource& source() const { return source_; }
  bool is_gone() const { return is_gone_; }

 private:
  void List();
  void HaveList(const DeliveryListing& listing, absl::Time begin);
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

  const RecoveryTools& tools_;
  const DeliverySource source_;

  bool busy_ = false;
  bool is_gone_ = false;
  absl::Time next_list_ = absl::InfinitePast();  // Steady.
  absl::Duration clock_offset_;
  absl::Time horizon_ = absl::InfinitePast();  // GitHub's, as the rest.
  absl::Time listed_ = absl::InfinitePast();
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
