#ifndef SIGNALBOX_CLIENTS_CLI_RUN_COMMAND_H_
#define SIGNALBOX_CLIENTS_CLI_RUN_COMMAND_H_

#include "clients/cli/arguments.h"
#include "clients/cli/foreground.h"
#include "clients/cli/subject.h"
#include "clients/cpp/client.h"

namespace signalbox {

// Runs the command of the arguments, and reports nothing: `why` says why not.
// Returns what RunCommand returns.
int RunUnreported(const Arguments& arguments, const absl::Status& why,
                  Foreground* foreground);

// Runs the command of the arguments and reports how it begins and ends. Returns
// the command's exit code, or what shells use instead: 127 not found, 126 not
// executable, 128+n killed by signal n.
int RunCommand(const Arguments& arguments, const Subject& subject,
               const Client& client, Foreground* foreground);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_RUN_COMMAND_H_
