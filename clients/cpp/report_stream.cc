#include "clients/cpp/report_stream.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cpp/repeats.h"
#include "common/error.h"
#include "common/mutex.h"
#include "common/rpc/client_context.h"
#include "common/utf8.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

// What the tag adds to a message, at most.
constexpr size_t kTagSize = 16;

gpr_timespec At(Clock::time_point time) {
  if (time == Clock::time_point::max()) {
    return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(time - Clock::now(), Clock::duration::zero()));
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(left.count(), GPR_TIMESPAN));
}

// INVALID_ARGUMENT if the server could not read `text`. It would then end the
// stream for all.
absl::Status CheckText(absl::string_view field, absl::string_view text) {
  if (IsValidUtf8(text)) return absl::OkStatus();
  return InvalidField(field, text, "is not UTF-8", "");
}

template <typename Request>
absl::Status CheckTexts(const Request& request) {
  for (const auto& [field, text] :
       {std::pair<absl::string_view, absl::string_view>("repository",
                                                        request.repository()),
        {"sha", request.sha()},
        {"series", request.series()},
        {"description", request.description()},
        {"target_url", request.target_url()}}) {
    if (absl::Status bad = CheckText(field, text); !bad.ok()) return bad;
  }
  return absl::OkStatus();
}

template <typename Request>
std::string CommitOf(const Request& request) {
  // GitHub compares both without case.
  return absl::AsciiStrToLower(
      absl::StrCat(request.repository(), " ", request.sha()));
}

template <typename Value>
std::future<Value> Ready(Value value) {
  std::promise<Value> promise;
  promise.set_value(std::move(value));
  return promise.get_future();
}

}  // namespace

// Owns the reports that are not answered, and the thread that talks to the
// server.
class ReportStream::Worker {
 public:
  Worker(Client client, size_t max_in_flight)
      : client_(std::move(client)),
        max_in_flight_(std::max<size_t>(max_in_flight, 1)),
        request_id_(client_.RequestId()),
        thread_([this] { Run(); }) {}

  ~Worker() { thread_.join(); }

  std::future<Answer> Add(v1::StreamReportsRequest request,
                          std::string commit) {
    if (request.ByteSizeLong() + kTagSize > kLargestReport) {
      return Ready<Answer>(absl::ResourceExhaustedError(
          absl::StrCat("the report has ", request.ByteSizeLong(),
                       " bytes; the server takes ", kLargestReport)));
    }
    MutexLock lock(&mu_);
    while (unanswered_ >= max_in_flight_ && !is_closing_) changed_.Wait(&mu_);
    if (is_closing_) {
      return Ready<Answer>(absl::InvalidArgumentError("the stream is closed"));
    }
    if (unanswered_ == 0) begin_ = client_.options_.now();
    ++unanswered_;
    const auto report = std::make_shared<Report>(client_.options_.random);
    report->request = std::move(request);
    report->request.set_tag(++last_tag_);
    report->lane = std::move(commit);
    std::future<Answer> answer = report->answer.get_future();
    std::deque<std::shared_ptr<Report>>& lane = lanes_[report->lane];
    lane.push_back(report);
    if (lane.size() == 1) ready_.push_back(report);
    Wake();
    return answer;
  }

  void Close() {
    MutexLock lock(&mu_);
    is_closing_ = true;
    Wake();
    while (!is_over_) changed_.Wait(&mu_);
  }

 private:
  struct Report {
    explicit Report(std::function<double()> random)
        : repeats(std::move(random)) {}

    v1::StreamReportsRequest request;
    std::string lane;  // The commit.
    std::promise<Answer> answer;
    // After answers that ask for a repeat. The time: of the first.
    Repeats repeats;
    std::optional<absl::Time> refused_time;
  };

  class Conversation;

  void Run();

  // Returns true once a report waits, false if none will.
  bool WaitForReports() {
    MutexLock lock(&mu_);
    while (unanswered_ == 0 && !is_closing_) changed_.Wait(&mu_);
    return unanswered_ > 0;
  }

