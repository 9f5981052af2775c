#ifndef SIGNALBOX_CLIENTS_CLI_CONSOLE_H_
#define SIGNALBOX_CLIENTS_CLI_CONSOLE_H_

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cli/arguments.h"
#include "clients/cli/subject.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Prints `signalbox: TEXT` as one line to stderr. `text` is escaped.
void Complain(absl::string_view text);

// Prints a message as JSON to stdout: its fields named as in the proto, values
// of enumerations without the name of their type.
void PrintJson(const google::protobuf::Message& message);

// Prints `answer` as JSON if the arguments want that, else prints `text`.
void Print(const Arguments& arguments, const google::protobuf::Message& answer,
           const std::string& text);

// Whether stdout is a terminal whose user has not switched colours off.
bool WantsColours();

// Prints the warnings of a receipt, and for a report that GitHub will not show
// why, and what the caller can do.
void ComplainOf(const v1::Receipt& receipt, const Subject& subject);

// What became of a report of `what`: `success`, `success, as before`, `ignored:
// attempt 4 is older than attempt 5 (success), which stays`.
std::string Became(const v1::Receipt& receipt, const Subject& subject,
                   absl::string_view what);

// Complains of a call that went wrong, and says what can be done about it.
// `what` is what was not done: "could not report ci/build on
// acme/widgets@6dcb09b5". Returns the exit code.
int Fail(const absl::Status& error, absl::string_view what,
         const Arguments& arguments, const Subject& subject = Subject(),
         absl::string_view advice = "");

// The exit code for a call that ended so.
ExitCode ExitCodeFor(const absl::Status& status);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_CONSOLE_H_
