#ifndef SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_
#define SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// A gRPC server for tests of the shim. It records the shim's calls, and gives
// the answers that the test sets (OK at first). Thread-safe, except Start and
// Stop.
class FakeServer final : public v1::StatusService::Service {
 public:
  ~FakeServer() override { Stop(); }

  // Listens on a loopback port; 0: a free one, see port().
  void Start(int port = 0) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port),
                             grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  void Stop() {
    Release();
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_ = nullptr;
  }
  int port() const { return port_; }

  // All calls get this answer from now on. With OK, ReportPending has so many
  // receipts.
  void Answer(grpc::Status status, int receipts = 1) {
    const std::lock_guard<std::mutex> lock(mu_);
    status_ = std::move(status);
    receipts_ = receipts;
    not_granted_.clear();
  }
  // All calls get PERMISSION_DENIED from now on. `what` is the trailing
  // metadata signalbox-not-granted, which names the missing right.
  void AnswerNotGranted(const std::string& what) {
    Answer(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not granted"));
    const std::lock_guard<std::mutex> lock(mu_);
    not_granted_ = what;
  }
  // From now on calls wait for Release() before they are answered.
  void Hold() {
    const std::lock_guard<std::mutex> lock(mu_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard<std::mutex> lock(mu_);
    held_ = false;
    changed_.notify_all();
  }
  // The ReportPending calls so far, in order.
  std::vector<v1::ReportPendingRequest> Requests() {
    const std::lock_guard<std::mutex> lock(mu_);
    return requests_;
  }

  std::vector<v1::ReportResultRequest> Results() {
    const std::lock_guard<std::mutex> lock(mu_);
    return results_;
  }
  // The `authorization` metadata of the last ReportPending; empty: none.
  std::string Authorization() {
    const std::lock_guard<std::mutex> lock(mu_);
    return authorization_;
  }
  std::vector<v1::ReportEventRequest> Events() {
    const std::lock_guard<std::mutex> lock(mu_);
    return events_;
  }

  grpc::Status ReportPending(grpc::ServerContext* context,
                             const v1::ReportPendingRequest* request,
                             v1::ReportPendingResponse* response) override {
    std::unique_lock<std::mutex> lock(mu_);
    const auto found = context->client_metadata().find("authorization");
    authorization_ =
        found == context->client_metadata().end()
            ? ""
            : std::string(found->second.data(), found->second.size());
    for (int i = 0; i < receipts_; ++i) response->add_receipts();
    return Take(context, *request, &requests_, lock);
  }
  grpc::Status ReportResult(grpc::ServerContext* context,
                            const v1::ReportResultRequest* request,
                            v1::ReportResultResponse*) override {
    std::unique_lock<std::mutex> lock(mu_);
    return Take(context, *request, &results_, lock);
  }
  grpc::Status ReportEvent(grpc::ServerContext* context,
                           const v1::ReportEventRequest* request,
                           v1::ReportEventResponse*) override {
    std::unique_lock<std::mutex> lock(mu_);
    return Take(context, *request, &events_, lock);
  }
  grpc::Status ListCommits(grpc::ServerContext*, const v1::ListCommitsRequest*,
                           v1::ListCommitsResponse*) override {
    const std::lock_guard<std::mutex> lock(mu_);
    return status_;
  }

 private:
  template <typename Request>
  grpc::Status Take(grpc::ServerContext* context, const Request& request,
                    std::vector<Request>* taken,
                    std::unique_lock<std::mutex>& lock) {
    if (!not_granted_.empty()) {
      context->AddTrailingMetadata("signalbox-not-granted", not_granted_);
    }
    taken->push_back(request);
    changed_.wait(lock, [this] { return !held_; });
    return status_;
  }

  std::string authorization_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;

  std::mutex mu_;
  std::condition_variable changed_;
  grpc::Status status_;
  std::string not_granted_;
  int receipts_ = 1;
  bool held_ = false;
  std::vector<v1::ReportPendingRequest> requests_;
  std::vector<v1::ReportResultRequest> results_;
  std::vector<v1::ReportEventRequest> events_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_
