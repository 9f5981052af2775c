#ifndef SIGNALBOX_SHIM_WEBHOOK_RETEST_COMMAND_H_
#define SIGNALBOX_SHIM_WEBHOOK_RETEST_COMMAND_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// As many contexts as a call to the server may have.
constexpr size_t kMaxRetestContexts = 100;

// The contexts that the comment of a pull request asks to be run again: those
// behind `/retest` at the begin of a line. Nothing if no line asks, no contexts
// if one asks for all; more than kMaxRetestContexts mean that there are more.
//
//   /retest
//   /retest ci/build ci/lint
//   /retest ci/build, ci/lint
//   /retest "Unit tests" build (ubuntu, 22.04) CI / lint
//
// Space and commas separate contexts. What is in quotation marks, backticks or
// brackets is not separated, and neither is what a word without letters and
// digits joins. Of other contexts with spaces the server joins the words again.
//
// Where GitHub's page shows the line as something else than the author's words,
// it asks for nothing: in code (fenced, indented, <pre>, or in backticks over
// several lines), in a quotation and in the lines directly behind one, and in a
// comment of HTML.
std::optional<std::vector<std::string>> ReadRetestCommand(
    absl::string_view comment);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_RETEST_COMMAND_H_
