#ifndef SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_
#define SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

// How the program `signalbox` shows statuses on a terminal. Tables and the
// timeline end with a line end. Text from the server is escaped and shortened.
// `colours`: use escape sequences for colours.
namespace signalbox {

// For `signalbox status`: a table of a commit's statuses, a line for each.
std::string StatusTable(const v1::GetCommitStatusResponse& commit,
                        absl::Time now, bool colours);

// For `signalbox list`: a table of statuses of many repositories, a line for
// each.
std::string ListingTable(const v1::ListStatusesResponse& list, absl::Time now,
                         bool colours);

// For `signalbox list`: how many statuses there are, by posting state and
// reason: `3 statuses: 1 due, 2 waiting (1 rate limit, 1 server error)`.
std::string ListingSummary(const v1::ListStatusesResponse& list);

// For `signalbox watch`: a status change as one line: `10:02:13
// acme/widgets@6dcb09b5 ci/build: success (Succeeded in 12s), shown at GitHub`.
// It begins with the time of the change, or with `now` if the server does not
// say the time, in `zone`.
std::string WatchLine(const v1::WatchStatusesResponse& change, absl::Time now,
                      absl::TimeZone zone, bool colours);

// Where the text is printed. The defaults are for a file or a pipe, which gets
// every line uncut.
struct Screen {
  size_t columns = 0;  // 0: any number.
  size_t rows = 0;     // 0: any number.
  bool colours = false;
};

// For `signalbox explain`: the state of a status, what happens next, and a list
// of its reports and tries, oldest first. `commit` is `REPOSITORY@SHA`, which
// the function escapes. Lines are cut to the screen's columns. If the list does
// not fit on the screen, it lacks the oldest items, and a line says so.
std::string Timeline(absl::string_view commit,
                     const v1::ExplainStatusResponse& explained, absl::Time now,
                     const Screen& screen);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_STATUS_TEXT_H_
