#ifndef SIGNALBOX_SHIM_SERVER_CALL_H_
#define SIGNALBOX_SHIM_SERVER_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/hook_call.h"
#include "common/mutex.h"
#include "common/rpc/client_context.h"
#include "common/rpc/shared_stream.h"
#include "common/secret.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The shim's gRPC calls to signalbox-server.

// What the log shows of a call.
struct CallSummary {
  absl::string_view method;  // Of the StatusService; static.
  std::string repository;    // Or the account, for a call without a repository.
  std::string sha;           // Empty if it is not about a commit.
};
CallSummary Summarize(const HookCall& call);

// The end of a call.
struct ServerAnswer {
  grpc::Status status;
  // What the shim lacks, after PERMISSION_DENIED: `right`, or the kind of thing
  // of which it has no grant: `repository`, `account` or `context`. Empty: the
  // server does not say.
  std::string not_granted;
  // Not empty: `status` is OK, but the server has stored nothing, and a repeat
  // would not help. Says why: the repository expects no context, or the server
  // is too old for this kind of event.
  std::string nothing_done;
};

// What the calls of one shim share. Thread-safe.
struct ServerLink {
  // Borrows `server`. `token` identifies the shim to the server; empty: sends
  // none.
  ServerLink(v1::StatusService::StubInterface& server, const Secret& token)
      : server(server),
        token(token),
        reports(server, Secret(BearerOf(token.Reveal()))) {}

  v1::StatusService::StubInterface& server;
  const Secret token;
  SharedStream reports;
};

// Makes a gRPC call of `call`, and waits for the answer until `deadline`.
// `delivery` identifies the delivery; its action is set from `call`. A report
// goes over the link's stream; if that gives no answer, and for an event, over
// a unary call.
ServerAnswer CallServer(const HookCall& call, v1::Delivery delivery,
                        std::chrono::steady_clock::time_point deadline,
                        ServerLink& link);

// TokenCheck asks the server, when the shim starts, whether it knows the shim's
// token. If not, it logs one line. So an operator notices a wrong token before
// a delivery is lost. If the server does not run yet, TokenCheck waits for it
// on its own thread, and delays nothing else.
class TokenCheck {
 public:
  // Begins the call. Borrows `server`. An empty `token`: sends none.
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
  // The call under way; null: there is none.
  grpc::ClientContext* under_way_ ABSL_GUARDED_BY(mu_) = nullptr;

  // The result of the thread; its destructor waits for the thread's end. The
  // thread ends with the call, because the call's context would keep the
  // connection open, even after the server is gone.
  std::future<grpc::StatusCode> code_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SERVER_CALL_H_
