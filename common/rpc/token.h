#ifndef SIGNALBOX_COMMON_RPC_TOKEN_H_
#define SIGNALBOX_COMMON_RPC_TOKEN_H_

#include <grpcpp/client_context.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Adds the token that identifies the caller to the server; empty: adds nothing.
// Call it before the gRPC call begins.
inline void AddToken(absl::string_view token, grpc::ClientContext* context) {
  if (!token.empty()) {
    context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
  }
}

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_TOKEN_H_
