#ifndef SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_
#define SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What `doctor` shows.
struct Examination {
  std::string repository;
  std::string server;  // Its address.
  // Whether the server says that it serves; if it does not say, it does.
  bool is_serving = true;
  v1::DiagnoseRepositoryResponse answer;
  // Empty: an older server, which does not say.
  v1::GetServerInfoResponse info;
};

// What is wrong, a sentence each: the server's and the client's own.
std::vector<std::string> ProblemsOf(const Examination& examination);

// The examination for people, with its last line end: what is in force, what
// is wrong, and a line that sums up. Times are said in `zone`. Text of the
// server, and the repository, are escaped.
std::string ExaminationText(const Examination& examination, absl::Time now,
                            absl::TimeZone zone, bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DIAGNOSIS_H_
