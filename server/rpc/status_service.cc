#include "server/rpc/status_service.h"

#include <map>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/error.h"
#include "server/base/worker.h"
#include "server/rpc/convert.h"
#include "server/rpc/explain.h"
#include "server/rpc/method_rights.h"
#include "server/rpc/read_queue.h"
#include "server/rpc/token_request.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/watch_stream.h"

namespace signalbox {
namespace {

absl::string_view Authorization(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return "";
  return absl::string_view(found->second.data(), found->second.size());
}

std::map<absl::string_view, CodeCounters> CountersOf(Metrics* metrics) {
  std::map<absl::string_view, CodeCounters> counters;
  for (const MethodRight& row : kMethodRights) {
    counters.try_emplace(row.method, metrics, "signalbox_calls_total",
                         "gRPC calls that the server answered, by code.",
                         Metrics::Labels{{"method", std::string(row.method)}});
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

void Fill(const ServerInfo& info, const Identity& identity,
          v1::GetServerInfoResponse* response) {
  response->set_version(info.version);
  response->set_revision(info.revision);
  for (const auto& [name, api_url] : info.hosts) {
    v1::Host& host = *response->add_hosts();
    host.set_name(name);
    host.set_api_url(api_url);
  }
  for (const char* const feature :
       {"bookmarks", "if_sequence", "newest_text_wins", "never_expires",
        "issue_token"}) {
    response->add_features(feature);
  }
  response->mutable_features()->Add(info.features.begin(), info.features.end());
  *response->mutable_grants() = GrantsOf(identity);
}

ReportStreams::Options StreamOptions(const StatusServiceImpl::Options& all) {
  ReportStreams::Options options = all.report_streams;
  options.creator_of = all.creator_of;
  return options;
}

class ServiceCalls final : public StatusServiceImpl {
 public:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  ServiceCalls(Options options, const Authorizer* authorizer, Intake* intake,
               Acceptance* acceptance, Statuses* statuses, Metrics* metrics,
               Clock* clock)
      : options_(std::move(options)),
        authorizer_(authorizer),
        clock_(clock),
        intake_(intake),
        statuses_(statuses),
        store_calls_(&options_, acceptance, statuses, clock),
        counters_(CountersOf(metrics)),
        report_streams_(StreamOptions(options_), &options_.convert, intake,
                        metrics, &counters_.at("StreamReports")),
        hub_(options_.watch, statuses, clock),
        reads_(clock, options_.read_threads, options_.max_waiting_reads),
        deadlines_("call-deadlines", clock, [this, clock] {
          AnswerOverdue();
          return clock->Now() + absl::Seconds(1);
        }) {}

  void CloseStreams() override {
    report_streams_.Close();
    hub_.Close();
  }

  void NoteChange() override { hub_.NoteChange(); }

  Reactor* ReportPending(Context* context,
                         const v1::ReportPendingRequest* request,
                         v1::ReportPendingResponse* response) override {
    return Submit(context, "ReportPending", request, response);
  }

  Reactor* ReportResult(Context* context,
                        const v1::ReportResultRequest* request,
                        v1::ReportResultResponse* response) override {
    return Submit(context, "ReportResult", request, response);
  }

  ReportStreams::Reactor* StreamReports(Context* context) override {
    const absl::StatusOr<Identity> identity = Admit(*context, "StreamReports");
    return report_streams_.Open(context, identity, Recheck(identity));
  }

  Reactor* GetCommitStatus(Context* context,
                           const v1::GetCommitStatusRequest* request,
                           v1::GetCommitStatusResponse* response) override {
    return Queue(context, "GetCommitStatus", request, response);
  }

  Reactor* ListCommits(Context* context, const v1::ListCommitsRequest* request,
                       v1::ListCommitsResponse* response) override {
    return Queue(context, "ListCommits", request, response);
  }

  Reactor* ExplainStatus(Context* context,
                         const v1::ExplainStatusRequest* request,
                         v1::ExplainStatusResponse* response) override {
    return Queue(context, "ExplainStatus", request, response);
  }

  Reactor* ListReports(Context* context, const v1::ListReportsRequest* request,
                       v1::ListReportsResponse* response) override {
    return Queue(context, "ListReports", request, response);
  }

  Reactor* ResolveRef(Context* context, const v1::ResolveRefRequest* request,
                      v1::ResolveRefResponse* response) override {
    return Queue(context, "ResolveRef", request, response);
  }

  Reactor* GetRepository(Context* context,
                         const v1::GetRepositoryRequest* request,
                         v1::GetRepositoryResponse* response) override {
    return Queue(context, "GetRepository", request, response);
  }

  Reactor* RetryPost(Context* context, const v1::RetryPostRequest* request,
                     v1::RetryPostResponse* response) override {
    return Queue(context, "RetryPost", request, response);
  }

  Reactor* ListStatuses(Context* context,
                        const v1::ListStatusesRequest* request,
                        v1::ListStatusesResponse* response) override {
    return Queue(context, "ListStatuses", request, response);
  }

  Reactor* RetryPosts(Context* context, const v1::RetryPostsRequest* request,
                      v1::RetryPostsResponse* response) override {
    return Queue(context, "RetryPosts", request, response);
  }

  Reactor* ReportEvent(Context* context, const v1::ReportEventRequest* request,
                       v1::ReportEventResponse* response) override {
    return Queue(context, "ReportEvent", request, response);
  }

  WatchReactor* WatchStatuses(
      Context* context, const v1::WatchStatusesRequest* request) override {
    const absl::StatusOr<Identity> identity = Admit(*context, "WatchStatuses");
    return OpenWatchStream(context,
                           identity.ok()
                               ? WatchFilter::Of(*request, identity->caller)
                               : identity.status(),
                           Recheck(identity), FromProto(*request), &hub_,
                           &counters_.at("WatchStatuses"));
  }

  Reactor* DiagnoseRepository(
      Context* context, const v1::DiagnoseRepositoryRequest* request,
      v1::DiagnoseRepositoryResponse* response) override {
    const UnaryCall call = Begin(context, "DiagnoseRepository");
    const absl::StatusOr<Identity> identity =
        Admit(*context, "DiagnoseRepository");
    const absl::StatusOr<Repository> repository =
        ParseKnownRepository(request->repository(), options_.convert);
    absl::Status status = identity.status();
    if (status.ok()) status = repository.status();
    if (status.ok()) {
      status = Authorizer::Authorize(identity->caller, Right::kRead,
                                     *repository, {});
    }
    if (!status.ok()) {
      call.End(status);
      return call.reactor();
    }
    // The diagnosis may end on this thread, which must not wait for the store.
    const auto answer = [call, response, repository = *repository,
                         caller = identity->caller, this](Diagnosis diagnosis) {
      Read(call, [=, this, diagnosis = std::move(diagnosis)]() mutable {
        const absl::StatusOr<Repository> meant = statuses_->MeantBy(repository);
        if (!meant.ok()) return meant.status();
        std::string old_name = OldNameNotice(repository, *meant);
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
    return call.reactor();
  }

  Reactor* GetServerInfo(Context* context, const v1::GetServerInfoRequest*,
                         v1::GetServerInfoResponse* response) override {
    const UnaryCall call = Begin(context, "GetServerInfo");
    const absl::StatusOr<Identity> identity = Admit(*context, "GetServerInfo");
    if (identity.ok()) Fill(options_.info, *identity, response);
    call.End(identity.status());
    return call.reactor();
  }

  Reactor* IssueToken(Context* context, const v1::IssueTokenRequest* request,
                      v1::IssueTokenResponse* response) override {
    const UnaryCall call = Begin(context, "IssueToken");
    const absl::StatusOr<Identity> identity = Admit(*context, "IssueToken");
    absl::StatusOr<IssuedToken> wanted =
        identity.ok()
            ? TokenWanted(*request, *identity, options_.convert, clock_->Now())
            : identity.status();
    if (!wanted.ok()) {
      call.End(wanted.status());
      return call.reactor();
    }
    // A new key must be on disk first, which this thread must not wait for.
    Read(call, [this, wanted = *std::move(wanted), response] {
      return Issue(wanted, response);
    });
    return call.reactor();
  }

 private:
  UnaryCall Begin(Context* context, const char* method) {
    return UnaryCall(context, &counters_.at(method));
  }

  // Ends the calls that have waited too long for the disk.
  void AnswerOverdue() {
    const absl::Status error =
        Error(absl::StatusCode::kDeadlineExceeded, "SERVER_TOO_SLOW",
              "the server could not answer in time; repeat the call");
    intake_->AnswerOverdue(options_.max_call_time, error);
    reads_.AnswerOverdue(options_.max_call_time, error);
  }

  absl::StatusOr<Identity> Admit(const Context& context,
                                 absl::string_view method) const {
    return authorizer_->Admit(method, Authorization(context), clock_->Now());
  }

  // Whether a stream of this caller may go on.
  std::function<absl::Status()> Recheck(
      const absl::StatusOr<Identity>& identity) const {
    return [this, identity = identity.value_or(Identity())] {
      return authorizer_->Recheck(identity, clock_->Now());
    };
  }

  absl::Status Issue(const IssuedToken& wanted,
                     v1::IssueTokenResponse* response) const {
    if (options_.token_keys == nullptr) {
      return absl::UnimplementedError("this server issues no tokens");
    }
    absl::StatusOr<std::string> token =
        options_.token_keys->Issue(wanted, clock_->Now());
    if (!token.ok()) return token.status();
    const absl::StatusOr<Identity> identity =
        authorizer_->Authenticate(*token, clock_->Now());
    if (!identity.ok()) return identity.status();
    response->set_token(*std::move(token));
    *response->mutable_grants() = GrantsOf(*identity);
    return absl::OkStatus();
  }

  // Gives a report to Intake, and answers with the receipts.
  template <typename Request, typename Response>
  Reactor* Submit(Context* context, const char* method, const Request* request,
                  Response* response) {
    const UnaryCall call = Begin(context, method);
    const absl::StatusOr<Identity> identity = Admit(*context, method);
    absl::StatusOr<Converted> converted =
        identity.ok() ? FromProto(*request, options_.convert)
                      : identity.status();
    absl::Status status = converted.status();
    if (status.ok()) {
      status = Authorizer::AuthorizeReports(identity->caller, &*converted);
    }
    if (!status.ok() || converted->submission.IsEmpty()) {
      // Without an expected context the answer is OK, with no receipts.
      call.End(status);
      return call.reactor();
    }
    converted->submission.request_id = call.request_id();
    std::optional<v1::StatusCreator> creator = AskedCreator(
        request->with_creator(), converted->submission.report.repository,
        options_.creator_of);
    intake_->Submit(std::move(converted->submission),
                    [call, response, creator = std::move(creator),
                     warnings = std::move(converted->warnings)](
                        const absl::StatusOr<Outcome>& outcome) {
                      if (!outcome.ok()) return call.End(outcome.status());
                      if (outcome->status.ok()) {
                        Fill(outcome->receipts, warnings, response);
                        if (creator) *response->mutable_creator() = *creator;
                      }
                      call.End(outcome->status);
                    });
    return call.reactor();
  }

  // Does what is left of a call on the read queue.
  void Read(const UnaryCall& call, StoreCalls::Work work) {
    reads_.Run([call, work = std::move(work)](const absl::Status& admitted) {
      call.End(admitted.ok() ? work() : admitted);
    });
  }

  // Does a call of StoreCalls.
  template <typename Request, typename Response>
  Reactor* Queue(Context* context, const char* method, const Request* request,
                 Response* response) {
    const UnaryCall call = Begin(context, method);
    const absl::StatusOr<Identity> identity = Admit(*context, method);
    absl::StatusOr<StoreCalls::Work> work =
        identity.ok()
            ? store_calls_.Prepare(identity->caller, *request, response)
            : identity.status();
    if (work.ok()) {
      Read(call, *std::move(work));
    } else {
      call.End(work.status());
    }
    return call.reactor();
  }

  const Options options_;
  const Authorizer* const authorizer_;
  Clock* const clock_;
  Intake* const intake_;
  Statuses* const statuses_;
  const StoreCalls store_calls_;
  std::map<absl::string_view, CodeCounters> counters_;  // By method.

  ReportStreams report_streams_;
  WatchHub hub_;
  ReadQueue reads_;
  Worker deadlines_;
};

}  // namespace

std::unique_ptr<StatusServiceImpl> StatusServiceImpl::Make(
    Options options, const Authorizer* authorizer, Intake* intake,
    Acceptance* acceptance, Statuses* statuses, Metrics* metrics,
    Clock* clock) {
  return std::make_unique<ServiceCalls>(std::move(options), authorizer, intake,
                                        acceptance, statuses, metrics, clock);
}

}  // namespace signalbox
