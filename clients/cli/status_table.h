#ifndef SIGNALBOX_CLIENTS_CLI_STATUS_TABLE_H_
#define SIGNALBOX_CLIENTS_CLI_STATUS_TABLE_H_

#include <string>

#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What is known of a commit as a table for a terminal, one line per context,
// with its last line end. Text of the server is escaped and shortened.
std::string StatusTable(const v1::GetCommitStatusResponse& commit,
                        absl::Time now, bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_STATUS_TABLE_H_
