#ifndef SIGNALBOX_SERVER_OUTBOX_HISTORY_H_
#define SIGNALBOX_SERVER_OUTBOX_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// One try, for the history.
struct Try {
  absl::Time begin_time;
  absl::Time end_time;
  int http_status = 0;  // 0: no answer.
  std::string request_id;
  std::string reason;
  std::string message;  // At most 256 bytes.
};

struct RecordedReport {
  int64_t id = 0;        // Grows from report to report of an entry.
  int64_t sequence = 0;  // 0 if it was not accepted.
  absl::Time accept_time;
  Disposition disposition = Disposition::kAccepted;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;
  int64_t attempt = 0;
  std::string series;
  std::string description;
  std::string target_url;
  std::string caller;
  std::string delivery_id;
};

struct RecordedTry {
  int64_t id = 0;        // Grows from try to try of an entry.
  int64_t sequence = 0;  // The report's that was posted.
  Try attempted;
};

// The history of an entry: why GitHub shows what it shows.
struct History {
  StatusView status;
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  // A try is in flight.
  bool in_flight = false;
  // When its repository was parked; nothing: it is not parked.
  std::optional<absl::Time> parked_since;
  std::vector<RecordedReport> reports;  // Oldest first.
  std::vector<RecordedTry> tries;       // Oldest first.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HISTORY_H_
