#ifndef SIGNALBOX_REST_NAME_HASH_H_
#define SIGNALBOX_REST_NAME_HASH_H_

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A number for a name whose number at GitHub the door does not know: the same
// in all processes and versions, because clients keep it, and for each case of
// the name's ASCII letters. Two names can have one. Uniform in all its bits.
inline uint64_t HashOfName(absl::string_view name) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a.
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(absl::ascii_tolower(c))) *
           1099511628211u;
  }
  return hash;
}

}  // namespace signalbox

#endif  // SIGNALBOX_REST_NAME_HASH_H_
