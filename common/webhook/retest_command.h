#ifndef SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_
#define SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// The most contexts in a call to the server.
constexpr size_t kMaxRetestContexts = 100;

// The contexts that a comment on a pull request asks to run again: those after
// `/retest` at the beginning of a line. Nothing: no line asks. No contexts: a
// line asks for all. More than kMaxRetestContexts: the comment has too many.
//
//   /retest
//   /retest ci/build ci/lint
//   /retest ci/build, ci/lint
//   /retest "Unit tests" build (ubuntu, 22.04) CI / lint
//
// Spaces and commas separate contexts, but not in quotation marks, backticks or
// brackets, and not around a word without letters and digits, as in `CI /
// lint`. For other contexts with spaces, the server joins the words again.
//
// A line asks for nothing if GitHub's page does not show it as the author's own
// words: in code (fenced, indented, <pre>, or in backticks over several lines),
// in a quotation and in the lines directly after one, and in an HTML comment.
std::optional<std::vector<std::string>> ReadRetestCommand(
    absl::string_view comment);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_RETEST_COMMAND_H_
