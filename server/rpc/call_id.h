#ifndef SIGNALBOX_SERVER_RPC_CALL_ID_H_
#define SIGNALBOX_SERVER_RPC_CALL_ID_H_

#include <grpcpp/grpcpp.h>

#include <string>

namespace signalbox {

// Returns the request id of a call that begins (common/request_id.h): the
// client's, from the metadata, or a new one if the client sent none or a text
// that is none. Adds it to the trailing metadata, so call it once for a call.
// Thread-safe.
std::string TakeRequestId(grpc::CallbackServerContext* context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_CALL_ID_H_
