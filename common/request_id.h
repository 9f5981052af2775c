#ifndef SIGNALBOX_COMMON_REQUEST_ID_H_
#define SIGNALBOX_COMMON_REQUEST_ID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// A request id is a short text that names one call in the logs of all programs
// that the call passes. The client chooses it, or else the server. All
// functions are thread-safe.

// The metadata of a gRPC call, and of its end, that holds the id.
inline constexpr char kRequestIdKey[] = "signalbox-request-id";

// Whether `text` may be a request id: 1 to 64 letters, digits and `._:-`.
bool IsRequestId(absl::string_view text);

// A new id. It differs from all others, and is no secret. Cheap: the process
// draws the random part once.
std::string NewRequestId();

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_REQUEST_ID_H_
