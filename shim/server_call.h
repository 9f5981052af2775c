#ifndef SIGNALBOX_SHIM_SERVER_CALL_H_
#define SIGNALBOX_SHIM_SERVER_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"
#include "shim/webhook/event.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// What the log says of a call.
struct CallSummary {
  absl::string_view method;  // Of the StatusService; static.
  std::string repository;    // Or the account, where it is about no repository.
  std::string sha;           // Empty if it is not about a commit.
};
CallSummary Summarize(const HookCall& call);

// Says in a call who the shim is to the server; empty: nothing.
void AddToken(absl::string_view token, grpc::ClientContext* context);

struct ServerAnswer {
  grpc::Status status;
  // Of PERMISSION_DENIED: what the shim has no grant of (`repository`,
  // `account`, `context`), or `right`. Empty: the server does not say.
  std::string not_granted;
  // Why an OK has put nothing on disk: no context is expected, or the server
  // is older than this kind of event and repeating it would not help. Else
  // empty.
  std::string nothing_done;
};

// Makes `call`, with the delivery that asks for it, and waits for the answer
// until `deadline`. The action is taken from the call. `token`: of the caller
// that the shim is to the server; empty: none.
ServerAnswer CallServer(const HookCall& call, v1::Delivery delivery,
                        std::chrono::system_clock::time_point deadline,
                        absl::string_view token,
                        v1::StatusService::StubInterface& server);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SERVER_CALL_H_
