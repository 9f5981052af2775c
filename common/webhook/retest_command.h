#ifndef SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_
#define SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// The most contexts in one call to the server.
constexpr size_t kMaxRetestContexts = 100;

// Reads which contexts a comment on a pull request asks to run again. The
// command is `/retest` at the beginning of a line, and contexts after it.
// Nothing: the comment has no such command. No contexts: the command is for all
// expected contexts. More than kMaxRetestContexts: the caller must refuse it.
//
//   /retest
//   /retest ci/build ci/lint
//   /retest ci/build, ci/lint
//   /retest "Unit tests" build (ubuntu, 22.04) CI / lint
//
// Spaces and commas separate contexts. They do not within quotation marks,
// backticks or brackets, nor around a word of signs alone, such as `/` in
// `CI / lint` or `»` in `Tests » Linux`. A context such as `Unit tests` without
// quotation marks becomes two; the server joins them if it expects `Unit
// tests`.
//
// A command counts only in a line of the author's own text; see markdown.h.
std::optional<std::vector<std::string>> ReadRetestCommand(
    absl::string_view comment);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_
