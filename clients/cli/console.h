#ifndef SIGNALBOX_CLIENTS_CLI_CONSOLE_H_
#define SIGNALBOX_CLIENTS_CLI_CONSOLE_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cli/arguments.h"
#include "clients/cli/subject.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What the program `signalbox` prints.

// Prints `signalbox: TEXT` as one line to stderr. Escapes `text`.
void Complain(absl::string_view text);

// Prints a message as JSON to stdout. Fields have their names in the proto.
// Values of enumerations lack the name of their type: `DUE`.
void PrintJson(const google::protobuf::Message& message);

// Prints `answer` as JSON to stdout with `--json`, else prints `text`.
void Print(const Arguments& arguments, const google::protobuf::Message& answer,
           const std::string& text);

// Whether stdout is a terminal whose user has not switched colours off.
bool WantsColours();

// Prints the warnings of a receipt to stderr. If the server has ignored the
// report, because it has a newer one, also prints why, and what the user can
// do.
void PrintWarnings(const v1::Receipt& receipt, const Subject& subject);

// What the server did with a report of `what`, such as `success`: `success`,
// `success, as before`, or `ignored: attempt 4 is older than attempt 5
// (success), which stays`.
std::string OutcomeText(const v1::Receipt& receipt, const Subject& subject,
                        absl::string_view what);

// Prints to stderr that a call to the server failed, why, and what the user can
// do. `what` begins the line: "could not report ci/build on
// acme/widgets@6dcb09b5". `advice` ends it. Returns the exit code.
int Fail(const absl::Status& error, absl::string_view what,
         const Arguments& arguments, const Subject& subject = Subject(),
         absl::string_view advice = "");

// The exit code for a call to the server that ended with `status`.
ExitCode ExitCodeFor(const absl::Status& status);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_CONSOLE_H_
