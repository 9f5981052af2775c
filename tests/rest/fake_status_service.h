#ifndef SIGNALBOX_TESTS_REST_FAKE_STATUS_SERVICE_H_
#define SIGNALBOX_TESTS_REST_FAKE_STATUS_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// A server for tests of the door, in the same process. It records the calls,
// and answers as the test sets. It knows callers as the Authorizer does:
// GetServerInfo without a token is UNAUTHENTICATED if there are any.
// Thread-safe.
class FakeStatusService final : public v1::StatusService::Service {
 public:
  FakeStatusService() {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    stub_ = v1::StatusService::NewStub(server_->InProcessChannel({}));
  }
  ~FakeStatusService() override { server_->Shutdown(); }

  v1::StatusService::Stub& stub() { return *stub_; }

  // The next calls of this method end so.
  struct Failure {
    grpc::StatusCode code;
    std::string reason;
    std::string not_granted;
  };
  void Fail(const std::string& method, Failure failure) {
    MutexLock lock(&mu_);
    failures_[method] = std::move(failure);
  }
  // Gives the configuration a caller.
  void SetCaller(const std::string& name, std::vector<std::string> rights) {
    MutexLock lock(&mu_);
    grants_.set_caller(name);
    for (const std::string& right : rights) grants_.add_rights(right);
  }
  // The caller's token is GitHub's own.
  void SetForward() {
    MutexLock lock(&mu_);
    grants_.set_forward(true);
  }
  // Gives the server a host of GitHub's.
  void AddHost(const std::string& name, const std::string& api_url) {
    MutexLock lock(&mu_);
    v1::Host& host = hosts_.emplace_back();
    host.set_name(name);
    host.set_api_url(api_url);
  }
  // The caller is an App with this number, for these repositories.
  void SetApp(int64_t app_id, const std::vector<std::string>& repositories) {
    MutexLock lock(&mu_);
    grants_.set_app_id(app_id);
    for (const std::string& one : repositories) grants_.add_repositories(one);
  }
  // The caller comes with an issued token.
  void SetIssued() {
    MutexLock lock(&mu_);
    grants_.mutable_narrowing();
  }
  void SetReceipt(v1::Receipt receipt) {
    MutexLock lock(&mu_);
    receipt_ = std::move(receipt);
  }
  // Newest first.
  void SetReports(std::vector<v1::ListedReport> reports) {
    MutexLock lock(&mu_);
    reports_ = std::move(reports);
  }

  // From now on the server knows the RPC StreamReports.
  void AllowStreams() {
    MutexLock lock(&mu_);
    has_streams_ = true;
  }

  // Who posts, as the server has learnt from now on.
  void SetCreator(const v1::StatusCreator& creator) {
    MutexLock lock(&mu_);
    creator_ = creator;
  }
  std::vector<v1::ReportPendingRequest> pendings() {
    MutexLock lock(&mu_);
    return pendings_;
  }
  std::vector<v1::ReportResultRequest> results() {
    MutexLock lock(&mu_);
    return results_;
  }
  std::vector<v1::IssueTokenRequest> issued() {
    MutexLock lock(&mu_);
    return issued_;
  }
  // All calls so far: a method, a colon and the call's Authorization.
  std::vector<std::string> calls() {
    MutexLock lock(&mu_);
    return calls_;
  }
  std::string request_id() {
    MutexLock lock(&mu_);
    return request_id_;
  }

