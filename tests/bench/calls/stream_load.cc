#include "tests/bench/calls/stream_load.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

constexpr absl::Duration kAnswerLimit = absl::Seconds(10);

// With a rate, a stream writes its due reports this often.
constexpr absl::Duration kTick = absl::Milliseconds(1);

SteadyTime Now() { return Clock::System()->Steady(); }

// One stream. It writes while fewer than `window` reports are unanswered.
class Stream : public grpc::ClientBidiReactor<v1::StreamReportsRequest,
                                              v1::StreamReportsResponse> {
 public:
  // `rate`: of this stream alone.
  Stream(v1::StatusService::Stub* stub, const StreamLoad& load, double rate,
         const Workload* workload, std::atomic<int64_t>* next)
      : load_(load),
        rate_(rate),
        workload_(*workload),
        next_(*next),
        begin_(Now()),
        last_answer_(begin_) {
    context_.set_deadline(
        absl::ToChronoTime(Clock::System()->Now() + load.time + kAnswerLimit));
    stub->async()->StreamReports(&context_, this);
    MutexLock lock(&mu_);
    // The stream does not end while somebody may still write.
    AddHold();
    WriteNext();
    StartRead(&answer_);
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mu_);
    is_writing_ = false;
    if (!ok) {
      StopWriting();
    } else {
      WriteNext();
    }
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(&mu_);
    if (!ok) {
      if (!is_writing_) StopWriting();
      is_broken_ = true;
      return;
    }
    last_answer_ = Now();
    const bool was_sent = unanswered_.erase(answer_.tag()) == 1;
    if (!was_sent) {
      Fail("a report was answered twice");
    } else if (answer_.code() != 0) {
      Fail(answer_.message());
    } else if (answer_.receipts_size() != 1 ||
               answer_.receipts(0).disposition() != v1::DISPOSITION_ACCEPTED) {
      Fail("a report was not accepted");
    } else {
      ++result_.answered;
    }
    StartRead(&answer_);
    if (!is_writing_) WriteNext();
  }

  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mu_);
    if (!status.ok()) Fail(status.error_message());
    result_.failed += static_cast<int64_t>(unanswered_.size());
    result_.time = last_answer_ - begin_;
    is_done_ = true;
    done_.NotifyAll();
  }

  StreamResult Await() {
    MutexLock lock(&mu_);
    while (!is_done_) done_.Wait(&mu_);
    return result_;
  }

 private:
  // Writes a report, if there is room for one, or ends when the time is over.
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (has_stopped_) return;
    if (is_broken_) return StopWriting();
    if (Now() >= begin_ + load_.time) {
      StartWritesDone();
      return StopWriting();
    }
    if (unanswered_.size() >= static_cast<size_t>(load_.window)) return;
    if (IsEarly()) {
      is_writing_ = true;
      alarm_.Set(absl::ToChronoTime(Clock::System()->Now() + kTick),
                 [this](bool) { OnWriteDone(true); });
      return;
    }
    const int64_t call = next_.fetch_add(1);
    request_.set_tag(call);
    if (workload_.IsPending(call)) {
      workload_.Fill(call, request_.mutable_pending());
    } else {
      workload_.Fill(call, request_.mutable_result());
    }
    unanswered_.insert(call);
    ++result_.sent;
    is_writing_ = true;
    StartWrite(&request_);
  }

  // Whether it wrote all that is due by now.
  bool IsEarly() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return rate_ > 0 && static_cast<double>(result_.sent) >=
                            rate_ * absl::ToDoubleSeconds(Now() - begin_);
  }

  void StopWriting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (has_stopped_) return;
    has_stopped_ = true;
    RemoveHold();
  }

  void Fail(std::string why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ++result_.failed;
    if (result_.first_failure.empty()) result_.first_failure = std::move(why);
  }

  const StreamLoad load_;
  const double rate_;
  const Workload& workload_;
  std::atomic<int64_t>& next_;
  const SteadyTime begin_;
  grpc::ClientContext context_;
  v1::StreamReportsRequest request_;
  v1::StreamReportsResponse answer_;
  grpc::Alarm alarm_;

  Mutex mu_;
  CondVar done_;
  std::unordered_set<int64_t> unanswered_ ABSL_GUARDED_BY(mu_);
  // Or waits until it is time to write.
  bool is_writing_ ABSL_GUARDED_BY(mu_) = false;
  bool is_broken_ ABSL_GUARDED_BY(mu_) = false;
  bool has_stopped_ ABSL_GUARDED_BY(mu_) = false;
  bool is_done_ ABSL_GUARDED_BY(mu_) = false;
  SteadyTime last_answer_ ABSL_GUARDED_BY(mu_);
  StreamResult result_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

StreamResult SendStreams(const StreamLoad& load, const Stubs& stubs,
                         const Workload& workload, int64_t first_call) {
  std::atomic<int64_t> next = first_call;
  std::vector<std::unique_ptr<Stream>> streams;
  for (const auto& stub : stubs) {
    streams.push_back(std::make_unique<Stream>(
        stub.get(), load, load.rate / static_cast<double>(stubs.size()),
        &workload, &next));
  }
  StreamResult all;
  for (const auto& stream : streams) {
    const StreamResult one = stream->Await();
    all.answered += one.answered;
    all.sent += one.sent;
    all.failed += one.failed;
    all.time = std::max(all.time, one.time);
    if (all.first_failure.empty()) all.first_failure = one.first_failure;
  }
  return all;
}

}  // namespace signalbox
