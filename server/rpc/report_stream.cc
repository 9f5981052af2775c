#include "server/rpc/report_stream.h"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/request_id.h"
#include "server/rpc/call_id.h"
#include "server/rpc/errors.h"
#include "server/rpc/stream_steps.h"

namespace signalbox {
namespace {

absl::Status StreamIsEnding() {
  return Error(
      absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
      "the server is shutting down; repeat the reports without an answer");
}

// The memory that a report takes until its answer is sent.
size_t BytesOfReport(const Converted& converted) {
  const Submission& submission = converted.submission;
  size_t bytes = sizeof(Converted) + submission.report.description.size() +
                 submission.report.target_url.size() +
                 submission.report.series.size() + submission.request_id.size();
  // Each context gets a receipt, which repeats the warnings.
  size_t receipt = sizeof(Receipt);
  for (const std::string& warning : converted.warnings) {
    receipt += warning.size();
  }
  for (const std::string& context : submission.contexts) {
    bytes += receipt + context.size();
  }
  return bytes;
}

v1::StreamReportsResponse Refusal(int64_t tag, const absl::Status& status,
                                  absl::string_view peer,
                                  absl::string_view request_id) {
  v1::StreamReportsResponse answer;
  const ShownError shown = Show(status, peer, request_id);
  answer.set_tag(tag);
  answer.set_code(shown.code);
  answer.set_message(shown.message);
  answer.set_reason(shown.reason);
  answer.set_not_granted(shown.not_granted);
  if (shown.retry_after.has_value()) {
    *answer.mutable_retry_after() = ToProto(*shown.retry_after);
  }
  return answer;
}

}  // namespace

// One stream. All callers share Intake's thread, so it only hands answers over.
// It judges a report only if the report was held.
class ReportStreams::Stream : public Reactor,
                              private StreamSteps,
                              public std::enable_shared_from_this<Stream> {
 public:
  Stream(ReportStreams* owner, grpc::CallbackServerContext* context,
         CallerRef caller, std::function<absl::Status()> recheck)
      : owner_(owner),
        context_(context),
        caller_(std::move(caller)),
        recheck_(std::move(recheck)),
        peer_(context->peer()),
        request_id_(TakeRequestId(context)) {}

  // Keeps the stream alive until OnDone. Reads reports if `refusal` is OK.
  void Begin(const absl::Status& refusal) {
    {
      MutexLock lock(&mu_);
      self_ = shared_from_this();
      refusal_ = refusal;
    }
    Drive();
  }

  void Close() {
    {
      MutexLock lock(&mu_);
      // A client that has ended its side gets its answers and no error.
      if (refusal_.ok() && !reads_ended_) refusal_ = StreamIsEnding();
    }
    Drive();
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      Judge();
    } else {
      MutexLock lock(&mu_);
      reading_ = false;
      reads_ended_ = true;
    }
    Drive();
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(&mu_);
      writing_ = false;
      --unanswered_;
      unanswered_bytes_ -= written_bytes_;
      if (!ok) cancelled_ = true;
    }
    Drive();
  }

  void OnCancel() override {
    {
      MutexLock lock(&mu_);
      cancelled_ = true;
    }
    Drive();
  }

  void OnDone() override {
    owner_->Forget(this);
    std::shared_ptr<Stream> self;
    MutexLock lock(&mu_);
    self.swap(self_);
    // `self` is declared before the lock, so it is destroyed after it.
  }

 private:
  struct Answer {
    v1::StreamReportsResponse message;
    size_t bytes = 0;
  };

  std::function<void()> NextStep() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (finished_) return nullptr;
    if (cancelled_ && writing_) return nullptr;
    if (cancelled_) return LastStep();
    if (!answers_.empty() && !writing_) {
      written_ = std::move(answers_.front().message);
      written_bytes_ = answers_.front().bytes;
      answers_.pop_front();
      writing_ = true;
      // gRPC may then send this answer together with the next. Not the first:
      // its write also sends the initial metadata, and ends only after gRPC has
      // sent both.
      const bool more = has_written_ && !answers_.empty();
      has_written_ = true;
      return [this, more] { Write(more); };
    }
    if (held_) {
      if (!retry_) return nullptr;
      held_ = retry_ = false;
      return [this] { Judge(); };
    }
    if (reads_ended_ || !refusal_.ok()) {
      return unanswered_ == 0 ? LastStep() : nullptr;
    }
    if (!reading_ && unanswered_ < owner_->options_.max_unanswered &&
        unanswered_bytes_ < owner_->options_.max_unanswered_bytes) {
      reading_ = true;
      return [this] { StartRead(&request_); };
    }
    return nullptr;
  }

  std::function<void()> LastStep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    finished_ = true;
    return [this] { End(); };
  }

  // Submits or answers `request_`, so that the next can be read, or holds it.
  // Nothing is read meanwhile. If the caller is no longer admitted, ends the
  // stream instead, after the answers to earlier reports.
  void Judge() {
    const absl::Status admitted = recheck_();
    if (!admitted.ok()) {
      MutexLock lock(&mu_);
      reading_ = false;
      if (refusal_.ok()) refusal_ = admitted;
      return;
    }
    const int64_t tag = request_.tag();
    absl::StatusOr<Converted> converted = Convert();
    absl::Status status = converted.status();
    const std::string request_id = RequestIdOfReport();
    if (status.ok()) {
      converted->submission.request_id = request_id;
      status = Authorizer::AuthorizeReports(caller_, &*converted);
    }
    const size_t bytes =
        status.ok() ? BytesOfReport(*converted) : sizeof(Converted);
    const bool submit = status.ok() && !converted->submission.IsEmpty();
    {
      MutexLock lock(&mu_);
      ++unanswered_;
      unanswered_bytes_ += bytes;
      if (submit) ++submitted_;
    }
    absl::Status full;
    if (submit) full = Submit(*std::move(converted), tag, bytes, request_id);
    MutexLock lock(&mu_);
    if (submit && full.ok()) {
      reading_ = false;
      return;
    }
    if (submit && --submitted_ > 0) {
      --unanswered_;
      unanswered_bytes_ -= bytes;
      held_ = true;
      return;
    }
    reading_ = false;
    v1::StreamReportsResponse nothing_expected;
    nothing_expected.set_tag(tag);
    if (submit) status = full;
    answers_.push_back({status.ok() ? nothing_expected
                                    : Refusal(tag, status, peer_, request_id),
                        bytes});
  }

  // Gives the report that was read to Intake. Returns INTAKE_FULL if Intake
  // does not take it.
  absl::Status Submit(Converted report, int64_t tag, size_t bytes,
                      const std::string& request_id) {
    absl::Status full;
    std::optional<v1::StatusCreator> creator = AskedCreator(
        request_.has_pending() ? request_.pending().with_creator()
                               : request_.result().with_creator(),
        report.submission.report.repository, owner_->options_.creator_of);
    // Intake reports INTAKE_FULL before it returns, or never.
    owner_->intake_->Submit(
        std::move(report.submission),
        [self = shared_from_this(), tag, bytes, request_id, &full,
         warnings = std::move(report.warnings),
         creator = std::move(creator)](const absl::StatusOr<Outcome>& outcome) {
          if (ReasonOf(outcome.status()) == "INTAKE_FULL") {
            full = outcome.status();
          } else {
            self->Submitted(tag, bytes, request_id, warnings, creator, outcome);
          }
        },
        Intake::Deadline::kNone);
    return full;
  }

  absl::StatusOr<Converted> Convert() const {
    switch (request_.report_case()) {
      case v1::StreamReportsRequest::kPending:
        return FromProto(request_.pending(), *owner_->convert_);
      case v1::StreamReportsRequest::kResult:
        return FromProto(request_.result(), *owner_->convert_);
      case v1::StreamReportsRequest::REPORT_NOT_SET:
        break;
    }
    return InvalidField("report", "", "is neither a pending nor a result",
                        "INVALID_REPORT");
  }

  // The id of the report that was read, or else of the stream.
  const std::string& RequestIdOfReport() const {
    return IsRequestId(request_.request_id()) ? request_.request_id()
                                              : request_id_;
  }

  // May run after the service was destroyed, if gRPC is done with the stream.
  void Submitted(int64_t tag, size_t bytes, const std::string& request_id,
                 const std::vector<std::string>& warnings,
                 const std::optional<v1::StatusCreator>& creator,
                 const absl::StatusOr<Outcome>& outcome) {
    const absl::Status status =
        outcome.ok() ? outcome->status : outcome.status();
    v1::StreamReportsResponse message;
    if (status.ok()) {
      message.set_tag(tag);
      for (const Receipt& receipt : outcome->receipts) {
        *message.add_receipts() = ToProto(receipt, warnings);
      }
      if (creator) *message.mutable_creator() = *creator;
    } else {
      message = Refusal(tag, status, peer_, request_id);
    }
    {
      MutexLock lock(&mu_);
      --submitted_;
      retry_ = held_;
      if (refusal_.ok() && ReasonOf(status) == "SHUTTING_DOWN") {
        refusal_ = StreamIsEnding();
      }
      if (finished_) return;
      answers_.push_back({std::move(message), bytes});
    }
    Drive();
  }

  void Write(bool more_follows) {
    owner_->answers_.Count(static_cast<absl::StatusCode>(written_.code()));
    grpc::WriteOptions options;
    if (more_follows) options.set_buffer_hint();
    StartWrite(&written_, options);
  }

  void End() {
    absl::Status status;
    {
      MutexLock lock(&mu_);
      status = refusal_;
      if (cancelled_) status = absl::CancelledError("the client went away");
    }
    owner_->ends_->Count(status.code());
    Finish(ToGrpcStatus(status, context_, request_id_));
  }

  ReportStreams* const owner_;
  grpc::CallbackServerContext* const context_;
  const CallerRef caller_;
  const std::function<absl::Status()> recheck_;
  const std::string peer_;        // The client's address, for the log.
  const std::string request_id_;  // Of the stream.

  // gRPC uses these while it reads or writes, and one of our threads otherwise.
  v1::StreamReportsRequest request_;
  v1::StreamReportsResponse written_;

  std::shared_ptr<Stream> self_ ABSL_GUARDED_BY(mu_);
  // Not OK: the stream reads no more, and ends with this.
  absl::Status refusal_ ABSL_GUARDED_BY(mu_);
  // From the start of a read until its report is judged.
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool reads_ended_ ABSL_GUARDED_BY(mu_) = false;
  // Intake was full: `request_` waits for the end of a submitted report.
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  bool retry_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool has_written_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  // Reports that Intake has; and reports whose answer was not sent yet, with
  // their memory.
  size_t submitted_ ABSL_GUARDED_BY(mu_) = 0;
  size_t unanswered_ ABSL_GUARDED_BY(mu_) = 0;
  size_t unanswered_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t written_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mu_);
};

ReportStreams::~ReportStreams() = default;

ReportStreams::Reactor* ReportStreams::Open(
    grpc::CallbackServerContext* context,
    const absl::StatusOr<Identity>& identity,
    std::function<absl::Status()> recheck) {
  auto stream = std::make_shared<Stream>(
      this, context, identity.value_or(Identity()).caller, std::move(recheck));
  absl::Status refusal = identity.status();
  {
    MutexLock lock(&mu_);
    if (refusal.ok() && closed_) refusal = StreamIsEnding();
    open_[stream.get()] = stream;
  }
  Reactor* const reactor = stream.get();
  stream->Begin(refusal);
  return reactor;
}

void ReportStreams::Close() {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    MutexLock lock(&mu_);
    closed_ = true;
    for (const auto& [raw, weak] : open_) {
      std::shared_ptr<Stream> stream = weak.lock();
      if (stream != nullptr) streams.push_back(std::move(stream));
    }
  }
  for (const std::shared_ptr<Stream>& stream : streams) stream->Close();
}

void ReportStreams::Forget(const Stream* stream) {
  MutexLock lock(&mu_);
  open_.erase(stream);
}

}  // namespace signalbox
