#ifndef SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_
#define SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What `signalbox doctor` has found out: whether statuses can be set in a
// repository, and whether webhooks arrive.
struct Examination {
  std::string repository;
  std::string server;  // The server's address.
  // False: the server says that it is about to stop.
  bool is_serving = true;
  v1::DiagnoseRepositoryResponse answer;
  v1::GetServerInfoResponse info;  // Empty: the server is too old to tell.
};

// A sentence for each problem: those that the server found, and those that the
// client sees in the examination.
std::vector<std::string> ProblemsOf(const Examination& examination);

// The examination as text for people: the settings in force, the problems, and
// a summary. It ends with a line end. Times are shown in `zone`. Text from the
// server and the repository's name are escaped. `colours`: use escape sequences
// for colours.
std::string ExaminationText(const Examination& examination, absl::Time now,
                            absl::TimeZone zone, bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_
