#include "server/rpc/errors.h"

#include <atomic>
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/log_limit.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/error_details.h"

namespace signalbox {
namespace {

// Long enough for a full queue to drain, short enough for a person to wait.
constexpr absl::Duration kBusyPushback = absl::Milliseconds(200);
constexpr absl::Duration kShortestFullPushback = absl::Seconds(2);
constexpr absl::Duration kLongestFullPushback = absl::Seconds(5);

// The fractions of the multiples of the golden ratio: any run of them divides
// 0 to 1 evenly.
double Spread(uint64_t count) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  double whole = 0;
  return std::modf(static_cast<double>(count % (1 << 20)) * kGoldenRatio,
                   &whole);
}

// Whether the error is the store's: its message holds paths and SQLite's words.
bool IsOfTheStore(absl::string_view reason) {
  return reason == "DISK_FULL" || absl::StartsWith(reason, "STORE_");
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
}

// Writes a line of this kind, unless there are too many.
void LogSome(LogLimit* limit, absl::string_view event,
             const absl::Status& status, absl::string_view peer) {
  const std::optional<int64_t> left_out =
      limit->Allow(Clock::System()->Monotonic());
  if (!left_out.has_value()) return;
  LogWarning(event, {{"error", status.message()},
                     {"reason", ReasonOf(status)},
                     {"peer", peer},
                     {"left_out_before", *left_out}});
}

grpc::Status Status(grpc::StatusCode code, const std::string& message,
                    const ErrorInfo& info) {
  if (info.reason.empty()) return grpc::Status(code, message);
  ErrorDetails details;
  details.code = static_cast<absl::StatusCode>(code);
  details.message = message;
  details.reason = info.reason;
  details.not_granted = info.not_granted;
  details.retry_delay = info.retry_after;
  return grpc::Status(code, message, details.Serialize());
}

}  // namespace

std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count) {
  if (absl::IsUnavailable(status)) return kBusyPushback;
  if (!absl::IsResourceExhausted(status) || ReasonOf(status) != "DISK_FULL") {
    return std::nullopt;
  }
  return kShortestFullPushback +
         (kLongestFullPushback - kShortestFullPushback) * Spread(count);
}

ErrorInfo ErrorInfoOf(const absl::Status& status) {
  static std::atomic<uint64_t> pushback_count = 0;
  return {ReasonOf(status), NotGrantedOf(status),
          PushbackFor(status, pushback_count++)};
}

grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorInfo info = ErrorInfoOf(status);
  const std::string& reason = info.reason;
  if (context != nullptr) {
    if (!reason.empty()) {
      context->AddTrailingMetadata("signalbox-reason", reason);
    }
    if (!info.not_granted.empty()) {
      context->AddTrailingMetadata("signalbox-not-granted", info.not_granted);
    }
    if (info.retry_after.has_value()) {
      context->AddTrailingMetadata(
          "grpc-retry-pushback-ms",
          absl::StrCat(absl::ToInt64Milliseconds(*info.retry_after)));
    }
  }
  const std::string peer = context == nullptr ? "" : context->peer();
  const bool store_can_be_repeated =
      absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  if (absl::IsInternal(status) ||
      (IsOfTheStore(reason) && !store_can_be_repeated)) {
    LogError("a call failed", {{"error", status.message()}});
    return Status(grpc::StatusCode::INTERNAL,
                  "internal error; the server's log says more", info);
  }
  if (IsOfTheStore(reason)) {
    static LogLimit limit;
    LogSome(&limit, "the store took nothing", status, peer);
    return Status(
        static_cast<grpc::StatusCode>(status.code()),
        reason == "DISK_FULL"
            ? "the server's disk is full; repeat the call once it has room"
            : "the server's database is busy; repeat the call",
        info);
  }
  if (IsRefusal(status)) {
    static LogLimit limit;
    LogSome(&limit, "a call was refused", status, peer);
  }
  return Status(static_cast<grpc::StatusCode>(status.code()),
                std::string(status.message()), info);
}

}  // namespace signalbox
