#ifndef SIGNALBOX_COMMON_UTF8_H_
#define SIGNALBOX_COMMON_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

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

// Whether all of `text` is UTF-8.
bool IsValidUtf8(absl::string_view text);

// The longest beginning of `text` that has at most `limit` bytes and does not
// end within a character.
absl::string_view CutUtf8(absl::string_view text, size_t limit);

// The number of characters in `text`. Bytes that are not UTF-8 count as
// FirstCharacter reads them.
size_t CharacterCount(absl::string_view text);

// The longest beginning of `text` that has at most `limit` characters.
absl::string_view FirstCharacters(absl::string_view text, size_t limit);

// A character as an escape of four or eight hexadecimal digits: `\u202e`,
// `\U0001f680`.
std::string CharacterEscape(uint32_t code_point);

// The same as JSON writes it: `\u202e`, or the pair `\ud83d\ude80`.
std::string JsonEscape(uint32_t code_point);

// The first character of `text` (not empty) as an error message names it:
// `U+00FC`, or `the byte 0xff` if it is not UTF-8.
std::string CharacterName(absl::string_view text);

// `text` in printable ASCII. Characters beyond ASCII become a CharacterEscape.
// Everything else is escaped as in C: `\n`, `\"`, `\x1b`, and `\xff` for a byte
// that is not UTF-8.
std::string Escaped(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_UTF8_H_
