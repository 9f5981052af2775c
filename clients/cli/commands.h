#ifndef SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
#define SIGNALBOX_CLIENTS_CLI_COMMANDS_H_

#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
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

// The reports as they are sent.
v1::ReportPendingRequest PendingRequest(const Arguments& arguments,
                                        const Subject& subject);
v1::ReportResultRequest ResultRequest(const Arguments& arguments,
                                      const Subject& subject);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMANDS_H_
