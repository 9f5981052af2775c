#ifndef SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_
#define SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "server/base/metrics.h"
#include "server/outbox/change_cursor.h"
#include "server/rpc/filters.h"
#include "server/rpc/watch_hub.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

using WatchReactor = grpc::ServerWriteReactor<v1::WatchStatusesResponse>;

// Begins one call of the RPC WatchStatuses, for StatusServiceImpl. The call
// registers as a watcher with `hub`, and sends the client every status change
// that `hub` offers and `filter` selects.
//
// `after`: the call sends the changes after this. Nothing: it sends those from
// now on. If `filter` is an error, the call ends with it. So it does with an
// error of `recheck`, which it asks at every bookmark. `ends` counts the ended
// calls by their codes.
//
// Give the result to gRPC. It deletes itself when the call has ended. Borrows
// `context`, `hub` and `ends`; `hub` and `ends` must outlive the gRPC server.
WatchReactor* OpenWatchStream(grpc::CallbackServerContext* context,
                              absl::StatusOr<WatchFilter> filter,
                              std::function<absl::Status()> recheck,
                              std::optional<ChangeCursor> after, WatchHub* hub,
                              CodeCounters* ends);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_
