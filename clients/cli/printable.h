#ifndef SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_
#define SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// Text from elsewhere made fit for one line of a terminal: control characters,
// characters that are invisible or change the direction of writing, and bytes
// that are not UTF-8 become `\x1b`, `\u202e` or `\U000e0041`. All else stays.
std::string Printable(absl::string_view text);

// The same for a JSON document, where it does not change what the document
// says: characters are written as `\u202e` or as a pair `\udb40\udc41`.
std::string PrintableJson(absl::string_view json);

// How many characters of UTF-8 `text` has.
size_t CharacterCount(absl::string_view text);

// `text`, cut to `limit` characters, the last of them then `…`.
std::string Shortened(absl::string_view text, size_t limit);

// The last `limit` characters of `text`, the first of them `…` if it has more.
std::string LastCharacters(absl::string_view text, size_t limit);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_PRINTABLE_H_
