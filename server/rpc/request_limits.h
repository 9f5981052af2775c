#ifndef SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_
#define SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_

#include <cstddef>

namespace signalbox {

// Of a pattern of contexts in a request, in bytes.
inline constexpr size_t kMaxContextPattern = 1024;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_
