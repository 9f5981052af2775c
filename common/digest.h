#ifndef SIGNALBOX_COMMON_DIGEST_H_
#define SIGNALBOX_COMMON_DIGEST_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// SHA-256 of `bytes`, as 32 raw bytes.
std::string Sha256(absl::string_view bytes);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_DIGEST_H_
