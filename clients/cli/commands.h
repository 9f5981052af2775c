#ifndef SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
#define SIGNALBOX_CLIENTS_CLI_COMMANDS_H_

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "clients/cli/foreground.h"
#include "clients/cli/subject.h"
#include "clients/cpp/client.h"

namespace signalbox {

// Makes a client for the server and with the token file that the arguments
// name. INVALID_ARGUMENT: the token file cannot be used, or Client::Connect
// refuses the address.
absl::StatusOr<Client> ConnectAs(const Arguments& arguments);

// The subcommands. Each calls the server, prints the answer to stdout and
// errors and warnings to stderr, and returns the exit code. `subject` is what
// FindSubject returns.
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
int IssueToken(const Arguments& arguments, const Client& client);

// The subcommand `run`: runs `arguments.command`, and reports when it begins
// and how it ends. Returns the command's exit code, or the code that shells use
// instead: 127 the command was not found, 126 it cannot be executed, 128+n
// signal n killed it.
int RunCommand(const Arguments& arguments, const Subject& subject,
               const Client& client, Foreground* foreground);

// As RunCommand, but reports nothing. Prints to stderr `why` it cannot report.
int RunUnreported(const Arguments& arguments, const absl::Status& why,
                  Foreground* foreground);

// Make the requests that report a pending or a result.
v1::ReportPendingRequest PendingRequest(const Arguments& arguments,
                                        const Subject& subject);
v1::ReportResultRequest ResultRequest(const Arguments& arguments,
                                      const Subject& subject);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
