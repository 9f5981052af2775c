#include "server/poster/posting_metrics.h"

#include <algorithm>

namespace signalbox {

void PostingMetrics::Show(const PostingCounts& counts, absl::Time now) {
  for (auto& [series, count] : shown_) count = 0;
  shown_[{"due", ""}] = 0;
  for (const auto& [key, count] : counts.by_reason) {
    std::string reason = key.reason;
    if (key.state == PostingState::kDue) reason = reason_of_(key.credential);
    const bool is_due = key.state == PostingState::kDue && reason.empty();
    shown_[{key.state == PostingState::kAbandoned ? "abandoned"
            : is_due                              ? "due"
                                                  : "waiting",
            reason}] += count;
  }
  for (const auto& [series, count] : shown_) {
    metrics_->Set("signalbox_statuses",
                  "Statuses that GitHub does not show yet, by reason.",
                  static_cast<double>(count),
                  {{"posting", series.first}, {"reason", series.second}});
  }
  absl::Duration age;
  for (const auto& [credential, since] : counts.oldest_due) {
    if (reason_of_(credential).empty()) age = std::max(age, now - since);
  }
  metrics_->Set("signalbox_oldest_due_seconds",
                "Age of the oldest due status. Statuses that wait for a reason "
                "do not count.",
                absl::ToDoubleSeconds(age));
}

}  // namespace signalbox
