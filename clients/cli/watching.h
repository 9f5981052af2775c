#ifndef SIGNALBOX_CLIENTS_CLI_WATCHING_H_
#define SIGNALBOX_CLIENTS_CLI_WATCHING_H_

#include <string>

#include "absl/time/time.h"
#include "clients/cli/arguments.h"
#include "clients/cpp/client.h"

namespace signalbox {

// The subcommand `watch`. Returns the exit code, and has printed what there is
// to say.
int WatchStatuses(const Arguments& arguments, const Client& client);

// A change as one line: `10:02:13 acme/widgets@6dcb09b5 ci/build: success
// (Succeeded in 12s), shown at GitHub`. The time is when it happened, or `now`
// where the server does not say. Text of the server is escaped and shortened.
std::string WatchLine(const v1::WatchStatusesResponse& change, absl::Time now,
                      absl::TimeZone zone, bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_WATCHING_H_