  grpc::Status ReportPending(grpc::ServerContext* context,
                             const v1::ReportPendingRequest* request,
                             v1::ReportPendingResponse* response) override {
    MutexLock lock(&mu_);
    pendings_.push_back(*request);
    *response->add_receipts() = receipt_;
    if (request->with_creator()) *response->mutable_creator() = creator_;
    return End("ReportPending", context);
  }
  grpc::Status ReportResult(grpc::ServerContext* context,
                            const v1::ReportResultRequest* request,
                            v1::ReportResultResponse* response) override {
    MutexLock lock(&mu_);
    results_.push_back(*request);
    *response->mutable_receipt() = receipt_;
    if (request->with_creator()) *response->mutable_creator() = creator_;
    return End("ReportResult", context);
  }
  // A failure of the unary call is one of the report, too; one of StreamReports
  // ends the stream at its first report.
  grpc::Status StreamReports(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StreamReportsResponse,
                               v1::StreamReportsRequest>* stream) override {
    {
      MutexLock lock(&mu_);
      if (!has_streams_) return {grpc::StatusCode::UNIMPLEMENTED, ""};
    }
    v1::StreamReportsRequest request;
    while (stream->Read(&request)) {
      v1::StreamReportsResponse response;
      {
        MutexLock lock(&mu_);
        if (const auto end = End("StreamReports", context); !end.ok()) {
          return end;
        }
        response = AnswerTo(request);
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status GetServerInfo(grpc::ServerContext* context,
                             const v1::GetServerInfoRequest*,
                             v1::GetServerInfoResponse* response) override {
    MutexLock lock(&mu_);
    *response->mutable_grants() = grants_;
    response->mutable_hosts()->Assign(hosts_.begin(), hosts_.end());
    const grpc::Status end = End("GetServerInfo", context);
    if (end.ok() && !grants_.caller().empty() &&
        MetadataOf(context, "authorization").empty()) {
      return {grpc::StatusCode::UNAUTHENTICATED, "no token was sent"};
    }
    return end;
  }
  // Issues `sbx_issued`, which has the rights that it was asked for.
  grpc::Status IssueToken(grpc::ServerContext* context,
                          const v1::IssueTokenRequest* request,
                          v1::IssueTokenResponse* response) override {
    MutexLock lock(&mu_);
    issued_.push_back(*request);
    response->set_token("sbx_issued");
    *response->mutable_grants() = grants_;
    *response->mutable_grants()->mutable_rights() =
        request->narrowing().rights();
    response->mutable_grants()->mutable_token_expire_time()->set_seconds(
        1700003700);
    return End("IssueToken", context);
  }
  grpc::Status GetRepository(grpc::ServerContext* context,
                             const v1::GetRepositoryRequest* request,
                             v1::GetRepositoryResponse* response) override {
    MutexLock lock(&mu_);
    response->set_repository("acme/app");
    if (request->host() == "ghe.example") {
      response->set_repository("ghe.example/acme/app");
    }
    response->set_repository_id(1296269);
    return End("GetRepository", context);
  }
  grpc::Status ResolveRef(grpc::ServerContext* context,
                          const v1::ResolveRefRequest* request,
                          v1::ResolveRefResponse* response) override {
    MutexLock lock(&mu_);
    resolved_ = request->ref();
    response->set_sha(std::string(40, 'b'));
    return End("ResolveRef", context);
  }
  grpc::Status ListReports(grpc::ServerContext* context,
                           const v1::ListReportsRequest* request,
                           v1::ListReportsResponse* response) override {
    MutexLock lock(&mu_);
    listed_ = *request;
    *response->mutable_creator() = creator_;
    size_t from = 0;
    if (!request->page_token().empty())
      from = std::stoul(request->page_token());
    const size_t end = std::min(
        reports_.size(), from + static_cast<size_t>(request->page_size()));
    for (size_t i = from; i < end; ++i) *response->add_reports() = reports_[i];
    if (end < reports_.size()) {
      response->set_next_page_token(std::to_string(end));
    }
    return End("ListReports", context);
  }

  std::string resolved() {
    MutexLock lock(&mu_);
    return resolved_;
  }
  v1::ListReportsRequest listed() {
    MutexLock lock(&mu_);
    return listed_;
  }

 private:
  v1::StreamReportsResponse AnswerTo(const v1::StreamReportsRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    v1::StreamReportsResponse response;
    response.set_tag(request.tag());
    request_id_ = request.request_id();
    if (request.has_pending()) pendings_.push_back(request.pending());
    if (request.has_result()) results_.push_back(request.result());
    const auto failure = failures_.find(request.has_pending() ? "ReportPending"
                                                              : "ReportResult");
    if (failure == failures_.end()) {
      *response.add_receipts() = receipt_;
      *response.mutable_creator() = creator_;
      return response;
    }
    response.set_code(failure->second.code);
    response.set_reason(failure->second.reason);
    response.set_not_granted(failure->second.not_granted);
    return response;
  }

  static std::string MetadataOf(grpc::ServerContext* context,
                                const char* name) {
    const auto found = context->client_metadata().find(name);
    return found == context->client_metadata().end()
               ? std::string()
               : std::string(found->second.data(), found->second.size());
  }

  grpc::Status End(const std::string& method, grpc::ServerContext* context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    calls_.push_back(method + ":" + MetadataOf(context, "authorization"));
    request_id_ = MetadataOf(context, "signalbox-request-id");
    const auto failure = failures_.find(method);
    if (failure == failures_.end()) return grpc::Status::OK;
    context->AddTrailingMetadata("signalbox-reason", failure->second.reason);
    context->AddTrailingMetadata("signalbox-not-granted",
                                 failure->second.not_granted);
    return {failure->second.code, "said by the server"};
  }

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::StatusService::Stub> stub_;

  Mutex mu_;
  bool has_streams_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, Failure> failures_ ABSL_GUARDED_BY(mu_);
  v1::Grants grants_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::Host> hosts_ ABSL_GUARDED_BY(mu_);
  v1::Receipt receipt_ ABSL_GUARDED_BY(mu_);
  v1::StatusCreator creator_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::ListedReport> reports_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::ReportPendingRequest> pendings_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::ReportResultRequest> results_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::IssueTokenRequest> issued_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mu_);
  std::string request_id_ ABSL_GUARDED_BY(mu_);
  std::string resolved_ ABSL_GUARDED_BY(mu_);
  v1::ListReportsRequest listed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_REST_FAKE_STATUS_SERVICE_H_
