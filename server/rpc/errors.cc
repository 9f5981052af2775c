#include "server/rpc/errors.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/log_limit.h"
#include "server/rpc/authorizer.h"

namespace signalbox {
namespace {

// Long enough for a full queue to drain, short enough for a person to wait.
constexpr char kPushbackMs[] = "200";

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

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context) {
  if (status.ok()) return grpc::Status::OK;
  const std::string reason = ReasonOf(status);
  if (context != nullptr) {
    if (!reason.empty()) {
      context->AddTrailingMetadata("signalbox-reason", reason);
    }
    const std::string not_granted = NotGrantedOf(status);
    if (!not_granted.empty()) {
      context->AddTrailingMetadata("signalbox-not-granted", not_granted);
    }
    if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
      context->AddTrailingMetadata("grpc-retry-pushback-ms", kPushbackMs);
    }
  }
  const std::string peer = context == nullptr ? "" : context->peer();
  const bool store_can_be_repeated =
      absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  if (absl::IsInternal(status) ||
      (IsOfTheStore(reason) && !store_can_be_repeated)) {
    LogError("a call failed", {{"error", status.message()}});
    return grpc::Status(grpc::StatusCode::INTERNAL,
                        "internal error; the server's log says more");
  }
  if (IsOfTheStore(reason)) {
    static LogLimit limit;
    LogSome(&limit, "the store took nothing", status, peer);
    return grpc::Status(
        static_cast<grpc::StatusCode>(status.code()),
        reason == "DISK_FULL"
            ? "the server's disk is full; repeat the call once it has room"
            : "the server's database is busy; repeat the call");
  }
  if (IsRefusal(status)) {
    static LogLimit limit;
    LogSome(&limit, "a call was refused", status, peer);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

}  // namespace signalbox
