#ifndef SIGNALBOX_SHIM_TOKEN_CHECK_H_
#define SIGNALBOX_SHIM_TOKEN_CHECK_H_

#include <grpcpp/grpcpp.h>

#include <future>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// TokenCheck asks the server once whether it knows the shim's token, and logs
// one line if it does not. So a wrong token is found when the shim starts, not
// when the first delivery is lost. TokenCheck waits on its own thread for a
// server that does not run yet, and delays nothing else.
class TokenCheck {
 public:
  // Borrows `server`. An empty `token`: sends none.
  TokenCheck(const Secret& token, v1::StatusService::StubInterface* server);
  // Cancels a call that has no answer yet.
  ~TokenCheck();
  TokenCheck(const TokenCheck&) = delete;
  TokenCheck& operator=(const TokenCheck&) = delete;

  // Waits for the server's answer and returns its code. Call it once.
  grpc::StatusCode Wait() { return code_.get(); }

 private:
  grpc::StatusCode Run(const Secret& token,
                       v1::StatusService::StubInterface* server);

  Mutex mu_;
  bool gives_up_ ABSL_GUARDED_BY(mu_) = false;
  // Null: there is no call.
  grpc::ClientContext* under_way_ ABSL_GUARDED_BY(mu_) = nullptr;

  // Of the thread, whose end the destructor awaits. The thread ends with the
  // call, because the call's context would keep the connection open, even after
  // the server is gone.
  std::future<grpc::StatusCode> code_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_TOKEN_CHECK_H_
