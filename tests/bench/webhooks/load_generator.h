#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace signalbox {

// What differs from one delivery to the next. LoadRequests::Fill makes it a
// request.
struct SignedDelivery {
  std::string number;  // Of the pull request; seven digits.
  std::string sha;
  std::string guid;
  std::string signature;  // 64 hex digits.
};

// Makes the requests of a load.
class LoadRequests {
 public:
  virtual ~LoadRequests() = default;

  // The text of an HTTP request to `host`. Fill makes it one of the load's.
  virtual std::string Request(absl::string_view host,
                              bool keep_alive) const = 0;
  // Writes what `delivery` says over the request's text, in place.
  virtual void Fill(const SignedDelivery& delivery,
                    std::string* request) const = 0;
};

// How SendLoad sends deliveries.
struct Load {
  int port = 0;  // On 127.0.0.1.
  // False: each delivery has a connection of its own. True: a connection
  // carries deliveries until the server closes it.
  bool keep_alive = false;
  absl::Duration time = absl::Seconds(2);
  // Deliveries a second, sent at fixed times whether or not the earlier ones
  // were answered (an open loop). 0: a closed loop, in which each answer lets
  // the next delivery begin, with `connections` under way at any time.
  double rate = 0;
  int connections = 16;
};

// What SendLoad measured.
struct LoadResult {
  // Of each answered delivery, the time from connecting to the last byte of the
  // answer. In an open loop the time counts from when the delivery was to be
  // sent, even if it could not be sent then.
  std::vector<absl::Duration> latencies;
  // Deliveries that got no 2xx, or no answer within 10 s of the end.
  int failed = 0;
  absl::Duration time;  // From the first to the last answer.
  size_t sent = 0;      // So many of the deliveries, from the first one on.

  double PerSecond() const {
    return static_cast<double>(latencies.size()) / absl::ToDoubleSeconds(time);
  }
};

// Sends `deliveries`, each once and in order, until load.time is over or all
// are sent, and waits for the answers. `kind` makes the requests. Uses only the
// caller's thread.
LoadResult SendLoad(const Load& load, const LoadRequests& kind,
                    absl::Span<const SignedDelivery> deliveries);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
