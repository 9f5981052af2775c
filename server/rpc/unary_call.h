#ifndef SIGNALBOX_SERVER_RPC_UNARY_CALL_H_
#define SIGNALBOX_SERVER_RPC_UNARY_CALL_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "server/base/metrics.h"
#include "server/rpc/call_id.h"
#include "server/rpc/errors.h"

namespace signalbox {

// UnaryCall is one gRPC call with one answer, while it is under way. The code
// that handles it must end it exactly once, also if the server is too slow.
// Copies mean the same call.
//
// Thread-safe.
class UnaryCall {
 public:
  // Both are borrowed. `counters` counts how calls end.
  UnaryCall(grpc::CallbackServerContext* context, CodeCounters* counters)
      : context_(context),
        reactor_(context->DefaultReactor()),
        counters_(counters),
        request_id_(TakeRequestId(context)) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  const std::string& request_id() const { return request_id_; }

  // Fill the response first: it no longer exists afterwards.
  void End(const absl::Status& status) const {
    counters_->Count(status.code());
    reactor_->Finish(ToGrpcStatus(status, context_, request_id_));
  }

 private:
  grpc::CallbackServerContext* context_;
  grpc::ServerUnaryReactor* reactor_;
  CodeCounters* counters_;
  std::string request_id_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_UNARY_CALL_H_
