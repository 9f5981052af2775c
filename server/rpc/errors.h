#ifndef SIGNALBOX_SERVER_RPC_ERRORS_H_
#define SIGNALBOX_SERVER_RPC_ERRORS_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace signalbox {

// How long a caller waits before it repeats a call that ended with `status`;
// nothing: a repeat does not help, or the caller knows best. A full disk needs
// a person or a housekeeper: 2 to 5 s, spread over the callers by `count`, the
// number of pushbacks given before, so that they do not come back at once.
std::optional<absl::Duration> PushbackFor(const absl::Status& status,
                                          uint64_t count);

// What a program may want to know of an error.
struct ErrorInfo {
  std::string reason;                         // Empty: it has none.
  std::string not_granted;                    // By NotGrantedOf.
  std::optional<absl::Duration> retry_after;  // By PushbackFor.
};
ErrorInfo ErrorInfoOf(const absl::Status& status);

// An error as the caller sees it. Its ErrorInfo goes into trailing metadata
// `signalbox-reason`, `signalbox-not-granted` and `grpc-retry-pushback-ms`, and
// into the ErrorDetails of the status. Of an INTERNAL error and of trouble of
// the store the caller learns no details: the log has them. Refused callers
// leave a line in the log, but not too many. Call it before the call is
// finished; `context` may be null where there is no call to add metadata to.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERRORS_H_
