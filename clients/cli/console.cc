#include "clients/cli/console.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"
#include "clients/cpp/client.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void UseBareNames(const Descriptor& type, nlohmann::ordered_json* message);

void UseBareNames(const FieldDescriptor& field, nlohmann::ordered_json* value) {
  if (value->is_array()) {
    for (nlohmann::ordered_json& element : *value)
      UseBareNames(field, &element);
  } else if (field.enum_type() != nullptr && value->is_string()) {
    *value =
        std::string(WithoutType(value->get<std::string>(), *field.enum_type()));
  } else if (field.message_type() != nullptr && value->is_object()) {
    UseBareNames(*field.message_type(), value);
  }
}

// Strips the name of the type from the values of enumerations.
void UseBareNames(const Descriptor& type, nlohmann::ordered_json* message) {
  for (int i = 0; i < type.field_count(); ++i) {
    const auto field = message->find(type.field(i)->name());
    if (field != message->end()) UseBareNames(*type.field(i), &*field);
  }
}

}  // namespace

void Complain(absl::string_view text) {
  // One write, so that other processes' output does not split the line.
  const std::string line = absl::StrCat("signalbox: ", Printable(text), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  static_cast<void>(
      google::protobuf::util::MessageToJsonString(message, &text, options));
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  UseBareNames(*message.GetDescriptor(), &json);
  std::printf("%s\n", PrintableJson(json.dump()).c_str());
}

void Print(const Arguments& arguments, const google::protobuf::Message& answer,
           const std::string& text) {
  if (arguments.json) {
    PrintJson(answer);
  } else {
    std::fputs(text.c_str(), stdout);
  }
}

bool WantsColours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 &&
         (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || absl::string_view(terminal) != "dumb");
}

void PrintWarnings(const v1::Receipt& receipt, const Subject& subject) {
  for (const std::string& warning : receipt.warnings()) {
    Complain(absl::StrCat(receipt.context(), ": ", warning));
  }
  if (receipt.disposition() != v1::DISPOSITION_SUPERSEDED) return;
  std::string text =
      absl::StrCat(receipt.context(), ": ", OutcomeText(receipt, subject, ""));
  if (subject.attempt > 0 && subject.attempt < receipt.newest_attempt()) {
    absl::StrAppend(&text, ". If the counter",
                    subject.series.empty() ? "" : " ", subject.series,
                    " began again, as that of a recreated job does, report "
                    "with --attempt 0 or with another --series");
  }
  Complain(text);
}

namespace {

// What GitHub shows for a result.
v1::CommitState StateOf(v1::Result result) {
  switch (result) {
    case v1::RESULT_UNSPECIFIED:
      return v1::COMMIT_STATE_PENDING;
    case v1::RESULT_SUCCESS:
    case v1::RESULT_SKIPPED:
    case v1::RESULT_NEUTRAL:
      return v1::COMMIT_STATE_SUCCESS;
    case v1::RESULT_FAILURE:
      return v1::COMMIT_STATE_FAILURE;
    default:
      return v1::COMMIT_STATE_ERROR;
  }
}

// Why the server is away, without gRPC's own words: the last part of `failed to
// connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to
// connect to remote host: Connection refused`.
std::string WhyAway(absl::string_view message) {
  if (absl::StartsWith(message, "DNS resolution failed")) {
    return "there is no such host";
  }
  if (absl::StartsWith(message, "failed to connect to all addresses")) {
    const size_t colon = message.rfind(": ");
    if (colon != absl::string_view::npos) message.remove_prefix(colon + 2);
  }
  return std::string(message);
}

}  // namespace

std::string OutcomeText(const v1::Receipt& receipt, const Subject& subject,
                        absl::string_view what) {
  if (receipt.disposition() == v1::DISPOSITION_UNCHANGED) {
    return absl::StrCat(what, ", as before");
  }
  if (receipt.disposition() != v1::DISPOSITION_SUPERSEDED) {
    return std::string(what);
  }
  const std::string held =
      receipt.state() == v1::COMMIT_STATE_UNSPECIFIED
          ? ""
          : StateText(receipt.state(), v1::RESULT_UNSPECIFIED);
  const int64_t newest = receipt.newest_attempt();
  const bool has_ended = receipt.newest_result() != v1::RESULT_UNSPECIFIED;
  const bool is_older = subject.attempt > 0 && subject.attempt < newest;
  const bool is_same = subject.attempt > 0 && subject.attempt == newest;
  if (!is_older && !(is_same && has_ended)) {
    return absl::StrCat("ignored: a newer report",
                        held.empty() ? "" : absl::StrCat(" (", held, ")"),
                        " stays");
  }
  const std::string end =
      has_ended ? ValueWords(receipt.newest_result()) : "pending";
  return absl::StrCat(
      "ignored: attempt ", subject.attempt,
      is_same ? absl::StrCat(" has already ended with ", end)
              : absl::StrCat(" is older than attempt ", newest, " (", end, ")"),
      held.empty() || StateOf(receipt.newest_result()) == receipt.state()
          ? ", which stays"
          : absl::StrCat("; GitHub shows ", held));
}

int Fail(const absl::Status& error, absl::string_view what,
         const Arguments& arguments, const Subject& subject,
         absl::string_view advice) {
  const std::string reason = Client::ReasonOf(error);
  if (reason == "TLS_NEEDED" || reason == "CERTIFICATE_NEEDED") {
    Complain(absl::StrCat(what, ": ", error.message()));
    return kNotReachable;
  }
  if (ExitCodeFor(error) == kNotReachable) {
    Complain(absl::StrCat(what, ": no answer from the server at ",
                          arguments.server, " (", WhyAway(error.message()),
                          "). Check that it runs, and that --server or "
                          "SIGNALBOX_SERVER is its address"));
    return kNotReachable;
  }
  std::string text = absl::StrCat(what, ": ", error.message(), " (",
                                  absl::StatusCodeToString(error.code()));
  if (!reason.empty()) absl::StrAppend(&text, ", ", reason);
  absl::StrAppend(&text, ")");
  const std::string request_id = Client::RequestIdOf(error);
  if (!request_id.empty()) absl::StrAppend(&text, "; request ", request_id);
  if (!subject.sources.empty()) {
    absl::StrAppend(&text, "; ", absl::StrJoin(subject.sources, ", "));
  }
  Complain(absl::StrCat(text, advice));
  return kRefused;
}

ExitCode ExitCodeFor(const absl::Status& status) {
  if (status.ok()) return kDone;
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)
             ? kNotReachable
             : kRefused;
}

}  // namespace signalbox
