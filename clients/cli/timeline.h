#ifndef SIGNALBOX_CLIENTS_CLI_TIMELINE_H_
#define SIGNALBOX_CLIENTS_CLI_TIMELINE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What is printed to. As it is: a file or a pipe, to which all goes uncut.
struct Screen {
  size_t columns = 0;  // 0: any number.
  size_t rows = 0;     // 0: any number.
  bool colours = false;
};

// Why a status shows what it shows, with its last line end: how it stands,
// what happens next, and its reports and tries in one list, oldest first.
// `commit` is `REPOSITORY@SHA`. Entries are cut to the screen's columns, and
// the oldest are left out, which is said, if all do not fit on the screen. Text
// of the server, and `commit`, are escaped.
std::string Timeline(absl::string_view commit,
                     const v1::ExplainStatusResponse& explained, absl::Time now,
                     const Screen& screen);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_TIMELINE_H_
