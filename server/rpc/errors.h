#ifndef SIGNALBOX_SERVER_RPC_ERRORS_H_
#define SIGNALBOX_SERVER_RPC_ERRORS_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"

namespace signalbox {

// An error as the caller sees it. Its reason goes into trailing metadata
// `signalbox-reason`, what was not granted into `signalbox-not-granted`, and
// with UNAVAILABLE and RESOURCE_EXHAUSTED goes `grpc-retry-pushback-ms`. Of an
// INTERNAL error and of trouble of the store the caller learns no details: the
// log has them. Refused callers leave a line in the log, but not too many. Call
// it before the call is finished; `context` may be null where there is no call
// to add metadata to.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          grpc::CallbackServerContext* context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_ERRORS_H_
