#ifndef SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_
#define SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/repository_names.h"
#include "server/poster/requests_in_flight.h"

namespace signalbox {

// What the log says about the poster's requests.

// Logs an entry that was abandoned, or whose repository was parked; nothing for
// other settlements.
void LogSettlement(const Lease& lease, const Settlement& settlement);

// A request may have reached GitHub after its lease.
void LogLate(const Lease& lease);

// GitHub limits the request's credential until `until` (wall).
void LogLimit(const EndedRequest& ended, absl::Time until);

// What became of a question about a repository's name.
void LogName(const EndedRequest& ended, const NameAnswer& answer);

// The store returned this error. Nothing for UNAVAILABLE: the poster repeats
// the call.
void LogStoreFailure(const absl::Status& status);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_POSTING_LOG_H_
