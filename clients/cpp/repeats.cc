#include "clients/cpp/repeats.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "common/error.h"
#include "common/rpc/client_context.h"

namespace signalbox {
namespace {

constexpr char kRequestIdPayload[] = "signalbox/request-id";
constexpr char kRepeatPayload[] = "signalbox/repeat";
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

absl::Status MakeError(absl::StatusCode code, absl::string_view reason,
                       absl::string_view message, bool wants_repeat,
                       absl::string_view request_id) {
  absl::Status error = Error(code, reason, message);
  if (wants_repeat) error.SetPayload(kRepeatPayload, absl::Cord());
  error.SetPayload(kRequestIdPayload, absl::Cord(request_id));
  return error;
}

absl::Status StreamEnded(absl::string_view request_id) {
  return MakeError(absl::StatusCode::kUnavailable, "",
                   "the server ended the stream", false, request_id);
}

bool WantsRepeat(const absl::Status& error) {
  return error.GetPayload(kRepeatPayload).has_value();
}

absl::Status ErrorOf(const grpc::Status& status,
                     const grpc::ClientContext& context,
                     absl::string_view request_id) {
  return MakeError(static_cast<absl::StatusCode>(status.error_code()),
                   TrailingMetadata(context, "signalbox-reason").value_or(""),
                   status.error_message(), Pushback(context).has_value(),
                   request_id);
}

std::string RequestIdOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kRequestIdPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::optional<absl::string_view> Pushback(const grpc::ClientContext& context) {
  return TrailingMetadata(context, "grpc-retry-pushback-ms");
}

}  // namespace signalbox
