#ifndef SIGNALBOX_SERVER_BASE_TOKEN_BUCKET_H_
#define SIGNALBOX_SERVER_BASE_TOKEN_BUCKET_H_

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "server/base/steady_time.h"

namespace signalbox {

// TokenBucket limits how many things happen per second. It holds at most
// `burst` tokens, and gets `per_second` new ones each second. Each thing takes
// one token, so after a quiet time `burst` things may happen at once. Begins
// full.
//
// Before each thing: call Refill, then IsEmpty; if it is not empty, call Take.
//
// Not thread-safe.
class TokenBucket {
 public:
  // `burst` must be at least 1: a smaller bucket never holds a token.
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  void Refill(SteadyTime now) {
    if (filled_.has_value()) {
      const double seconds = absl::ToDoubleSeconds(now - *filled_);
      tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    }
    filled_ = now;
  }

  bool IsEmpty() const { return tokens_ < 1; }
  double tokens() const { return tokens_; }

  // The bucket must not be empty.
  void Take() { --tokens_; }

 private:
  const double per_second_;
  const double burst_;
  double tokens_;
  std::optional<SteadyTime> filled_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_TOKEN_BUCKET_H_
