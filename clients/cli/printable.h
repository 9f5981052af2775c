#ifndef SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_
#define SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// Text from outside could move a terminal's cursor or look like another text.
// These functions make it safe to print.

// Makes `text` fit for one line of a terminal. Replaces control characters,
// invisible characters, characters that change the direction of writing, and
// bytes that are not UTF-8, by escapes such as `\x1b`, `\u202e` or
// `\U000e0041`.
std::string Printable(absl::string_view text);

// The same for a JSON document, with JSON's own escapes: `\u202e`, or a pair
// such as `\udb40\udc41`. The document keeps its meaning.
std::string PrintableJson(absl::string_view json);

// `text`, if it has at most `limit` characters. Else its beginning and `…`,
// together `limit` characters.
std::string Shortened(absl::string_view text, size_t limit);

// `text`, if it has at most `limit` characters. Else `…` and its end, together
// `limit` characters.
std::string LastCharacters(absl::string_view text, size_t limit);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_
