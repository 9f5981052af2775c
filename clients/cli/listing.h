#ifndef SIGNALBOX_CLIENTS_CLI_LISTING_H_
#define SIGNALBOX_CLIENTS_CLI_LISTING_H_

#include <string>

#include "absl/time/time.h"
#include "clients/cli/arguments.h"
#include "clients/cpp/client.h"

namespace signalbox {

// The subcommands that are about many statuses: `list`, and `retry --all`.
// Each returns the exit code, and has printed what there is to say.
int ListStatuses(const Arguments& arguments, const Client& client);
int RetryPosts(const Arguments& arguments, const Client& client);

// Which statuses the arguments name.
v1::StatusFilter FilterOf(const Arguments& arguments);

// Statuses of many repositories as a table for a terminal, one line each, with
// its last line end. Text of the server is escaped, and names are shortened.
std::string ListingTable(const v1::ListStatusesResponse& list, absl::Time now,
                         bool colours);

// How many there are, by state and reason, as a line with its end: `3 statuses:
// 1 due, 2 waiting (1 rate limit, 1 server error)`.
std::string ListingSummary(const v1::ListStatusesResponse& list);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_LISTING_H_
