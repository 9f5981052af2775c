#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <atomic>
#include <cstdio>
#include <deque>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "server/rpc/server_limits.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/bench/calls/journal.h"
#include "tests/bench/calls/noop.h"

namespace signalbox {
namespace {

std::atomic<int64_t> last_sequence = 0;

void Accept(const std::string& context, v1::Receipt* receipt) {
  receipt->set_context(context);
  receipt->set_sequence(++last_sequence);
  receipt->set_disposition(v1::DISPOSITION_ACCEPTED);
}

grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

// Answers each report of a stream separately.
class Stream : public grpc::ServerBidiReactor<v1::StreamReportsRequest,
                                              v1::StreamReportsResponse> {
 public:
  Stream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    MutexLock lock(&mu_);
    if (!ok) {
      is_read_ = true;
      if (answers_.empty()) Finish(grpc::Status::OK);
      return;
    }
    v1::StreamReportsResponse& answer = answers_.emplace_back();
    answer.set_tag(request_.tag());
    if (request_.has_pending()) {
      for (const std::string& context : request_.pending().contexts()) {
        Accept(context, answer.add_receipts());
      }
    } else {
      Accept(request_.result().context(), answer.add_receipts());
    }
    if (answers_.size() == 1) StartWrite(&answers_.front());
    if (answers_.size() < kMostAnswers) {
      StartRead(&request_);
    } else {
      is_paused_ = true;
    }
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mu_);
    answers_.pop_front();
    if (!ok) answers_.clear();
    if (!answers_.empty()) {
      StartWrite(&answers_.front());
    } else if (is_read_) {
      Finish(grpc::Status::OK);
      return;
    }
    if (is_paused_) {
      is_paused_ = false;
      StartRead(&request_);
    }
  }

  void OnDone() override { delete this; }

 private:
  static constexpr size_t kMostAnswers = 4096;

  v1::StreamReportsRequest request_;
  Mutex mu_;
  // The first one is being written.
  std::deque<v1::StreamReportsResponse> answers_ ABSL_GUARDED_BY(mu_);
  bool is_read_ ABSL_GUARDED_BY(mu_) = false;
  bool is_paused_ ABSL_GUARDED_BY(mu_) = false;
};

// With a journal, each report is on disk before its answer.
class NoopService : public v1::StatusService::CallbackService {
 public:
  explicit NoopService(Journal* journal) : journal_(journal) {}

  grpc::ServerUnaryReactor* ReportPending(
      grpc::CallbackServerContext* context,
      const v1::ReportPendingRequest* request,
      v1::ReportPendingResponse* response) override {
    for (const std::string& name : request->contexts()) {
      Accept(name, response->add_receipts());
    }
    return Keep(*request, context);
  }
  grpc::ServerUnaryReactor* ReportResult(
      grpc::CallbackServerContext* context,
      const v1::ReportResultRequest* request,
      v1::ReportResultResponse* response) override {
    Accept(request->context(), response->mutable_receipt());
    return Keep(*request, context);
  }
  grpc::ServerUnaryReactor* GetCommitStatus(
      grpc::CallbackServerContext* context,
      const v1::GetCommitStatusRequest* request,
      v1::GetCommitStatusResponse* response) override {
    response->set_repository(request->repository());
    response->set_sha(request->sha());
    for (int i = 0; i < 10; ++i) {
      response->add_statuses()->set_context(absl::StrCat("ci/part-", i));
    }
    return Finish(context);
  }
  grpc::ServerBidiReactor<v1::StreamReportsRequest, v1::StreamReportsResponse>*
  StreamReports(grpc::CallbackServerContext*) override {
    return new Stream();
  }

 private:
  grpc::ServerUnaryReactor* Keep(const google::protobuf::Message& request,
                                 grpc::CallbackServerContext* context) {
    if (journal_ == nullptr) return Finish(context);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    journal_->Append(request.SerializeAsString(),
                     [reactor] { reactor->Finish(grpc::Status::OK); });
    return reactor;
  }

  Journal* const journal_;
};

void Serve(Journal* journal) {
  NoopService service(journal);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  SetServerLimits(&builder);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return;
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server->Wait();
}

}  // namespace

void ServeNoopGrpc() { Serve(nullptr); }

void ServeDurableGrpc(const std::string& path) {
  Journal journal(path);
  Serve(&journal);
}

}  // namespace signalbox
