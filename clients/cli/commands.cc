#include "clients/cli/commands.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/console.h"
#include "clients/cli/printable.h"
#include "clients/cli/status_table.h"

namespace signalbox {
namespace {

constexpr size_t kMaxToken = 4096;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::string text(kMaxToken + 1, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(file.gcount());
  const std::string token(absl::StripAsciiWhitespace(text));
  if (!file.eof() || token.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file: cannot read a token from ", path));
  }
  return token;
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

std::string LowerName(v1::Result result) {
  return absl::AsciiStrToLower(v1::Result_Name(result));
}

// One line per receipt: `acme/widgets@6dcb09b5 ci/build: success`.
void PrintReceipt(const v1::Receipt& receipt, const Subject& subject,
                  absl::string_view what) {
  std::printf("%s\n", Printable(absl::StrCat(subject.Display(), " ",
                                             receipt.context(), ": ", what))
                          .c_str());
}

bool IsTerminalWithColours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 &&
         (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || absl::string_view(terminal) != "dumb");
}

}  // namespace

absl::StatusOr<Client> ConnectAs(const Arguments& arguments) {
  ClientOptions options;
  options.retry_for = arguments.retry_for;
  // Somebody with little patience does not want to wait long for one answer.
  // A status is asked for once, and by a person.
  if (arguments.subcommand != Subcommand::kStatus) {
    options.try_timeout = std::min(
        options.try_timeout, std::max(arguments.retry_for, absl::Seconds(2)));
  }
  if (!arguments.token_file.empty()) {
    absl::StatusOr<std::string> token = ReadToken(arguments.token_file);
    if (!token.ok()) return token.status();
    options.token = *std::move(token);
  }
  return Client::Connect(arguments.server, std::move(options));
}

v1::ReportPendingRequest PendingRequest(const Arguments& arguments,
                                        const Subject& subject) {
  v1::ReportPendingRequest request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  for (const std::string& context : arguments.contexts) {
    request.add_contexts(context);
  }
  request.set_attempt(subject.attempt);
  request.set_description(arguments.description.value_or(""));
  request.set_target_url(subject.target_url);
  return request;
}

v1::ReportResultRequest ResultRequest(const Arguments& arguments,
                                      const Subject& subject) {
  v1::ReportResultRequest request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  request.set_context(arguments.contexts.front());
  request.set_attempt(subject.attempt);
  request.set_result(arguments.result);
  request.set_description(arguments.description.value_or(""));
  request.set_target_url(subject.target_url);
  return request;
}

int ReportPending(const Arguments& arguments, const Subject& subject,
                  const Client& client) {
  const auto answer = client.ReportPending(PendingRequest(arguments, subject));
  if (!answer.ok()) {
    Complain(Explain(
        answer.status(),
        absl::StrCat("the pending of ", absl::StrJoin(arguments.contexts, ", "),
                     " on ", subject.Display(), " was not reported"),
        arguments, subject));
    return ExitCodeFor(answer.status());
  }
  if (arguments.json) PrintJson(*answer);
  for (const v1::Receipt& receipt : answer->receipts()) {
    if (!arguments.json) PrintReceipt(receipt, subject, "pending");
    ComplainOf(receipt);
  }
  return kDone;
}

int ReportResult(const Arguments& arguments, const Subject& subject,
                 const Client& client) {
  const auto answer = client.ReportResult(ResultRequest(arguments, subject));
  if (!answer.ok()) {
    Complain(Explain(answer.status(),
                     absl::StrCat("the ", LowerName(arguments.result), " of ",
                                  arguments.contexts.front(), " on ",
                                  subject.Display(), " was not reported"),
                     arguments, subject));
    return ExitCodeFor(answer.status());
  }
  if (arguments.json) {
    PrintJson(*answer);
  } else {
    PrintReceipt(answer->receipt(), subject, LowerName(arguments.result));
  }
  ComplainOf(answer->receipt());
  return kDone;
}

int ShowStatus(const Arguments& arguments, const Subject& subject,
               const Client& client) {
  v1::GetCommitStatusRequest request;
  request.set_repository(subject.repository);
  request.set_sha(subject.sha);
  const auto answer = client.GetCommitStatus(request);
  if (!answer.ok()) {
    Complain(Explain(answer.status(),
                     absl::StrCat("no status of ", subject.Display()),
                     arguments, subject));
    return ExitCodeFor(answer.status());
  }
  if (arguments.json) {
    PrintJson(*answer);
  } else {
    std::fputs(
        StatusTable(*answer, absl::Now(), IsTerminalWithColours()).c_str(),
        stdout);
  }
  return kDone;
}

}  // namespace signalbox
