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

// What a server tells about itself.
struct ServerInfo {
  std::string version;
  std::string revision;
  // The name and API address of each GitHub host.
  std::vector<std::pair<std::string, std::string>> hosts;
  // Features that not every server of this version has.
  std::vector<std::string> features;
};

// The gRPC service. It authenticates each call, hands reports to Intake and
// other calls to the read queue, and answers. No gRPC reaction blocks.
//
// Thread-safe.
class StatusServiceImpl : public v1::StatusService::CallbackService {
 public:
  struct Options : StoreCalls::Options {
    ServerInfo info;
    ReportStreams::Options report_streams;
    WatchHub::Options watch;
    // The deadline of calls without a deadline, or with a longer one.
    absl::Duration max_call_time = absl::Seconds(30);
    int read_threads = 2;
    // Reads beyond this number are refused with UNAVAILABLE, reason
    // TOO_MANY_READS.
    size_t max_waiting_reads = 1024;
    // Finds out whether the server can set statuses in a repository. `done`
    // runs once, on any thread. Must not block. Empty: DiagnoseRepository
    // answers only with the expected contexts.
    std::function<void(const Repository&, std::function<void(Diagnosis)> done)>
        diagnose;
  };

  // All pointers are borrowed.
  static std::unique_ptr<StatusServiceImpl> Make(
      Options options, const Authorizer* authorizer, Intake* intake,
      Acceptance* acceptance, Statuses* statuses, Metrics* metrics,
      Clock* clock);

  // Ends all streams with UNAVAILABLE, each stream of reports once its
  // submitted reports are answered. Call it when the server stops.
  virtual void CloseStreams() = 0;

  // Tells the watchers that the outbox has changed. Never blocks.
  virtual void NoteChange() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
