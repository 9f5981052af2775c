#include "server/rpc/errors.h"

#include <string>

#include "server/base/error.h"
#include "server/base/log.h"
#include "server/rpc/authorizer.h"

namespace signalbox {
namespace {

// Long enough for a full queue to drain, short enough for a person to wait.
constexpr char kPushbackMs[] = "200";

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context) {
  if (status.ok()) return grpc::Status::OK;
  if (context != nullptr) {
    const std::string reason = ReasonOf(status);
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
  if (absl::IsInternal(status)) {
    LogError("a call failed", {{"error", status.message()}});
    return grpc::Status(grpc::StatusCode::INTERNAL,
                        "internal error; the server's log says more");
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

}  // namespace signalbox
