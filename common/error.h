#ifndef SIGNALBOX_COMMON_ERROR_H_
#define SIGNALBOX_COMMON_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// An error with a stable reason: an upper-case word such as INVALID_SHA that
// programs may compare. gRPC clients get it as trailing metadata
// `signalbox-reason`. An empty reason: none.
absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message);

// INVALID_ARGUMENT for one field of a request, as
// `sha: "main" is not a full SHA (40 or 64 hexadecimal digits)`. `problem`
// continues the sentence after the value. The value is escaped and shortened.
absl::Status InvalidField(absl::string_view field, absl::string_view value,
                          absl::string_view problem, absl::string_view reason);

// INVALID_ARGUMENT for one option of a command line, as `--token-file: ` and
// `problem`, whose reason it keeps.
absl::Status InvalidOption(absl::string_view option,
                           const absl::Status& problem);

// The reason of an error; empty if it has none.
std::string ReasonOf(const absl::Status& status);

// Makes text from outside fit for one line of a log or an error. Quotes it,
// escapes control bytes and everything beyond printable ASCII, and cuts it
// after `limit` bytes, with `...` after the quotes.
std::string Quoted(absl::string_view text, size_t limit = 80);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ERROR_H_
