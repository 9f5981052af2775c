#ifndef SIGNALBOX_SERVER_RPC_ERRORS_H_
#define SIGNALBOX_SERVER_RPC_ERRORS_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// How long a caller waits before it repeats a call that ended with `status`.
// Nothing: a repeat does not help, or the caller decides. After UNAVAILABLE the
// wait is short. After DISK_FULL, which takes a person or a cleanup to repair,
// it is 2 to 5 s. `count`, the number of pushbacks given before, spreads the
// callers, so that they do not all come back at once.
std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count);

// An error as the caller sees it.
struct ShownError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string reason;                         // Empty: it has none.
  std::string not_granted;                    // From NotGrantedOf.
  std::optional<absl::Duration> retry_after;  // From PushbackFor.
};

// What a caller sees of `status`, which must not be OK. It sees no details of
// an INTERNAL error or of a failure of the store: those are in the log. A
// refused caller causes a log line, with `peer` if that is not empty; the
// number of such lines is limited.
ShownError Show(const absl::Status& status, absl::string_view peer);

// Calls Show for a call that ends with `status`. Puts the reason, the missing
// grant and the pushback into trailing metadata `signalbox-reason`,
// `signalbox-not-granted` and `grpc-retry-pushback-ms`. Also puts them, with
// the code and the message, into `grpc-status-details-bin`, which gateways
// keep: a google.rpc.Status with a google.rpc.ErrorInfo and a
// google.rpc.RetryInfo. Call it before the call is finished.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERRORS_H_
