#ifndef SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
#define SIGNALBOX_CLIENTS_CLI_COMMANDS_H_

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/cli/foreground.h"
#include "clients/cli/subject.h"
#include "clients/cpp/client.h"

namespace signalbox {

// A client as the arguments want it. INVALID_ARGUMENT: the token file cannot
// be used.
absl::StatusOr<Client> ConnectAs(const Arguments& arguments);

// The subcommands. Each returns the exit code, and has printed what there is
// to say: the answer to stdout, all else to stderr.
int ReportPending(const Arguments& arguments, const Subject& subject,
                  const Client& client);
int ReportResult(const Arguments& arguments, const Subject& subject,
                 const Client& client);
int ShowStatus(const Arguments& arguments, const Subject& subject,
               const Client& client);
int ExplainStatus(const Arguments& arguments, const Subject& subject,
                  const Client& client);
int RetryPost(const Arguments& arguments, const Subject& subject,
              const Client& client);
int DiagnoseRepository(const Arguments& arguments, const Subject& subject,
                       const Client& client);
int ListStatuses(const Arguments& arguments, const Client& client);
int RetryPosts(const Arguments& arguments, const Client& client);
int WatchStatuses(const Arguments& arguments, const Client& client);

// `run`: reports how the arguments' command begins and ends. Returns the
// command's exit code, or what shells use instead: 127 not found, 126 not
// executable, 128+n killed by signal n.
int RunCommand(const Arguments& arguments, const Subject& subject,
               const Client& client, Foreground* foreground);

// Runs the arguments' command, and reports nothing. Prints `why` to stderr.
int RunUnreported(const Arguments& arguments, const absl::Status& why,
                  Foreground* foreground);

// The reports as they are sent.
v1::ReportPendingRequest PendingRequest(const Arguments& arguments,
                                        const Subject& subject);
v1::ReportResultRequest ResultRequest(const Arguments& arguments,
                                      const Subject& subject);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