  // Makes Add end the wait for `alarm`; null: Add needs to wake nothing.
  void SetAlarm(grpc::Alarm* alarm) {
    MutexLock lock(&mu_);
    alarm_ = alarm;
  }

  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (alarm_ != nullptr) alarm_->Cancel();
    alarm_ = nullptr;
    changed_.NotifyAll();
  }

  // When a stream is taken for lost if the server owes answers, and says
  // nothing from now on. That is the deadline of a try that begins now.
  Clock::time_point SilenceEnd() {
    MutexLock lock(&mu_);
    const absl::Duration left =
        begin_ + client_.options_.retry_for - client_.options_.now();
    // Bounded, so that the sum does not overflow.
    return Clock::now() + absl::ToChronoNanoseconds(std::min(
                              {client_.options_.try_timeout,
                               std::max(left, kShortestTry), absl::Hours(1)}));
  }

  // When to look again though nothing happened.
  Clock::time_point NextTime(Clock::time_point silence_end) {
    MutexLock lock(&mu_);
    auto next = Clock::time_point::max();
    if (!in_flight_.empty()) next = silence_end;
    if (!delayed_.empty()) next = std::min(next, delayed_.begin()->first);
    return next;
  }

  bool HasInFlight() {
    MutexLock lock(&mu_);
    return !in_flight_.empty();
  }

  bool IsDone() {
    MutexLock lock(&mu_);
    return is_closing_ && unanswered_ == 0;
  }

  // The next report to send now. Null: there is none.
  std::shared_ptr<Report> TakeNext() {
    MutexLock lock(&mu_);
    while (!delayed_.empty() && delayed_.begin()->first <= Clock::now()) {
      ready_.push_back(delayed_.begin()->second);
      delayed_.erase(delayed_.begin());
    }
    if (ready_.empty()) return nullptr;
    std::shared_ptr<Report> next = std::move(ready_.front());
    ready_.pop_front();
    in_flight_[next->request.tag()] = next;
    return next;
  }

  // Deals with the server's answer to a report. False: the report waits to be
  // sent again.
  bool Settle(v1::StreamReportsResponse answer) {
    MutexLock lock(&mu_);
    const auto found = in_flight_.find(answer.tag());
    if (found == in_flight_.end()) return true;
    const std::shared_ptr<Report> report = std::move(found->second);
    in_flight_.erase(found);
    begin_ = client_.options_.now();
    if (answer.code() == 0) {
      End(report, std::vector<v1::Receipt>(answer.receipts().begin(),
                                           answer.receipts().end()));
      return true;
    }
    std::optional<std::string> pushback;
    if (answer.has_retry_after()) {
      pushback = absl::StrCat(answer.retry_after().seconds() * 1000 +
                              answer.retry_after().nanos() / 1'000'000);
    }
    const absl::Status error =
        MakeError(static_cast<absl::StatusCode>(answer.code()), answer.reason(),
                  answer.message(), pushback.has_value(), request_id_);
    const std::optional<absl::Duration> pause =
        report->repeats.PauseAfter(error, pushback);
    if (!report->refused_time) report->refused_time = begin_;
    const absl::Duration left =
        *report->refused_time + client_.options_.retry_for - begin_;
    if (!pause || *pause > left) {
      End(report, error);
      return true;
    }
    delayed_.emplace(Clock::now() + absl::ToChronoNanoseconds(*pause), report);
    return false;
  }

  // Makes what was under way on a stream that ended wait for the next one.
  // Returns when `retry_for` began; nothing if no report waits.
  std::optional<absl::Time> PutBack() {
    MutexLock lock(&mu_);
    // They come before what was not sent, in their order.
    for (auto each = in_flight_.rbegin(); each != in_flight_.rend(); ++each) {
      ready_.push_front(std::move(each->second));
    }
    in_flight_.clear();
    if (unanswered_ == 0) return std::nullopt;
    return begin_;
  }

  void FailAll(const absl::Status& error) {
    MutexLock lock(&mu_);
    for (auto& [commit, lane] : lanes_) {
      for (const auto& report : lane) report->answer.set_value(error);
    }
    lanes_.clear();
    ready_.clear();
    delayed_.clear();
    unanswered_ = 0;
    changed_.NotifyAll();
  }

  // Ends a report, which is the first of its lane.
  void End(const std::shared_ptr<Report>& report, Answer answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    report->answer.set_value(std::move(answer));
    const auto lane = lanes_.find(report->lane);
    lane->second.pop_front();
    if (lane->second.empty()) {
      lanes_.erase(lane);
    } else {
      ready_.push_back(lane->second.front());
    }
    --unanswered_;
    changed_.NotifyAll();
  }

  const Client client_;
  const size_t max_in_flight_;
  const std::string request_id_;  // All streams are one call.

  Mutex mu_;
  CondVar changed_;
  bool is_closing_ ABSL_GUARDED_BY(mu_) = false;
  bool is_over_ ABSL_GUARDED_BY(mu_) = false;  // The thread has ended its work.
  int64_t last_tag_ ABSL_GUARDED_BY(mu_) = 0;
  // Reports without an answer, by commit, each in the order of the calls. Only
  // the first of a lane is in one of the three lists below.
  std::map<std::string, std::deque<std::shared_ptr<Report>>> lanes_
      ABSL_GUARDED_BY(mu_);
  size_t unanswered_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::shared_ptr<Report>> ready_ ABSL_GUARDED_BY(mu_);
  std::map<int64_t, std::shared_ptr<Report>> in_flight_ ABSL_GUARDED_BY(mu_);
  // By when the server wants them.
  std::multimap<Clock::time_point, std::shared_ptr<Report>> delayed_
      ABSL_GUARDED_BY(mu_);
  // When `retry_for` began: at the last answer, or later, when a report was
  // added and no other waited.
  absl::Time begin_ ABSL_GUARDED_BY(mu_);
  // Wakes the thread while it waits for the stream. Null: it need not be.
  grpc::Alarm* alarm_ ABSL_GUARDED_BY(mu_) = nullptr;

  std::thread thread_;  // The last member: it uses the others.
};

