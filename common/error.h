#ifndef SIGNALBOX_COMMON_ERROR_H_
#define SIGNALBOX_COMMON_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Makes an error with a reason: a stable upper-case word, such as INVALID_SHA,
// that programs may compare. gRPC clients get it as trailing metadata
// `signalbox-reason`. Empty: the error has no reason.
absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message);

// Makes an INVALID_ARGUMENT error for one field of a request, as
// `sha: "main" is not a full SHA (40 or 64 hexadecimal digits)`. `problem` is
// the part after the value. The value is escaped and shortened.
absl::Status InvalidField(absl::string_view field, absl::string_view value,
                          absl::string_view problem, absl::string_view reason);

// Makes an INVALID_ARGUMENT error for one option of a command line: `option`,
// such as `--token-file`, a colon, and the message of `problem`. It has the
// reason of `problem`.
absl::Status InvalidOption(absl::string_view option,
                           const absl::Status& problem);

// The reason of an error; empty if it has none.
std::string ReasonOf(const absl::Status& status);

// Makes text from outside safe for one line of a log or an error. Puts it in
// quotes, and escapes all but printable ASCII (Escaped of common/utf8.h). Of a
// text of more than `limit` characters it shows the first `limit`, and `...`
// after the quotes.
std::string Quoted(absl::string_view text, size_t limit = 80);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ERROR_H_
