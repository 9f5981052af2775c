#include "clients/cli/console.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cpp/client.h"

namespace signalbox {

void Complain(absl::string_view text) {
  // One write, so that lines of others do not come in between.
  const std::string line = absl::StrCat("signalbox: ", Printable(text), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void ComplainOf(const v1::Receipt& receipt) {
  for (const std::string& warning : receipt.warnings()) {
    Complain(absl::StrCat(receipt.context(), ": ", warning));
  }
  if (receipt.disposition() == v1::SUPERSEDED) {
    Complain(absl::StrCat(receipt.context(),
                          ": the server has a newer report, which stays"));
  }
}

std::string Explain(const absl::Status& error, absl::string_view what,
                    const Arguments& arguments, const Subject& subject) {
  if (ExitCodeFor(error) == kNotReachable) {
    return absl::StrCat(what, ": no answer from the server at ",
                        arguments.server, " (", error.message(),
                        "); is it running, and is --server or SIGNALBOX_SERVER "
                        "right?");
  }
  std::string text = absl::StrCat(what, ": ", error.message(), " (",
                                  absl::StatusCodeToString(error.code()));
  const std::string reason = Client::ReasonOf(error);
  if (!reason.empty()) absl::StrAppend(&text, ", ", reason);
  absl::StrAppend(&text, ")");
  if (!subject.sources.empty()) {
    absl::StrAppend(&text, "; ", absl::StrJoin(subject.sources, ", "));
  }
  return text;
}

ExitCode ExitCodeFor(const absl::Status& status) {
  if (status.ok()) return kDone;
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)
             ? kNotReachable
             : kRefused;
}

}  // namespace signalbox
