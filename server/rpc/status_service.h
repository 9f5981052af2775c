#ifndef SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
#define SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/identity/token_keys.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/intake.h"
#include "server/outbox/statuses.h"
#include "server/report/diagnosis.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/report_stream.h"
#include "server/rpc/store_calls.h"
#include "server/rpc/watch_hub.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// What the call GetServerInfo tells about the server.
struct ServerInfo {
  std::string version;
  std::string revision;  // Of the source.
  // The name and API address of each GitHub host.
  std::vector<std::pair<std::string, std::string>> hosts;
  // Features that not every server of this version has.
  std::vector<std::string> features;
};

// StatusServiceImpl is the gRPC service signalbox.v1.StatusService: the way by
// which farms, the shim and people reach the server. It authenticates each
// call, gives reports to Intake and other calls to ReadQueue, and answers. It
// never blocks gRPC's threads.
//
// Thread-safe.
class StatusServiceImpl : public v1::StatusService::CallbackService {
 public:
  struct Options : StoreCalls::Options {
    ServerInfo info;
    ReportStreams::Options report_streams;
    WatchHub::Options watch;
    // How long a unary call waits for the disk, even if the client allows more.
    // It then ends with DEADLINE_EXCEEDED, reason SERVER_TOO_SLOW. A diagnosis
    // first waits for GitHub, which does not count.
    absl::Duration max_call_time = absl::Seconds(30);
    int read_threads = 2;
    // If so many reads wait, further ones end with UNAVAILABLE, reason
    // TOO_MANY_READS.
    size_t max_waiting_reads = 1024;
    // For DiagnoseRepository: finds out whether the server can set statuses in
    // a repository, then calls `done` once, on any thread. Must not block.
    // Empty: DiagnoseRepository answers with the expected contexts only.
    std::function<void(const Repository&, std::function<void(Diagnosis)> done)>
        diagnose;
    // For IssueToken; the Authorizer must have the same. Borrowed. Null: the
    // server issues no tokens.
    TokenKeys* token_keys = nullptr;
  };

  // All pointers are borrowed.
  static std::unique_ptr<StatusServiceImpl> Make(
      Options options, const Authorizer* authorizer, Intake* intake,
      Acceptance* acceptance, Statuses* statuses, Metrics* metrics,
      Clock* clock);

  // Call it when the server stops. Ends all streams with UNAVAILABLE. A stream
  // of reports first answers the reports that it has submitted.
  virtual void CloseStreams() = 0;

  // Call it after every commit with status changes, so that WatchStatuses sends
  // them. Never blocks.
  virtual void NoteChange() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
