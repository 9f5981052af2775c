#include "clients/cpp/repeats.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"

namespace signalbox {
namespace {

constexpr absl::Duration kLongestPause = absl::Seconds(5);

}  // namespace

std::optional<absl::Duration> Repeats::PauseAfter(
    const absl::Status& error, std::optional<absl::string_view> pushback) {
  const bool exhausted = absl::IsResourceExhausted(error);
  if (!exhausted && !absl::IsUnavailable(error) &&
      !absl::IsDeadlineExceeded(error)) {
    return std::nullopt;
  }
  if (pushback) {
    // By gRPC's rules (proposal A6), any other value forbids a retry.
    int32_t milliseconds = 0;
    if (!absl::SimpleAtoi(*pushback, &milliseconds) || milliseconds < 0) {
      return std::nullopt;
    }
    return absl::Milliseconds(milliseconds);
  }
  // Waiting does not lift this limit; the request may be too large.
  if (exhausted) return std::nullopt;
  const absl::Duration pause = base_ * (1 - 0.5 * random_());
  base_ = std::min(2 * base_, kLongestPause);
  return pause;
}

}  // namespace signalbox
