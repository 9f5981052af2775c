#ifndef SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_
#define SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

// What statuses look like on a terminal, with the last line end. Text of the
// server is escaped and shortened.
namespace signalbox {

// What is known of a commit as a table, one line per context.
std::string StatusTable(const v1::GetCommitStatusResponse& commit,
                        absl::Time now, bool colours);

// Statuses of many repositories as a table, one line each.
std::string ListingTable(const v1::ListStatusesResponse& list, absl::Time now,
                         bool colours);

// How many there are, by state and reason: `3 statuses: 1 due, 2 waiting (1
// rate limit, 1 server error)`.
std::string ListingSummary(const v1::ListStatusesResponse& list);

// A change as one line: `10:02:13 acme/widgets@6dcb09b5 ci/build: success
// (Succeeded in 12s), shown at GitHub`. The time is when it happened, or `now`
// where the server does not say.
std::string WatchLine(const v1::WatchStatusesResponse& change, absl::Time now,
                      absl::TimeZone zone, bool colours);

// Where the text is printed. The defaults are for a file or a pipe, which gets
// every line uncut.
struct Screen {
  size_t columns = 0;  // 0: any number.
  size_t rows = 0;     // 0: any number.
  bool colours = false;
};

// Why a status shows what it shows: how it stands, what happens next, and its
// reports and tries in one list, oldest first. `commit` is `REPOSITORY@SHA`,
// and is escaped, too. Entries are cut to the screen's columns. If not all fit
// on the screen, the oldest are left out, and a line says so.
std::string Timeline(absl::string_view commit,
                     const v1::ExplainStatusResponse& explained, absl::Time now,
                     const Screen& screen);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_
