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

// How long a caller waits before it repeats a call that ended with `status`;
// nothing: a repeat does not help, or the caller knows best. A full disk needs
// a person or a housekeeper: 2 to 5 s, spread over the callers by `count`, the
// number of pushbacks given before, so that they do not come back at once.
std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count);

// An error as the caller sees it.
struct ShownError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string reason;                         // Empty: it has none.
  std::string not_granted;                    // By NotGrantedOf.
  std::optional<absl::Duration> retry_after;  // By PushbackFor.
};

// What a caller sees of `status`, which is not OK. Of an INTERNAL error and of
// trouble of the store it learns no details: the log has them. Refused callers,
// named by `peer` if it is known, leave a line in the log, but not too many.
ShownError Show(const absl::Status& status, absl::string_view peer);

// Show for a call that ends with `status`. The reason, what was not granted and
// the pushback go into trailing metadata `signalbox-reason`,
// `signalbox-not-granted` and `grpc-retry-pushback-ms`; and, with the code and
// the message, into `grpc-status-details-bin`, as a google.rpc.Status with a
// google.rpc.ErrorInfo and a google.rpc.RetryInfo, which gateways keep. Call it
// before the call is finished.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERRORS_H_
