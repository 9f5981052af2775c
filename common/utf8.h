#ifndef SIGNALBOX_COMMON_UTF8_H_
#define SIGNALBOX_COMMON_UTF8_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace signalbox {

// One character at the front of a text.
struct Utf8Character {
  uint32_t code_point = 0;
  size_t size = 1;     // In bytes, at least 1.
  bool valid = false;  // If not, these bytes are no character.
};

// The first character of `text`, which must not be empty, by the table of
// well-formed sequences of the Unicode standard (no overlong forms, no
// surrogates, nothing above U+10FFFF).
Utf8Character FirstCharacter(absl::string_view text);

// The beginning of `text`, at most `limit` bytes, without half a character at
// its end.
absl::string_view CutUtf8(absl::string_view text, size_t limit);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_UTF8_H_
