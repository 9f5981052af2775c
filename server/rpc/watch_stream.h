#ifndef SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_
#define SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "server/base/metrics.h"
#include "server/rpc/filters.h"
#include "server/rpc/watch_hub.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

using WatchReactor = grpc::ServerWriteReactor<v1::WatchStatusesResponse>;

// Begins a call of WatchStatuses, which deletes itself. It sends the client the
// changes that `hub` offers after `after_sequence` (nothing: from now on) and
// `filter` wants. An error in `filter` ends the call with that error. `ends`
// counts how calls end. `hub` and `ends` are borrowed, and must outlive the
// gRPC server.
WatchReactor* OpenWatchStream(grpc::CallbackServerContext* context,
                              absl::StatusOr<WatchFilter> filter,
                              std::optional<int64_t> after_sequence,
                              WatchHub* hub, CodeCounters* ends);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_WATCH_STREAM_H_
