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

// How errors of the server reach gRPC clients. Thread-safe.

// The pushback: the time that the server asks a caller to wait before it
// repeats a call that ended with `status`. Nothing: a repeat does not help, or
// the caller decides. After UNAVAILABLE the time is short. After DISK_FULL it
// is 2 to 5 s, because a person or a cleanup must make space.
//
// `count` is how many pushbacks the server has given before. It spreads the
// times, so that callers do not all come back at once.
std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count);

// An error as a caller sees it.
struct ShownError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string reason;                         // Stable word; empty: none.
  std::string not_granted;                    // From NotGrantedOf.
  std::optional<absl::Duration> retry_after;  // From PushbackFor.
};

// What a caller may see of `status`, which must not be OK. Details of an
// INTERNAL error and of a failure of the database go to the log only. If
// `status` refuses the caller, Show also writes a log line. The number of such
// lines is limited. All lines have the client's address `peer` and the call's
// `request_id`; both may be empty.
ShownError Show(const absl::Status& status, absl::string_view peer,
                absl::string_view request_id);

// Returns the gRPC status for a call that ends with `status`, as Show shows it.
// Call it before the call is finished, because it adds trailing metadata to
// `context`:
//   signalbox-reason         the reason.
//   signalbox-not-granted    see NotGrantedOf.
//   grpc-retry-pushback-ms   the pushback.
// The details of the gRPC status repeat all this as a google.rpc.Status with a
// google.rpc.ErrorInfo and a google.rpc.RetryInfo, because gateways keep these
// (`grpc-status-details-bin`).
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context,
                          absl::string_view request_id);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERRORS_H_
