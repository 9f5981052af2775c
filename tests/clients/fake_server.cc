#include "tests/clients/fake_server.h"

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

// The token of a page is its number. The first page has none.
template <typename Response>
Response PageOf(const std::vector<Response>& pages, const std::string& token) {
  size_t number = 0;
  static_cast<void>(absl::SimpleAtoi(token, &number));
  Response page = pages.at(number);
  if (number + 1 < pages.size()) {
    page.set_next_page_token(absl::StrCat(number + 1));
  }
  return page;
}

}  // namespace

FakeServer::FakeServer(const std::string& address, bool tells_health)
    : address_(address) {
  receipt_.set_sequence(1);
  receipt_.set_disposition(v1::DISPOSITION_ACCEPTED);
  grpc::EnableDefaultHealthCheckService(tells_health);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (absl::EndsWith(address_, ":0")) {
    address_ = absl::StrCat("127.0.0.1:", port);
  }
}

FakeServer::~FakeServer() {
  Release();
  server_->Shutdown(std::chrono::system_clock::now());
}

void FakeServer::AnswerNext(FakeAnswer answer) {
  std::lock_guard<std::mutex> lock(mu_);
  next_.push_back(std::move(answer));
}

void FakeServer::AnswerAll(FakeAnswer answer) {
  std::lock_guard<std::mutex> lock(mu_);
  all_ = std::move(answer);
}

void FakeServer::SetReceipt(v1::Receipt receipt) {
  std::lock_guard<std::mutex> lock(mu_);
  receipt_ = std::move(receipt);
}

void FakeServer::SetCommit(v1::GetCommitStatusResponse commit) {
  SetCommitPages({std::move(commit)});
}

void FakeServer::SetHistory(v1::ExplainStatusResponse history) {
  SetHistoryPages({std::move(history)});
}

void FakeServer::SetCommitPages(
    std::vector<v1::GetCommitStatusResponse> pages) {
  std::lock_guard<std::mutex> lock(mu_);
  commit_ = std::move(pages);
}

void FakeServer::SetHistoryPages(std::vector<v1::ExplainStatusResponse> pages) {
  std::lock_guard<std::mutex> lock(mu_);
  history_ = std::move(pages);
}

void FakeServer::SetRetried(v1::RetryPostResponse retried) {
  std::lock_guard<std::mutex> lock(mu_);
  retried_ = std::move(retried);
}

void FakeServer::SetListPages(std::vector<v1::ListStatusesResponse> pages) {
  std::lock_guard<std::mutex> lock(mu_);
  list_ = std::move(pages);
}

void FakeServer::SetRetriedPages(std::vector<v1::RetryPostsResponse> pages) {
  std::lock_guard<std::mutex> lock(mu_);
  retried_pages_ = std::move(pages);
}

void FakeServer::SetDiagnosis(v1::DiagnoseRepositoryResponse diagnosis) {
  std::lock_guard<std::mutex> lock(mu_);
  diagnosis_ = std::move(diagnosis);
}

void FakeServer::SetInfo(v1::GetServerInfoResponse info) {
  std::lock_guard<std::mutex> lock(mu_);
  info_ = std::move(info);
}

void FakeServer::AddWatch(std::vector<v1::WatchStatusesResponse> messages,
                          FakeAnswer end) {
  std::lock_guard<std::mutex> lock(mu_);
  watches_.push_back({std::move(messages), std::move(end)});
}

void FakeServer::SetServing(bool is_serving) {
  server_->GetHealthCheckService()->SetServingStatus(is_serving);
}

void FakeServer::HoldPendings() {
  std::lock_guard<std::mutex> lock(mu_);
  hold_pendings_ = true;
}

void FakeServer::Release() {
  std::lock_guard<std::mutex> lock(mu_);
  hold_pendings_ = false;
  released_ = true;
  changed_.notify_all();
}

std::vector<FakeCall> FakeServer::WaitForCalls(size_t count) {
  std::unique_lock<std::mutex> lock(mu_);
  changed_.wait(lock, [&] { return calls_.size() >= count; });
  return calls_;
}

std::vector<FakeCall> FakeServer::calls() { return WaitForCalls(0); }

