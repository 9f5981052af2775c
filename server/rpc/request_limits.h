#ifndef SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_
#define SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_

#include <cstddef>

namespace signalbox {

// The limits that several requests have, as the proto documents them.

inline constexpr int kMaxContexts = 100;
// Of a pattern of contexts, in bytes.
inline constexpr size_t kMaxContextPattern = 1024;
// Of an id or a word from GitHub, such as a delivery's event or a login, in
// bytes.
inline constexpr size_t kMaxWord = 255;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_REQUEST_LIMITS_H_
