#ifndef SIGNALBOX_SHIM_TOKEN_CHECK_H_
#define SIGNALBOX_SHIM_TOKEN_CHECK_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// TokenCheck asks the server once whether it knows the shim's token, and logs
// one line if it does not: so a wrong token is found when the shim starts, and
// not when the first delivery is lost. It waits for a server that is not there
// yet, in gRPC's threads, and keeps nobody else waiting.
class TokenCheck {
 public:
  // Borrows `server`. An empty `token`: none is sent.
  TokenCheck(const std::string& token,
             v1::StatusService::StubInterface* server);
  // Gives up what has no answer yet.
  ~TokenCheck();
  TokenCheck(const TokenCheck&) = delete;
  TokenCheck& operator=(const TokenCheck&) = delete;

  // What the server said, once it has.
  grpc::StatusCode Wait();

 private:
  struct Call {
    grpc::ClientContext context;
    v1::ListCommitsRequest request;
    v1::ListCommitsResponse response;
  };

  void Done(const grpc::Status& status);

  // Gone once the call has ended: it keeps its connection open, even when the
  // server is gone.
  std::weak_ptr<Call> call_;

  std::mutex mu_;
  std::condition_variable changed_;
  bool is_done_ = false;                          // Guarded by mu_.
  grpc::StatusCode code_ = grpc::StatusCode::OK;  // Guarded by mu_.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_TOKEN_CHECK_H_