// One stream, in the worker's thread.
class ReportStream::Worker::Conversation {
 public:
  Conversation(Worker* worker, grpc::ClientContext* context)
      : worker_(worker), context_(context) {}

  // Sends reports and reads answers until the stream ends. Sets `has_answered`
  // if a report was answered for good.
  grpc::Status Hold(bool* has_answered) {
    AwaitReports();
    stream_ = worker_->client_.stub_->AsyncStreamReports(context_, &queue_,
                                                         AsPointer(kStart));
    while (is_open_) {
      void* tag = nullptr;
      bool ok = false;
      const auto next =
          queue_.AsyncNext(&tag, &ok,
                           At(is_silent_ ? Clock::time_point::max()
                                         : worker_->NextTime(silence_end_)));
      if (next == grpc::CompletionQueue::TIMEOUT) {
        EndIfSilent();
      } else {
        OnEvent(static_cast<Event>(reinterpret_cast<intptr_t>(tag)), ok);
      }
      WriteNext();
    }
    *has_answered = has_answered_;
    return Finish();
  }

 private:
  // What the stream waits for.
  enum Event : intptr_t { kStart = 1, kRead, kWrite, kLastWrite, kWake, kEnd };

  static void* AsPointer(Event event) { return reinterpret_cast<void*>(event); }

  void OnEvent(Event event, bool ok) {
    switch (event) {
      case kStart:
        is_open_ = can_write_ = ok;
        if (ok) stream_->Read(&answer_, AsPointer(kRead));
        break;
      case kRead:
        is_open_ = ok;
        if (!ok) break;
        if (worker_->Settle(std::move(answer_))) has_answered_ = true;
        silence_end_ = worker_->SilenceEnd();
        stream_->Read(&answer_, AsPointer(kRead));
        break;
      case kWrite:
        written_ = nullptr;
        can_write_ = ok;  // After a failure, reads end, too.
        break;
      case kWake:
        AwaitReports();
        break;
      case kLastWrite:
      case kEnd:
        break;
    }
  }

