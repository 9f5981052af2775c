#ifndef SIGNALBOX_SHIM_SERVER_CALL_H_
#define SIGNALBOX_SHIM_SERVER_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"
#include "common/hook_call.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// What the log shows of a call.
struct CallSummary {
  absl::string_view method;  // Of the StatusService; static.
  std::string repository;    // Or the account, for a call without a repository.
  std::string sha;           // Empty if it is not about a commit.
};
CallSummary Summarize(const HookCall& call);

// Adds the token that identifies the shim to the server; empty: adds nothing.
void AddToken(absl::string_view token, grpc::ClientContext* context);

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

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SERVER_CALL_H_
