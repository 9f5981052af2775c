#ifndef SIGNALBOX_SHIM_TOKEN_CHECK_H_
#define SIGNALBOX_SHIM_TOKEN_CHECK_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// TokenCheck asks the server once whether it knows the shim's token, and logs
// one line if it does not: so a wrong token is found when the shim starts, and
// not when the first delivery is lost. It waits for a server that is not there
// yet, in a thread of its own, and keeps nobody else waiting.
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
  void Run(const std::string& token, v1::StatusService::StubInterface* server);
  void Done(const grpc::Status& status);

  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  bool gives_up_ = false;
  grpc::ClientContext* under_way_ = nullptr;  // Null: no call is.
  bool is_done_ = false;
  grpc::StatusCode code_ = grpc::StatusCode::OK;

  // Ends with the call, so that nothing of it stays: its context would keep the
  // connection open, even when the server is gone.
  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_TOKEN_CHECK_H_
