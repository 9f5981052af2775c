#include "server/rpc/call_id.h"

#include "absl/strings/string_view.h"
#include "common/request_id.h"

namespace signalbox {

std::string TakeRequestId(grpc::CallbackServerContext* context) {
  const auto sent = context->client_metadata().find(kRequestIdKey);
  std::string id;
  if (sent != context->client_metadata().end()) {
    id.assign(sent->second.data(), sent->second.size());
  }
  if (!IsRequestId(id)) id = NewRequestId();
  context->AddTrailingMetadata(kRequestIdKey, id);
  return id;
}

}  // namespace signalbox
