#ifndef SIGNALBOX_COMMON_UTF8_H_
#define SIGNALBOX_COMMON_UTF8_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace signalbox {

// The first bytes of a text: one character, or bytes that are not UTF-8.
struct Utf8Character {
  uint32_t code_point = 0;  // Only if `valid`.
  size_t size = 1;          // In bytes, at least 1.
  bool valid = false;
};

// Reads the first character of `text`, which must not be empty. Valid are the
// well-formed sequences of the Unicode standard: no overlong forms, no
// surrogates, nothing above U+10FFFF. To read a whole text, remove `size` bytes
// and call it again.
Utf8Character FirstCharacter(absl::string_view text);

// The longest beginning of `text` that has at most `limit` bytes and does not
// end within a character.
absl::string_view CutUtf8(absl::string_view text, size_t limit);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_UTF8_H_
