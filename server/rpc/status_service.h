#ifndef SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
#define SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/worker.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/intake.h"
#include "server/outbox/statuses.h"
#include "server/report/diagnosis.h"
#include "server/report/event.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/convert.h"
#include "server/rpc/explain.h"
#include "server/rpc/listing.h"
#include "server/rpc/read_queue.h"
#include "server/rpc/report_stream.h"
#include "server/rpc/server_info.h"
#include "server/rpc/watch_hub.h"
#include "server/rpc/watch_stream.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The gRPC service. It validates and authorises each call, hands it to Intake
// or to the read queue, and answers. No gRPC reaction blocks.
//
// Thread-safe.
class StatusServiceImpl : public v1::StatusService::CallbackService {
 public:
  struct Options {
    ConvertOptions convert;
    ServerInfo info;
    ReportStreams::Options report_streams;
    WatchHub::Options watch;
    // The deadline of calls without a deadline, or with a longer one.
    absl::Duration max_call_time = absl::Seconds(30);
    int read_threads = 2;
    // Reads beyond this number are refused with UNAVAILABLE, reason
    // TOO_MANY_READS.
    size_t max_waiting_reads = 1024;
    // Why a credential's work waits, for ExplainStatus. The read threads call
    // it. Empty function: no credential waits.
    std::function<CredentialTrouble(absl::string_view credential)> trouble_of;
    // Called when a call has made an entry due.
    std::function<void()> became_due;
    // Called after an event was stored. Must not block.
    std::function<void(const Event&)> event_stored;
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
  ~StatusServiceImpl() override;

  // Ends all streams with UNAVAILABLE, each stream of reports once its
  // submitted reports are answered. Call it when the server stops.
  void CloseStreams();

  // Tells the watchers that the outbox has changed. Never blocks.
  void NoteChange() { hub_.NoteChange(); }

  grpc::ServerUnaryReactor* ReportPending(
      grpc::CallbackServerContext* context,
      const v1::ReportPendingRequest* request,
      v1::ReportPendingResponse* response) override;
  grpc::ServerUnaryReactor* ReportResult(
      grpc::CallbackServerContext* context,
      const v1::ReportResultRequest* request,
      v1::ReportResultResponse* response) override;
  ReportStreams::Reactor* StreamReports(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetCommitStatus(
      grpc::CallbackServerContext* context,
      const v1::GetCommitStatusRequest* request,
      v1::GetCommitStatusResponse* response) override;
  grpc::ServerUnaryReactor* ListCommits(
      grpc::CallbackServerContext* context,
      const v1::ListCommitsRequest* request,
      v1::ListCommitsResponse* response) override;

  grpc::ServerUnaryReactor* ExplainStatus(
      grpc::CallbackServerContext* context,
      const v1::ExplainStatusRequest* request,
      v1::ExplainStatusResponse* response) override;
  grpc::ServerUnaryReactor* RetryPost(grpc::CallbackServerContext* context,
                                      const v1::RetryPostRequest* request,
                                      v1::RetryPostResponse* response) override;

  WatchReactor* WatchStatuses(grpc::CallbackServerContext* context,
                              const v1::WatchStatusesRequest* request) override;

  grpc::ServerUnaryReactor* ReportEvent(
      grpc::CallbackServerContext* context,
      const v1::ReportEventRequest* request,
      v1::ReportEventResponse* response) override;
  grpc::ServerUnaryReactor* ListStatuses(
      grpc::CallbackServerContext* context,
      const v1::ListStatusesRequest* request,
      v1::ListStatusesResponse* response) override;
  grpc::ServerUnaryReactor* RetryPosts(
      grpc::CallbackServerContext* context,
      const v1::RetryPostsRequest* request,
      v1::RetryPostsResponse* response) override;
  grpc::ServerUnaryReactor* DiagnoseRepository(
      grpc::CallbackServerContext* context,
      const v1::DiagnoseRepositoryRequest* request,
      v1::DiagnoseRepositoryResponse* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(
      grpc::CallbackServerContext* context,
      const v1::GetServerInfoRequest* request,
      v1::GetServerInfoResponse* response) override;

 private:
  class Call;

  absl::StatusOr<const Caller*> Authenticate(
      const grpc::CallbackServerContext& context) const;

  // Authorises and submits. `answer` writes the response from the receipts.
  template <typename Request, typename Answer>
  void Submit(std::shared_ptr<Call> call, const Request& request,
              Answer answer);

  // The key that a request names, and the caller, whose grants are checked
  // again once the present name of the repository is known.
  struct AuthorizedKey {
    const Caller* caller = nullptr;
    Repository repository;
    StatusKey key;
  };
  template <typename Request>
  absl::StatusOr<AuthorizedKey> AuthorizeKey(
      const grpc::CallbackServerContext& context, Right right,
      const Request& request) const;

  // The page of statuses that a request asks for.
  template <typename Request>
  absl::StatusOr<StatusListing> StatusListingOf(
      const grpc::CallbackServerContext& context, Right right,
      const Request& request) const;
  CredentialTrouble TroubleOf(absl::string_view credential) const;

  // Runs `read`, which writes the response, on the read queue.
  void Read(const std::shared_ptr<Call>& call,
            std::function<absl::Status()> read);

  // As Read. Also stores in the response the sequence after which WatchStatuses
  // sends all later changes.
  template <typename Response>
  void ReadForWatching(const std::shared_ptr<Call>& call, Response* response,
                       std::function<absl::Status()> read);

  std::shared_ptr<Call> Begin(grpc::CallbackServerContext* context,
                              const char* method);
  absl::Time ExpireCalls();

  const Options options_;
  const Authorizer* const authorizer_;
  Intake* const intake_;
  Acceptance* const acceptance_;
  Statuses* const statuses_;
  Clock* const clock_;
  std::map<absl::string_view, CodeCounters> counters_;  // By method.

  Mutex mu_;
  // In order of their begin. Ended calls are dropped from the front.
  std::deque<std::pair<absl::Duration, std::weak_ptr<Call>>> calls_
      ABSL_GUARDED_BY(mu_);

  ReportStreams report_streams_;
  WatchHub hub_;
  ReadQueue reads_;
  Worker expirer_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_SERVICE_H_
