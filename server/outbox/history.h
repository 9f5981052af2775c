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

// The history of an entry, for people who ask why GitHub shows what it shows.
// `ExplainStatus` returns it. No decision of the server reads it.

// How one try at GitHub ended.
struct Try {
  absl::Time begin_time;
  absl::Time end_time;
  int http_status = 0;     // 0: no answer.
  std::string request_id;  // GitHub's id of the request; empty: none.
  std::string reason;      // POSTED, READ, SERVER_ERROR, ... as Classify says.
  std::string message;     // GitHub's text or the network's; up to 256 bytes.
};

// A report that was accepted or superseded. Unchanged ones are not recorded.
struct RecordedReport {
  int64_t id = 0;        // Grows from report to report of an entry.
  int64_t sequence = 0;  // 0: it was not accepted.
  absl::Time accept_time;
  Disposition disposition = Disposition::kAccepted;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing: a pending, or the server's expiry.
  int64_t attempt = 0;           // 0: it had no number.
  std::string series;
  std::string description;
  std::string target_url;
  std::string caller;       // Empty: the configuration names no callers.
  std::string delivery_id;  // Empty: it came from no delivery.
  std::string request_id;   // Of the call that brought it; empty: not known.
};

struct RecordedTry {
  int64_t id = 0;        // Grows from try to try of an entry.
  int64_t sequence = 0;  // Of the report that was tried; 0: it is forgotten.
  Try attempted;
};

// A status that the outbox has abandoned by itself, not at the end of a try.
struct AbandonedStatus {
  Repository repository;
  Sha sha;
  std::string context;
  std::string reason;  // See reasons.h.
  // Who sent the report, as in Submission.
  std::string caller;
  std::string request_id;
};

struct History {
  StatusView status;
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  bool in_flight = false;  // A try is in flight.
  // When its repository was parked; nothing: it is not parked.
  std::optional<absl::Time> parked_since;
  std::vector<RecordedReport> reports;  // Oldest first.
  std::vector<RecordedTry> tries;       // Oldest first.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HISTORY_H_
