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

// PostingMetrics sets two metrics from which an operator sees whether posting
// keeps up:
// - `signalbox_statuses{posting,reason}`: how many statuses GitHub does not
//   show yet. A due status whose credential waits counts as waiting, with the
//   credential's reason.
// - `signalbox_oldest_due_seconds`: how long the oldest status has been due.
//   Those whose credential waits do not count.
//
// Not thread-safe.
class PostingMetrics {
 public:
  // `metrics` is borrowed. `reason_of` returns why a credential waits (see
  // CredentialWait::reason); empty: it does not wait.
  PostingMetrics(
      Metrics* metrics,
      std::function<std::string(const std::string& credential)> reason_of)
      : metrics_(metrics), reason_of_(std::move(reason_of)) {}

  // Sets the metrics to these counts. `now` is by the wall clock.
  void Show(const PostingCounts& counts, absl::Time now);

 private:
  Metrics* const metrics_;
  const std::function<std::string(const std::string&)> reason_of_;
  // The value of each series of `signalbox_statuses`, by posting and reason.
  std::map<std::pair<std::string, std::string>, int64_t> shown_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTING_METRICS_H_
