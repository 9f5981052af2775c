#ifndef SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_
#define SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_

#include "absl/status/status.h"
#include "server/outbox/lease.h"
#include "server/outbox/repository_names.h"
#include "server/poster/requests_in_flight.h"

namespace signalbox {

// The log lines of the poster, in one place.

// Logs that an entry is abandoned, or that its repository is parked. Logs
// nothing for other settlements.
void LogSettlement(const Lease& lease, const Settlement& settlement);

// Logs that a request may have reached GitHub after its lease.
void LogLate(const Lease& lease);

// Logs the new name of a repository, or that GitHub did not give one. `ended`
// is the question, `answer` what AfterNaming made of its end.
void LogName(const EndedRequest& ended, const NameAnswer& answer);

// Logs an error of the store. Logs nothing for UNAVAILABLE, after which the
// poster repeats the call, nor for TERM_OVER, which is no failure.
void LogStoreFailure(const absl::Status& status);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_
