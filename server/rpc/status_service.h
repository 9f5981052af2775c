#ifndef SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
#define SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/intake.h"
#include "server/outbox/statuses.h"
#include "server/report/diagnosis.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/read_queue.h"
#include "server/rpc/report_stream.h"
#include "server/rpc/server_info.h"
#include "server/rpc/store_calls.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/watch_hub.h"
#include "server/rpc/watch_stream.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The gRPC service. It authenticates each call, hands reports to Intake and
// other calls to the read queue, and answers. No gRPC reaction blocks.
//
// Thread-safe.
class StatusServiceImpl : public v1::StatusService::CallbackService {
 public:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

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
  StatusServiceImpl(Options options, const Authorizer* authorizer,
                    Intake* intake, Acceptance* acceptance, Statuses* statuses,
                    Metrics* metrics, Clock* clock);

  // Ends all streams with UNAVAILABLE, each stream of reports once its
  // submitted reports are answered. Call it when the server stops.
  void CloseStreams();

  // Tells the watchers that the outbox has changed. Never blocks.
  void NoteChange() { hub_.NoteChange(); }

  Reactor* ReportPending(Context* context,
                         const v1::ReportPendingRequest* request,
                         v1::ReportPendingResponse* response) override;
  Reactor* ReportResult(Context* context,
                        const v1::ReportResultRequest* request,
                        v1::ReportResultResponse* response) override;
  ReportStreams::Reactor* StreamReports(Context* context) override;
  Reactor* GetCommitStatus(Context* context,
                           const v1::GetCommitStatusRequest* request,
                           v1::GetCommitStatusResponse* response) override;
  Reactor* ListCommits(Context* context, const v1::ListCommitsRequest* request,
                       v1::ListCommitsResponse* response) override;
  Reactor* ExplainStatus(Context* context,
                         const v1::ExplainStatusRequest* request,
                         v1::ExplainStatusResponse* response) override;
  Reactor* RetryPost(Context* context, const v1::RetryPostRequest* request,
                     v1::RetryPostResponse* response) override;
  WatchReactor* WatchStatuses(Context* context,
                              const v1::WatchStatusesRequest* request) override;
  Reactor* ReportEvent(Context* context, const v1::ReportEventRequest* request,
                       v1::ReportEventResponse* response) override;
  Reactor* ListStatuses(Context* context,
                        const v1::ListStatusesRequest* request,
                        v1::ListStatusesResponse* response) override;
  Reactor* RetryPosts(Context* context, const v1::RetryPostsRequest* request,
                      v1::RetryPostsResponse* response) override;
  Reactor* DiagnoseRepository(
      Context* context, const v1::DiagnoseRepositoryRequest* request,
      v1::DiagnoseRepositoryResponse* response) override;
  Reactor* GetServerInfo(Context* context,
                         const v1::GetServerInfoRequest* request,
                         v1::GetServerInfoResponse* response) override;

 private:
  std::shared_ptr<UnaryCall> Begin(Context* context, const char* method);
  absl::StatusOr<const Caller*> Authenticate(const Context& context) const;

  // Gives a report to Intake, and answers with the receipts.
  template <typename Request, typename Response>
  Reactor* Submit(Context* context, const char* method, const Request* request,
                  Response* response);

  // Does a call on the read queue.
  template <typename Request, typename Response>
  Reactor* Queue(Context* context, const char* method, const Request* request,
                 Response* response);

  const Options options_;
  const Authorizer* const authorizer_;
  Intake* const intake_;
  Statuses* const statuses_;
  const StoreCalls store_calls_;
  std::map<absl::string_view, CodeCounters> counters_;  // By method.

  ReportStreams report_streams_;
  WatchHub hub_;
  ReadQueue reads_;
  CallDeadlines deadlines_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
