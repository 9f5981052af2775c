#ifndef SIGNALBOX_TESTS_CLIENTS_FAKE_SERVER_H_
#define SIGNALBOX_TESTS_CLIENTS_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// How the fake server answers a call.
struct FakeAnswer {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message = "";
  std::string reason = "";    // `signalbox-reason`; empty: none.
  std::string pushback = "";  // `grpc-retry-pushback-ms`; empty: none.
};

// A call that reached the fake server.
struct FakeCall {
  std::variant<v1::ReportPendingRequest, v1::ReportResultRequest,
               v1::GetCommitStatusRequest, v1::ExplainStatusRequest,
               v1::RetryPostRequest, v1::DiagnoseRepositoryRequest,
               v1::ListStatusesRequest, v1::RetryPostsRequest,
               v1::WatchStatusesRequest, v1::IssueTokenRequest>
      request;
  std::string authorization = "";
  std::string request_id = "";  // `signalbox-request-id`; empty: none.

  bool IsPending() const { return request.index() == 0; }
  bool IsResult() const { return request.index() == 1; }
  const v1::ReportPendingRequest& pending() const {
    return std::get<0>(request);
  }
  const v1::ReportResultRequest& result() const { return std::get<1>(request); }
};

// A StatusService over real gRPC for tests of the C++ client and of
// `signalbox`. It records the calls, and gives the answers that the test sets.
// Thread-safe.
class FakeServer : public v1::StatusService::Service {
 public:
  // Listens at once, on a free port unless `address` names one. `tells_health`:
  // it also has gRPC's health service.
  explicit FakeServer(const std::string& address = "127.0.0.1:0",
                      bool tells_health = true);
  ~FakeServer() override;

  const std::string& address() const { return address_; }

  // Sets the end of calls: AnswerNext that of the next call for which none is
  // set yet, AnswerAll that of all others. They are OK at first.
  void AnswerNext(FakeAnswer answer);
  void AnswerAll(FakeAnswer answer);

  // These set what successful calls return from now on. SetReceipt: the
  // disposition and the warnings of all receipts.
  void SetReceipt(v1::Receipt receipt);
  void SetCommit(v1::GetCommitStatusResponse commit);
  void SetHistory(v1::ExplainStatusResponse history);
  // Sets several pages. The server makes each page name the next.
  void SetCommitPages(std::vector<v1::GetCommitStatusResponse> pages);
  void SetHistoryPages(std::vector<v1::ExplainStatusResponse> pages);
  void SetRetried(v1::RetryPostResponse retried);
  void SetListPages(std::vector<v1::ListStatusesResponse> pages);
  void SetRetriedPages(std::vector<v1::RetryPostsResponse> pages);
  void SetDiagnosis(v1::DiagnoseRepositoryResponse diagnosis);
  // Without it, GetServerInfo ends with UNIMPLEMENTED, as at an old server.
  void SetInfo(v1::GetServerInfoResponse info);
  // Adds a watch. The first WatchStatuses call gets the messages of the first
  // one and ends with its `end`, the second call those of the second, and so
  // on. A watch without messages sends nothing until Release.
  void AddWatch(std::vector<v1::WatchStatusesResponse> messages,
                FakeAnswer end);
  // What the health service answers: SERVING (true, as at first) or
  // NOT_SERVING.
  void SetServing(bool is_serving);

  // From now on ReportPending waits for Release before it answers.
  void HoldPendings();
  void Release();

  // Waits until the server has got `count` calls. Returns all calls so far.
  std::vector<FakeCall> WaitForCalls(size_t count);
  std::vector<FakeCall> calls();

  grpc::Status ReportPending(grpc::ServerContext* context,
                             const v1::ReportPendingRequest* request,
                             v1::ReportPendingResponse* response) override;
  grpc::Status ReportResult(grpc::ServerContext* context,
                            const v1::ReportResultRequest* request,
                            v1::ReportResultResponse* response) override;
  grpc::Status GetCommitStatus(grpc::ServerContext* context,
                               const v1::GetCommitStatusRequest* request,
                               v1::GetCommitStatusResponse* response) override;
  grpc::Status ExplainStatus(grpc::ServerContext* context,
                             const v1::ExplainStatusRequest* request,
                             v1::ExplainStatusResponse* response) override;
  grpc::Status RetryPost(grpc::ServerContext* context,
                         const v1::RetryPostRequest* request,
                         v1::RetryPostResponse* response) override;
  grpc::Status DiagnoseRepository(
      grpc::ServerContext* context,
      const v1::DiagnoseRepositoryRequest* request,
      v1::DiagnoseRepositoryResponse* response) override;
  grpc::Status GetServerInfo(grpc::ServerContext* context,
                             const v1::GetServerInfoRequest* request,
                             v1::GetServerInfoResponse* response) override;
  // Issues `sbx_issued`.
  grpc::Status IssueToken(grpc::ServerContext* context,
                          const v1::IssueTokenRequest* request,
                          v1::IssueTokenResponse* response) override;
  grpc::Status ListStatuses(grpc::ServerContext* context,
                            const v1::ListStatusesRequest* request,
                            v1::ListStatusesResponse* response) override;
  grpc::Status RetryPosts(grpc::ServerContext* context,
                          const v1::RetryPostsRequest* request,
                          v1::RetryPostsResponse* response) override;
  grpc::Status WatchStatuses(
      grpc::ServerContext* context, const v1::WatchStatusesRequest* request,
      grpc::ServerWriter<v1::WatchStatusesResponse>* writer) override;

 private:
  struct Watch {
    std::vector<v1::WatchStatusesResponse> messages;
    FakeAnswer end;
  };

  grpc::Status Take(grpc::ServerContext* context, FakeCall call);
  v1::Receipt ReceiptFor(const std::string& context);

  std::mutex mu_;
  std::condition_variable changed_;
  std::vector<FakeCall> calls_;
  std::deque<FakeAnswer> next_;
  FakeAnswer all_;
  v1::Receipt receipt_;
  std::vector<v1::GetCommitStatusResponse> commit_ = {{}};
  std::vector<v1::ExplainStatusResponse> history_ = {{}};
  v1::RetryPostResponse retried_;
  std::vector<v1::ListStatusesResponse> list_ = {{}};
  std::vector<v1::RetryPostsResponse> retried_pages_ = {{}};
  v1::DiagnoseRepositoryResponse diagnosis_;
  std::optional<v1::GetServerInfoResponse> info_;
  std::deque<Watch> watches_;
  bool hold_pendings_ = false;
  bool released_ = false;

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_CLIENTS_FAKE_SERVER_H_
