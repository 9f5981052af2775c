#ifndef SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_
#define SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
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
  // All calls get PERMISSION_DENIED from now on. `what` names the missing
  // right: in the trailing metadata signalbox-not-granted, and in answers of
  // streams.
  void AnswerNotGranted(const std::string& what) {
    Answer(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not granted"));
    const std::lock_guard<std::mutex> lock(mu_);
    not_granted_ = what;
  }
  // From now on the server has no streams, or streams that do not say what is
  // not granted, as older servers.
  enum class Streams { kNone, kWithoutNotGranted, kAll };
  void Offer(Streams streams) {
    const std::lock_guard<std::mutex> lock(mu_);
    offered_ = streams;
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
  // Ends all streams at once, without answers.
  void CutStreams() {
    const std::lock_guard<std::mutex> lock(mu_);
    for (grpc::ServerContext* const stream : streams_) stream->TryCancel();
  }
  // How many of the reports so far came over streams.
  int Streamed() {
    const std::lock_guard<std::mutex> lock(mu_);
    return streamed_;
  }
  // The reports of a pending so far, in order, by call and by stream.
  std::vector<v1::ReportPendingRequest> Requests() {
    const std::lock_guard<std::mutex> lock(mu_);
    return requests_;
  }

  std::vector<v1::ReportResultRequest> Results() {
    const std::lock_guard<std::mutex> lock(mu_);
    return results_;
  }
  // The `authorization` metadata of the last ReportPending or of the last
  // stream; empty: none.
  std::string Authorization() {
    const std::lock_guard<std::mutex> lock(mu_);
    return authorization_;
  }
  // The request ids of all calls and streamed reports so far, in order.
  std::vector<std::string> RequestIds() {
    const std::lock_guard<std::mutex> lock(mu_);
    return request_ids_;
  }
  std::vector<v1::ReportEventRequest> Events() {
    const std::lock_guard<std::mutex> lock(mu_);
    return events_;
  }

  grpc::Status ReportPending(grpc::ServerContext* context,
                             const v1::ReportPendingRequest* request,
                             v1::ReportPendingResponse* response) override {
    std::unique_lock<std::mutex> lock(mu_);
    NoteAuthorization(*context);
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
  grpc::Status StreamReports(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StreamReportsResponse,
                               v1::StreamReportsRequest>* stream) override {
    {
      const std::lock_guard<std::mutex> lock(mu_);
      if (offered_ == Streams::kNone) {
        return {grpc::StatusCode::UNIMPLEMENTED, "no streams"};
      }
      NoteAuthorization(*context);
      streams_.insert(context);
    }
    bool ended = false;
    std::deque<v1::StreamReportsRequest> waiting;
    std::thread answering([&] {
      std::unique_lock<std::mutex> lock(mu_);
      for (;;) {
        changed_.wait(lock,
                      [&] { return ended || (!held_ && !waiting.empty()); });
        if (waiting.empty() || held_) return;
        const v1::StreamReportsResponse answer = AnswerTo(waiting.front());
        waiting.pop_front();
        lock.unlock();
        stream->Write(answer);
        lock.lock();
      }
    });
    v1::StreamReportsRequest request;
    while (stream->Read(&request)) {
      const std::lock_guard<std::mutex> lock(mu_);
      ++streamed_;
      request_ids_.push_back(request.request_id());
      if (request.has_pending()) {
        requests_.push_back(request.pending());
      } else {
        results_.push_back(request.result());
      }
      waiting.push_back(request);
      changed_.notify_all();
    }
    {
      const std::lock_guard<std::mutex> lock(mu_);
      ended = true;
      streams_.erase(context);
      changed_.notify_all();
    }
    answering.join();
    return grpc::Status::OK;
  }
  grpc::Status ListCommits(grpc::ServerContext*, const v1::ListCommitsRequest*,
                           v1::ListCommitsResponse*) override {
    const std::lock_guard<std::mutex> lock(mu_);
    return status_;
  }

 private:
  void NoteAuthorization(const grpc::ServerContext& context) {
    const auto found = context.client_metadata().find("authorization");
    authorization_ =
        found == context.client_metadata().end()
            ? ""
            : std::string(found->second.data(), found->second.size());
  }

  v1::StreamReportsResponse AnswerTo(const v1::StreamReportsRequest& request) {
    v1::StreamReportsResponse answer;
    answer.set_tag(request.tag());
    answer.set_code(status_.error_code());
    answer.set_message(status_.error_message());
    if (offered_ == Streams::kAll) answer.set_not_granted(not_granted_);
    if (!status_.ok()) return answer;
    const int receipts = request.has_result() ? 1 : receipts_;
    for (int i = 0; i < receipts; ++i) answer.add_receipts();
    return answer;
  }

  template <typename Request>
  grpc::Status Take(grpc::ServerContext* context, const Request& request,
                    std::vector<Request>* taken,
                    std::unique_lock<std::mutex>& lock) {
    if (!not_granted_.empty()) {
      context->AddTrailingMetadata("signalbox-not-granted", not_granted_);
    }
    const auto id = context->client_metadata().find("signalbox-request-id");
    request_ids_.push_back(
        id == context->client_metadata().end()
            ? ""
            : std::string(id->second.data(), id->second.size()));
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
  Streams offered_ = Streams::kAll;
  std::set<grpc::ServerContext*> streams_;
  int streamed_ = 0;
  std::vector<std::string> request_ids_;
  int receipts_ = 1;
  bool held_ = false;
  std::vector<v1::ReportPendingRequest> requests_;
  std::vector<v1::ReportResultRequest> results_;
  std::vector<v1::ReportEventRequest> events_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_FAKE_SERVER_H_
