#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_LISTING_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_LISTING_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/github_answers.h"
#include "server/github/github_client.h"
#include "server/github/questions.h"

namespace signalbox {

// How long GitHub keeps deliveries, with a margin.
inline constexpr absl::Duration kDeliveryWindow = absl::Hours(71);

// GitHub's list of deliveries may lack those of the last minutes.
inline constexpr absl::Duration kListDelay = absl::Minutes(5);

// One of the server's own hooks, whose deliveries it can read.
struct DeliverySource {
  std::string host;        // Of the repositories that it is for.
  std::string credential;  // The one that may read it.
  std::string path;        // "/app/hook", "/repos/OWNER/NAME/hooks/ID", ...
  // Its deliveries certainly come to this server. False: they probably do.
  bool is_known = false;

  friend bool operator==(const DeliverySource&,
                         const DeliverySource&) = default;
};

// A list of a hook's deliveries.
struct DeliveryListing {
  std::vector<ListedDelivery> attempts;
  // All attempts since `horizon` are there. False: only the newest, or none.
  bool complete = false;
  Verdict verdict;  // Of the last page.
  // GitHub's clock minus ours; zero: GitHub did not say its time.
  absl::Duration clock_offset;
};

// Lists the attempts that began since `horizon` by GitHub's clock, newest
// first, up to 100 pages of 100. `done` runs within Questions::RunOnce.
void ListDeliveries(Questions* questions, Clock* clock,
                    const DeliverySource& source, absl::Time horizon,
                    std::function<void(DeliveryListing)> done);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_LISTING_H_
