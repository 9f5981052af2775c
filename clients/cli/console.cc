#include "clients/cli/console.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"
#include "clients/cpp/client.h"

namespace signalbox {

void Complain(absl::string_view text) {
  // One write, so that lines of others do not come in between.
  const std::string line = absl::StrCat("signalbox: ", Printable(text), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  static_cast<void>(
      google::protobuf::util::MessageToJsonString(message, &json, options));
  std::printf("%s\n", PrintableJson(json).c_str());
}

bool WantsColours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 &&
         (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || absl::string_view(terminal) != "dumb");
}

void ComplainOf(const v1::Receipt& receipt, const Subject& subject) {
  for (const std::string& warning : receipt.warnings()) {
    Complain(absl::StrCat(receipt.context(), ": ", warning));
  }
  if (receipt.disposition() == v1::SUPERSEDED) {
    std::string text = absl::StrCat(
        receipt.context(), ": ", Became(receipt, ""),
        ": a run with a larger "
        "number, or a worse result of this run, was reported before");
    if (subject.attempt > 0) {
      absl::StrAppend(&text, " (this is attempt ", subject.attempt,
                      subject.series.empty() ? "" : " of ", subject.series,
                      "); if the job was deleted and made anew, or counts "
                      "anew, --attempt 0 "
                      "or another --series makes its reports count");
    }
    Complain(text);
  }
}

std::string Became(const v1::Receipt& receipt, absl::string_view what) {
  if (receipt.disposition() == v1::UNCHANGED) {
    return absl::StrCat(what, ", as before");
  }
  if (receipt.disposition() != v1::SUPERSEDED) return std::string(what);
  if (receipt.state() == v1::COMMIT_STATE_UNSPECIFIED) return "superseded";
  return absl::StrCat("superseded, ",
                      StateText(receipt.state(), v1::RESULT_UNSPECIFIED),
                      " stays");
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
