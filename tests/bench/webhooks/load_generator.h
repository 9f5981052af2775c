#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/bench/webhooks/deliveries.h"

namespace signalbox {

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
LoadResult SendLoad(const Load& load, const Deliveries& kind,
                    absl::Span<const SignedDelivery> deliveries);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
