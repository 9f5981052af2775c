#include "common/rpc/shared_stream.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/rpc/client_context.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPauseAfterFailure(1);

v1::StreamReportsResponse TooLate(int64_t tag) {
  v1::StreamReportsResponse answer;
  answer.set_tag(tag);
  answer.set_code(grpc::StatusCode::DEADLINE_EXCEEDED);
  answer.set_message("the server did not answer in time");
  return answer;
}

}  // namespace

// One stream. gRPC allows one read and one write at a time, and calls OnDone
// when both have ended and the hold is released. Threads of Ask begin writes,
// which gRPC does not expect, so the hold stays until no more write can begin.
// No function of gRPC is called under the lock.
class SharedStream::Stream final
    : public grpc::ClientBidiReactor<v1::StreamReportsRequest,
                                     v1::StreamReportsResponse> {
 public:
  // The result also keeps itself alive until gRPC is done with it.
  static std::shared_ptr<Stream> Open(v1::StatusService::StubInterface& server,
                                      const Secret& authorization) {
    auto stream = std::make_shared<Stream>();
    const auto context = std::make_shared<grpc::ClientContext>();
    {
      MutexLock lock(&stream->mu_);
      stream->self_ = stream;
      stream->context_ = context;
    }
    AddAuthorization(authorization.Reveal(), context.get());
    server.async()->StreamReports(context.get(), stream.get());
    stream->AddHold();
    stream->StartRead(&stream->read_);
    stream->StartCall();
    return stream;
  }

  // When the next stream may be opened. Nothing: this one has not ended.
  std::optional<Clock::time_point> successor_time() {
    MutexLock lock(&mu_);
    return successor_time_;
  }

  // As Send. The tag of `report` is not under way on this stream.
  std::optional<v1::StreamReportsResponse> Ask(
      const std::shared_ptr<const v1::StreamReportsRequest>& report,
      Clock::time_point deadline) {
    const int64_t tag = report->tag();
    Question question;
    {
      MutexLock lock(&mu_);
      if (successor_time_.has_value()) return std::nullopt;
      questions_[tag] = &question;
      unsent_.push_back(report);
    }
    WriteNext();
    MutexLock lock(&mu_);
    while (!question.is_over) {
      const auto left = deadline - Clock::now();
      if (left <= left.zero()) {
        questions_.erase(tag);
        std::erase(unsent_, report);
        return TooLate(tag);
      }
      question.changed.WaitFor(&mu_, absl::FromChrono(left));
    }
    return std::move(question.answer);
  }

  // Ends the stream, and returns when it has ended.
  void End() {
    std::shared_ptr<grpc::ClientContext> context;
    {
      MutexLock lock(&mu_);
      context = context_;
    }
    if (context != nullptr) context->TryCancel();
    MutexLock lock(&mu_);
    while (!successor_time_.has_value()) ended_.Wait(&mu_);
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      Settle();
      StartRead(&read_);
      return;
    }
    {
      MutexLock lock(&mu_);
      is_broken_ = true;
      if (written_ != nullptr) return;
    }
    RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    bool reads_ended = false;
    {
      MutexLock lock(&mu_);
      written_ = nullptr;
      reads_ended = is_broken_;
      can_write_ = ok;
    }
    if (reads_ended) return RemoveHold();
    WriteNext();
  }

  void OnDone(const grpc::Status&) override {
    std::shared_ptr<Stream> self;  // Destroyed after the lock.
    std::shared_ptr<grpc::ClientContext> context;
    {
      MutexLock lock(&mu_);
      self.swap(self_);
      context.swap(context_);
    }
    // Before End returns: the context owns a part of the channel. Its last
    // owner must not be this thread of gRPC's, which would wait for itself.
    context.reset();
    MutexLock lock(&mu_);
    successor_time_ =
        Clock::now() + (has_answered_ ? Clock::duration() : kPauseAfterFailure);
    for (const auto& [tag, question] : questions_) question->End();
    questions_.clear();
    unsent_.clear();
    ended_.NotifyAll();
  }

 private:
  // A report that a thread of Ask waits for. It is gone once that thread has
  // seen `is_over`, so it is ended under the lock.
  struct Question {
    void End() {
      is_over = true;
      changed.NotifyOne();
    }

    CondVar changed;
    bool is_over = false;
    std::optional<v1::StreamReportsResponse> answer;
  };

  // Hands `read_` to the thread that waits for it.
  void Settle() {
    MutexLock lock(&mu_);
    has_answered_ = true;
    const auto found = questions_.find(read_.tag());
    if (found == questions_.end()) return;  // Too late.
    found->second->answer = std::move(read_);
    found->second->End();
    questions_.erase(found);
  }

  // Begins the next write, unless one is under way.
  void WriteNext() {
    const v1::StreamReportsRequest* next = nullptr;
    {
      MutexLock lock(&mu_);
      if (written_ != nullptr || is_broken_ || !can_write_ || unsent_.empty()) {
        return;
      }
      written_ = std::move(unsent_.front());
      unsent_.pop_front();
      next = written_.get();
    }
    StartWrite(next);
  }

  v1::StreamReportsResponse read_;  // Only reactions of gRPC use it.

  Mutex mu_;
  CondVar ended_;
  std::shared_ptr<Stream> self_ ABSL_GUARDED_BY(mu_);
  // Null at the end: it would keep the connection to a server that is gone.
  std::shared_ptr<grpc::ClientContext> context_ ABSL_GUARDED_BY(mu_);
  // Set at the end.
  std::optional<Clock::time_point> successor_time_ ABSL_GUARDED_BY(mu_);
  bool has_answered_ ABSL_GUARDED_BY(mu_) = false;
  // Reads have ended, so the stream ends.
  bool is_broken_ ABSL_GUARDED_BY(mu_) = false;
  // The last write succeeded. After a failure, reads end, too.
  bool can_write_ ABSL_GUARDED_BY(mu_) = true;
  // The report of the write that is under way; null: none is.
  std::shared_ptr<const v1::StreamReportsRequest> written_ ABSL_GUARDED_BY(mu_);
  // Reports to write; a thread waits for each.
  std::deque<std::shared_ptr<const v1::StreamReportsRequest>> unsent_
      ABSL_GUARDED_BY(mu_);
  std::map<int64_t, Question*> questions_ ABSL_GUARDED_BY(mu_);  // By tag.
};

SharedStream::~SharedStream() {
  MutexLock lock(&mu_);
  if (stream_ != nullptr) stream_->End();
}

std::optional<v1::StreamReportsResponse> SharedStream::Send(
    std::shared_ptr<v1::StreamReportsRequest> report,
    std::chrono::steady_clock::time_point deadline) {
  report->set_tag(++last_tag_);
  if (report->ByteSizeLong() > kLargestReport) return std::nullopt;
  const std::shared_ptr<Stream> stream = Find();
  if (stream == nullptr) return std::nullopt;
  return stream->Ask(std::move(report), deadline);
}

std::shared_ptr<SharedStream::Stream> SharedStream::Find() {
  MutexLock lock(&mu_);
  if (stream_ != nullptr) {
    const auto successor_time = stream_->successor_time();
    if (successor_time.has_value()) {
      if (Clock::now() < *successor_time) return nullptr;
      stream_ = nullptr;
    }
  }
  if (stream_ == nullptr) stream_ = Stream::Open(server_, authorization_);
  return stream_;
}

}  // namespace signalbox
