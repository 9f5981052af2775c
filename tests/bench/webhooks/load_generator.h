#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/bench/webhooks/deliveries.h"

namespace signalbox {

struct Load {
  int port = 0;  // On 127.0.0.1.
  // Else each delivery has its own connection.
  bool keep_alive = false;
  absl::Duration time = absl::Seconds(2);
  // Deliveries a second, regardless of the answers (an open loop); 0: as many
  // as get through, with `connections` under way at any time (a closed loop).
  double rate = 0;
  int connections = 16;
};

struct LoadResult {
  // From when each was to be sent, which includes connecting, to the last byte
  // of its answer. In an open loop that is its turn, even if it could not be
  // sent then.
  std::vector<absl::Duration> latencies;
  int failed = 0;       // Not answered with 2xx, or not within 10 s of the end.
  absl::Duration time;  // From the first to the last answer.
  size_t sent = 0;      // Of the deliveries, from the front.

  double PerSecond() const {
    return static_cast<double>(latencies.size()) / absl::ToDoubleSeconds(time);
  }
};

// Sends deliveries, each once and in order, until there is no more time or no
// more deliveries, and awaits their answers. Uses one thread: the caller's.
LoadResult SendLoad(const Load& load, const Deliveries& kind,
                    absl::Span<const Delivery> deliveries);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_LOAD_GENERATOR_H_
