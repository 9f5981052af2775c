#ifndef SIGNALBOX_SHIM_SERVER_CALL_H_
#define SIGNALBOX_SHIM_SERVER_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/hook_call.h"
#include "common/mutex.h"
#include "common/secret.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// A connection to signalbox-server at `address`. It finds a restarted server
// within about a second, and repeats calls that failed while the server was
// away for a moment. Deliveries may be repeated: the server knows them by their
// ids.
std::unique_ptr<v1::StatusService::Stub> ConnectToServer(
    const std::string& address);

// What the log shows of a call.
struct CallSummary {
  absl::string_view method;  // Of the StatusService; static.
  std::string repository;    // Or the account, for a call without a repository.
  std::string sha;           // Empty if it is not about a commit.
};
CallSummary Summarize(const HookCall& call);

struct ServerAnswer {
  grpc::Status status;
  // For PERMISSION_DENIED: `right`, or what the shim has no grant of
  // (`repository`, `account`, `context`). Empty: the server does not say.
  std::string not_granted;
  // Why an OK has stored nothing: no context is expected, or the server is too
  // old for this kind of event, and a repeat would not help. Else empty.
  std::string nothing_done;
};

// Makes `call` with its delivery, and waits for the answer until `deadline`.
// Takes the delivery's action from the call. `token` identifies the shim to the
// server; empty: none is sent.
ServerAnswer CallServer(const HookCall& call, v1::Delivery delivery,
                        std::chrono::system_clock::time_point deadline,
                        absl::string_view token,
                        v1::StatusService::StubInterface& server);

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

#endif  // SIGNALBOX_SHIM_SERVER_CALL_H_
