#ifndef SIGNALBOX_SERVER_POSTER_POSTING_METRICS_H_
#define SIGNALBOX_SERVER_POSTER_POSTING_METRICS_H_

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/metrics.h"
#include "server/outbox/status_list.h"

namespace signalbox {

// Shows how many statuses GitHub does not show yet, as
// `signalbox_statuses{posting,reason}`, and how long the oldest has been due,
// as `signalbox_oldest_due_seconds`. A due status whose credential waits counts
// as waiting, with the credential's reason.
//
// Not thread-safe.
class PostingMetrics {
 public:
  // `metrics` is borrowed. `reason_of` says why a credential waits; empty: it
  // does not.
  PostingMetrics(
      Metrics* metrics,
      std::function<std::string(const std::string& credential)> reason_of)
      : metrics_(metrics), reason_of_(std::move(reason_of)) {}

  void Show(const PostingCounts& counts, absl::Time now);

 private:
  Metrics* const metrics_;
  const std::function<std::string(const std::string&)> reason_of_;
  // The value of each series, by state and reason.
  std::map<std::pair<std::string, std::string>, int64_t> shown_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTING_METRICS_H_
