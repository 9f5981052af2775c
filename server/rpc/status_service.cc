#include "server/rpc/status_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/explain.h"

namespace signalbox {
namespace {

absl::string_view Authorization(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return "";
  return absl::string_view(found->second.data(), found->second.size());
}

std::map<absl::string_view, CodeCounters> CountersOf(Metrics* metrics) {
  std::map<absl::string_view, CodeCounters> counters;
  for (const char* const method :
       {"ReportPending", "ReportResult", "GetCommitStatus", "ListCommits",
        "ExplainStatus", "ListStatuses", "RetryPost", "RetryPosts",
        "ReportEvent", "DiagnoseRepository", "GetServerInfo", "StreamReports",
        "WatchStatuses"}) {
    counters.try_emplace(method, metrics, "signalbox_calls_total",
                         "gRPC calls that the server answered, by code.",
                         Metrics::Labels{{"method", method}});
  }
  return counters;
}

void Fill(const std::vector<Receipt>& receipts,
          const std::vector<std::string>& warnings,
          v1::ReportPendingResponse* response) {
  for (const Receipt& receipt : receipts) {
    *response->add_receipts() = ToProto(receipt, warnings);
  }
}

void Fill(const std::vector<Receipt>& receipts,
          const std::vector<std::string>& warnings,
          v1::ReportResultResponse* response) {
  *response->mutable_receipt() = ToProto(receipts.front(), warnings);
}

}  // namespace

StatusServiceImpl::StatusServiceImpl(Options options,
                                     const Authorizer* authorizer,
                                     Intake* intake, Acceptance* acceptance,
                                     Statuses* statuses, Metrics* metrics,
                                     Clock* clock)
    : options_(std::move(options)),
      authorizer_(authorizer),
      intake_(intake),
      statuses_(statuses),
      store_calls_(&options_, acceptance, statuses, clock),
      counters_(CountersOf(metrics)),
      report_streams_(options_.report_streams, &options_.convert, intake,
                      metrics, &counters_.at("StreamReports")),
      hub_(options_.watch, statuses, clock),
      reads_(clock, options_.read_threads, options_.max_waiting_reads),
      deadlines_(options_.max_call_time, clock) {}

void StatusServiceImpl::CloseStreams() {
  report_streams_.Close();
  hub_.Close();
}

std::shared_ptr<UnaryCall> StatusServiceImpl::Begin(Context* context,
                                                    const char* method) {
  auto call = std::make_shared<UnaryCall>(context, &counters_.at(method));
  deadlines_.Add(call);
  return call;
}

absl::StatusOr<const Caller*> StatusServiceImpl::Authenticate(
    const Context& context) const {
  return authorizer_->Authenticate(Authorization(context));
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* StatusServiceImpl::Submit(Context* context,
                                                    const char* method,
                                                    const Request* request,
                                                    Response* response) {
  const std::shared_ptr<UnaryCall> call = Begin(context, method);
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  absl::StatusOr<Converted> converted =
      caller.ok() ? FromProto(*request, options_.convert) : caller.status();
  absl::Status status = converted.status();
  if (status.ok()) status = Authorizer::AuthorizeReports(*caller, &*converted);
  if (!status.ok() || converted->submission.IsEmpty()) {
    // Without an expected context the answer is OK, with no receipts.
    call->End([&status] { return status; });
    return call->reactor();
  }
  intake_->Submit(std::move(converted->submission),
                  [call, response, warnings = std::move(converted->warnings)](
                      const absl::StatusOr<Outcome>& outcome) {
                    call->End([&] {
                      if (!outcome.ok()) return outcome.status();
                      if (outcome->status.ok())
                        Fill(outcome->receipts, warnings, response);
                      return outcome->status;
                    });
                  });
  return call->reactor();
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* StatusServiceImpl::Queue(Context* context,
                                                   const char* method,
                                                   const Request* request,
                                                   Response* response) {
  const std::shared_ptr<UnaryCall> call = Begin(context, method);
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  absl::StatusOr<StoreCalls::Work> work =
      caller.ok() ? store_calls_.Prepare(*caller, *request, response)
                  : caller.status();
  if (!work.ok()) {
    call->Fail(work.status());
  } else if (!reads_.Run([call, work = *std::move(work)] {
               if (!call->ended()) call->End(work);
             })) {
    call->Fail(Error(absl::StatusCode::kUnavailable, "TOO_MANY_READS",
                     "too many reads are waiting; repeat the call"));
  }
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportPending(
    Context* context, const v1::ReportPendingRequest* request,
    v1::ReportPendingResponse* response) {
  return Submit(context, "ReportPending", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportResult(
    Context* context, const v1::ReportResultRequest* request,
    v1::ReportResultResponse* response) {
  return Submit(context, "ReportResult", request, response);
}

ReportStreams::Reactor* StatusServiceImpl::StreamReports(Context* context) {
  return report_streams_.Open(context, Authenticate(*context));
}

grpc::ServerUnaryReactor* StatusServiceImpl::GetCommitStatus(
    Context* context, const v1::GetCommitStatusRequest* request,
    v1::GetCommitStatusResponse* response) {
  return Queue(context, "GetCommitStatus", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::ListCommits(
    Context* context, const v1::ListCommitsRequest* request,
    v1::ListCommitsResponse* response) {
  return Queue(context, "ListCommits", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::ExplainStatus(
    Context* context, const v1::ExplainStatusRequest* request,
    v1::ExplainStatusResponse* response) {
  return Queue(context, "ExplainStatus", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::RetryPost(
    Context* context, const v1::RetryPostRequest* request,
    v1::RetryPostResponse* response) {
  return Queue(context, "RetryPost", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::ListStatuses(
    Context* context, const v1::ListStatusesRequest* request,
    v1::ListStatusesResponse* response) {
  return Queue(context, "ListStatuses", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::RetryPosts(
    Context* context, const v1::RetryPostsRequest* request,
    v1::RetryPostsResponse* response) {
  return Queue(context, "RetryPosts", request, response);
}

WatchReactor* StatusServiceImpl::WatchStatuses(
    Context* context, const v1::WatchStatusesRequest* request) {
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  return OpenWatchStream(
      context,
      caller.ok() ? WatchFilter::Of(*request, *caller) : caller.status(),
      request->has_after_sequence()
          ? std::optional<int64_t>(request->after_sequence())
          : std::nullopt,
      &hub_, &counters_.at("WatchStatuses"));
}

grpc::ServerUnaryReactor* StatusServiceImpl::ReportEvent(
    Context* context, const v1::ReportEventRequest* request,
    v1::ReportEventResponse* response) {
  return Queue(context, "ReportEvent", request, response);
}

grpc::ServerUnaryReactor* StatusServiceImpl::DiagnoseRepository(
    Context* context, const v1::DiagnoseRepositoryRequest* request,
    v1::DiagnoseRepositoryResponse* response) {
  std::shared_ptr<UnaryCall> call = Begin(context, "DiagnoseRepository");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  const absl::StatusOr<Repository> repository =
      ParseKnownRepository(request->repository(), options_.convert);
  absl::Status status = caller.status();
  if (status.ok()) status = repository.status();
  if (status.ok()) {
    status = Authorizer::Authorize(*caller, Right::kRead, *repository, {});
  }
  if (!status.ok()) {
    call->Fail(status);
    return call->reactor();
  }
  const auto answer = [call, response, repository = *repository,
                       caller = *caller, this](Diagnosis diagnosis) {
    call->End([&] {
      const absl::StatusOr<Repository> meant = statuses_->MeantBy(repository);
      if (!meant.ok()) return meant.status();
      std::string old_name = OldName(repository, *meant);
      if (!old_name.empty() &&
          Authorizer::AuthorizeFound(caller, Right::kRead, *meant, repository)
              .ok()) {
        diagnosis.problems.push_back({"OLD_NAME", std::move(old_name)});
      }
      *response = ToProto(diagnosis,
                          options_.convert.rules.Expect(repository, nullptr));
      return absl::OkStatus();
    });
  };
  if (options_.diagnose) {
    options_.diagnose(*repository, answer);
  } else {
    answer(Diagnosis());
  }
  return call->reactor();
}

grpc::ServerUnaryReactor* StatusServiceImpl::GetServerInfo(
    Context* context, const v1::GetServerInfoRequest*,
    v1::GetServerInfoResponse* response) {
  std::shared_ptr<UnaryCall> call = Begin(context, "GetServerInfo");
  const absl::StatusOr<const Caller*> caller = Authenticate(*context);
  call->End([&] {
    if (!caller.ok()) return caller.status();
    *response = ToProto(options_.info, Authorizer::GrantsOf(*caller));
    return absl::OkStatus();
  });
  return call->reactor();
}

}  // namespace signalbox