  void AwaitReports() {
    alarm_.Set(&queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), AsPointer(kWake));
    worker_->SetAlarm(&alarm_);
  }

  void EndIfSilent() {
    if (!worker_->HasInFlight() || Clock::now() < silence_end_) return;
    is_silent_ = true;
    context_->TryCancel();
  }

  // Begins the next write, unless one is under way.
  void WriteNext() {
    if (!is_open_ || !can_write_) return;
    if (!worker_->HasInFlight()) silence_end_ = worker_->SilenceEnd();
    written_ = worker_->TakeNext();
    if (written_ != nullptr) {
      can_write_ = false;
      stream_->Write(written_->request, AsPointer(kWrite));
    } else if (worker_->IsDone()) {
      can_write_ = false;
      stream_->WritesDone(AsPointer(kLastWrite));
    }
  }

  // Returns how the stream ended, after all that was under way.
  grpc::Status Finish() {
    worker_->SetAlarm(nullptr);
    alarm_.Cancel();
    grpc::Status status;
    stream_->Finish(&status, AsPointer(kEnd));
    void* tag = nullptr;
    bool ok = false;
    while (tag != AsPointer(kEnd)) queue_.Next(&tag, &ok);
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    if (is_silent_) {
      return {grpc::StatusCode::DEADLINE_EXCEEDED,
              "the server did not answer in time"};
    }
    return status;
  }

  Worker* const worker_;
  grpc::ClientContext* const context_;
  grpc::CompletionQueue queue_;
  grpc::Alarm alarm_;
  std::unique_ptr<grpc::ClientAsyncReaderWriterInterface<
      v1::StreamReportsRequest, v1::StreamReportsResponse>>
      stream_;
  v1::StreamReportsResponse answer_;
  std::shared_ptr<const Report> written_;
  bool can_write_ = false;  // No write is under way, and another may begin.
  bool is_open_ = true;
  bool is_silent_ = false;
  bool has_answered_ = false;
  // Counts from the server's last answer, or from when nothing was in flight.
  Clock::time_point silence_end_ = Clock::time_point::max();
};

void ReportStream::Worker::Run() {
  Repeats repeats(client_.options_.random);
  while (WaitForReports()) {
    grpc::ClientContext context;
    AddToken(client_.options_.token, &context);
    AddRequestId(request_id_, &context);
    bool has_answered = false;
    const grpc::Status status =
        Conversation(this, &context).Hold(&has_answered);
    if (has_answered) repeats = Repeats(client_.options_.random);
    const std::optional<absl::Time> begin = PutBack();
    if (!begin) continue;
    absl::Status error = status.ok() ? StreamEnded(request_id_)
                                     : ErrorOf(status, context, request_id_);
    if (!client_.PauseBeforeRepeat(&error, Pushback(context), *begin,
                                   &repeats)) {
      FailAll(error);
      repeats = Repeats(client_.options_.random);
    }
  }
  MutexLock lock(&mu_);
  is_over_ = true;
  changed_.NotifyAll();
}

ReportStream::ReportStream(Client client, size_t max_in_flight)
    : worker_(std::make_unique<Worker>(std::move(client), max_in_flight)) {}

ReportStream::~ReportStream() { Close(); }

std::future<ReportStream::Answer> ReportStream::ReportPending(
    v1::ReportPendingRequest request) {
  absl::Status bad = CheckTexts(request);
  for (const std::string& context : request.contexts()) {
    bad.Update(CheckText("context", context));
  }
  if (!bad.ok()) return Ready<Answer>(std::move(bad));
  std::string commit = CommitOf(request);
  v1::StreamReportsRequest report;
  *report.mutable_pending() = std::move(request);
  return worker_->Add(std::move(report), std::move(commit));
}

std::future<ReportStream::Answer> ReportStream::ReportResult(
    v1::ReportResultRequest request) {
  absl::Status bad = CheckTexts(request);
  bad.Update(CheckText("context", request.context()));
  if (!bad.ok()) return Ready<Answer>(std::move(bad));
  std::string commit = CommitOf(request);
  v1::StreamReportsRequest report;
  *report.mutable_result() = std::move(request);
  return worker_->Add(std::move(report), std::move(commit));
}

void ReportStream::Close() { worker_->Close(); }

}  // namespace signalbox