grpc::Status FakeServer::Take(grpc::ServerContext* context, FakeCall call) {
  const auto& metadata = context->client_metadata();
  if (const auto found = metadata.find("authorization");
      found != metadata.end()) {
    call.authorization =
        std::string(found->second.data(), found->second.size());
  }
  if (const auto found = metadata.find("signalbox-request-id");
      found != metadata.end()) {
    call.request_id = std::string(found->second.data(), found->second.size());
  }
  const bool is_pending = call.IsPending();
  std::unique_lock<std::mutex> lock(mu_);
  calls_.push_back(std::move(call));
  changed_.notify_all();
  FakeAnswer answer = all_;
  if (!next_.empty()) {
    answer = next_.front();
    next_.pop_front();
  }
  if (is_pending) changed_.wait(lock, [this] { return !hold_pendings_; });
  if (!answer.reason.empty()) {
    context->AddTrailingMetadata("signalbox-reason", answer.reason);
  }
  if (!answer.pushback.empty()) {
    context->AddTrailingMetadata("grpc-retry-pushback-ms", answer.pushback);
  }
  return grpc::Status(answer.code, answer.message);
}

v1::Receipt FakeServer::ReceiptFor(const std::string& context) {
  std::lock_guard<std::mutex> lock(mu_);
  v1::Receipt receipt = receipt_;
  receipt.set_context(context);
  return receipt;
}

grpc::Status FakeServer::ReportPending(grpc::ServerContext* context,
                                       const v1::ReportPendingRequest* request,
                                       v1::ReportPendingResponse* response) {
  for (const std::string& name : request->contexts()) {
    *response->add_receipts() = ReceiptFor(name);
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::ReportResult(grpc::ServerContext* context,
                                      const v1::ReportResultRequest* request,
                                      v1::ReportResultResponse* response) {
  *response->mutable_receipt() = ReceiptFor(request->context());
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::GetCommitStatus(
    grpc::ServerContext* context, const v1::GetCommitStatusRequest* request,
    v1::GetCommitStatusResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = PageOf(commit_, request->page_token());
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::ExplainStatus(grpc::ServerContext* context,
                                       const v1::ExplainStatusRequest* request,
                                       v1::ExplainStatusResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = PageOf(history_, request->page_token());
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::RetryPost(grpc::ServerContext* context,
                                   const v1::RetryPostRequest* request,
                                   v1::RetryPostResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = retried_;
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::DiagnoseRepository(
    grpc::ServerContext* context, const v1::DiagnoseRepositoryRequest* request,
    v1::DiagnoseRepositoryResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = diagnosis_;
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::IssueToken(grpc::ServerContext* context,
                                    const v1::IssueTokenRequest* request,
                                    v1::IssueTokenResponse* response) {
  response->set_token("sbx_issued");
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::GetServerInfo(grpc::ServerContext*,
                                       const v1::GetServerInfoRequest*,
                                       v1::GetServerInfoResponse* response) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!info_.has_value()) return {grpc::StatusCode::UNIMPLEMENTED, "too old"};
  *response = *info_;
  return grpc::Status::OK;
}

grpc::Status FakeServer::ListStatuses(grpc::ServerContext* context,
                                      const v1::ListStatusesRequest* request,
                                      v1::ListStatusesResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = PageOf(list_, request->page_token());
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::RetryPosts(grpc::ServerContext* context,
                                    const v1::RetryPostsRequest* request,
                                    v1::RetryPostsResponse* response) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    *response = PageOf(retried_pages_, request->page_token());
  }
  return Take(context, {*request, ""});
}

grpc::Status FakeServer::WatchStatuses(
    grpc::ServerContext* context, const v1::WatchStatusesRequest* request,
    grpc::ServerWriter<v1::WatchStatusesResponse>* writer) {
  std::optional<Watch> watch;
  {
    std::unique_lock<std::mutex> lock(mu_);
    if (!watches_.empty()) {
      watch = std::move(watches_.front());
      watches_.pop_front();
      next_.push_front(watch->end);
    }
  }
  if (watch) {
    for (const v1::WatchStatusesResponse& message : watch->messages) {
      writer->Write(message);
    }
  }
  const grpc::Status end = Take(context, {*request, ""});
  if (watch) return end;
  std::unique_lock<std::mutex> lock(mu_);
  changed_.wait(lock, [this] { return released_; });
  return end;
}

}  // namespace signalbox
