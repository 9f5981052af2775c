#ifndef SIGNALBOX_COMMON_RPC_CLIENT_CONTEXT_H_
#define SIGNALBOX_COMMON_RPC_CLIENT_CONTEXT_H_

#include <grpcpp/client_context.h>

#include <chrono>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/request_id.h"

namespace signalbox {

// What the clients of the server set before a gRPC call begins, and read after
// it has ended.

// Adds what identifies the caller to the server, such as `Bearer TOKEN`; empty:
// adds nothing.
inline void AddAuthorization(absl::string_view authorization,
                             grpc::ClientContext* context) {
  if (!authorization.empty()) {
    context->AddMetadata("authorization", std::string(authorization));
  }
}

// What AddAuthorization adds for a token; empty for an empty one.
inline std::string BearerOf(absl::string_view token) {
  return token.empty() ? "" : absl::StrCat("Bearer ", token);
}

// Adds the token that identifies the caller to the server; empty: adds nothing.
inline void AddToken(absl::string_view token, grpc::ClientContext* context) {
  AddAuthorization(BearerOf(token), context);
}

// Adds the id of the call (common/request_id.h); empty: the server makes one.
inline void AddRequestId(absl::string_view id, grpc::ClientContext* context) {
  if (!id.empty()) context->AddMetadata(kRequestIdKey, std::string(id));
}

// Ends the call at a time of the steady clock, of which gRPC itself takes none.
inline void SetDeadline(std::chrono::steady_clock::time_point deadline,
                        grpc::ClientContext* context) {
  context->set_deadline(
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          deadline - std::chrono::steady_clock::now()));
}

// The trailing metadata `name` of a call that has ended. Borrowed from
// `context`. Nothing: the server sent none of this name.
inline std::optional<absl::string_view> TrailingMetadata(
    const grpc::ClientContext& context, const char* name) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(name);
  if (found == metadata.end()) return std::nullopt;
  return absl::string_view(found->second.data(), found->second.size());
}

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_CLIENT_CONTEXT_H_
