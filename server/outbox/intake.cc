#include "server/outbox/intake.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/error.h"

namespace signalbox {
namespace {

// So long after the last report there is a quiet moment. What the store puts
// off would hold up the next reports.
constexpr absl::Duration kTidyUpAfter = absl::Milliseconds(50);

absl::Status ShuttingDown() {
  return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
               "the server is shutting down; repeat the call");
}

// Roughly the memory that these texts take beside the string objects.
size_t BytesOf(std::initializer_list<absl::string_view> texts) {
  size_t bytes = 0;
  for (const absl::string_view text : texts) bytes += text.size();
  return bytes;
}

// Roughly the memory that a submission takes.
size_t BytesOf(const Submission& submission) {
  const Report& report = submission.report;
  size_t bytes =
      sizeof(Submission) +
      BytesOf({submission.caller, submission.request_id, report.repository.host,
               report.repository.owner, report.repository.name, report.series,
               report.description, report.target_url});
  for (const std::string& context : submission.contexts) {
    bytes += sizeof(context) + context.size();
  }
  if (submission.delivery.has_value()) {
    const Delivery& delivery = *submission.delivery;
    bytes += BytesOf(
        {delivery.id, delivery.digest, delivery.event, delivery.action});
  }
  if (submission.change.has_value()) {
    const CodeChange& change = *submission.change;
    bytes += BytesOf({change.event, change.title, change.author,
                      change.head_ref, change.base_ref, change.clone_url});
  }
  if (submission.observed.has_value()) {
    bytes += submission.observed->creator_login.size();
  }
  return bytes;
}

// The most reports that a submission can become.
size_t ReportsOf(const Submission& submission) {
  return submission.contexts.size() +
         (submission.with_all_reported ? kMostReportedContexts : 0);
}

bool MadeDue(const std::vector<Outcome>& outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) { return outcome.made_due; });
}

}  // namespace

Intake::~Intake() {
  Close();
  std::deque<Batch> refused;
  {
    MutexLock lock(&mu_);
    refused.swap(waiting_);
  }
  for (const Batch& batch : refused) {
    for (const Caller& caller : batch.callers) {
      if (caller.done) caller.done(ShuttingDown());
    }
  }
}

void Intake::Submit(Submission submission, Done done, Deadline deadline) {
  const size_t reports = ReportsOf(submission);
  const size_t bytes = BytesOf(submission);
  const SteadyTime arrived = deadline == Deadline::kNone
                                 ? SteadyTime::InfiniteFuture()
                                 : clock_->Steady();
  bool was_empty = false;
  const absl::Status refusal = [&] {
    MutexLock lock(&mu_);
    if (closed_) return ShuttingDown();
    was_empty = waiting_.empty();
    if (waiting_count_ >= options_.max_waiting ||
        (!was_empty && waiting_bytes_ + bytes > options_.max_waiting_bytes)) {
      return Error(
          absl::StatusCode::kUnavailable, "INTAKE_FULL",
          "the server's queue of reports is full, because its disk does not "
          "write them as fast as they arrive; repeat the call later");
    }
    if (was_empty || waiting_.back().submissions.size() >= options_.max_batch ||
        waiting_.back().reports + reports > options_.max_batch_reports) {
      waiting_.emplace_back();
    }
    Batch& batch = waiting_.back();
    batch.submissions.push_back(std::move(submission));
    batch.callers.push_back({std::move(done), arrived});
    batch.reports += reports;
    batch.bytes += bytes;
    ++waiting_count_;
    waiting_bytes_ += bytes;
    return absl::OkStatus();
  }();
  if (!refusal.ok()) {
    done(refusal);
  } else if (was_empty) {
    wake_up_->Wake();
  }
}

std::vector<Submission> Intake::TakeBatch() {
  MutexLock lock(&mu_);
  if (waiting_.empty()) return {};
  Batch batch = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_count_ -= batch.submissions.size();
  waiting_bytes_ -= batch.bytes;
  committing_ = std::move(batch.callers);
  return std::move(batch.submissions);
}

std::vector<Intake::Caller> Intake::TakeCommitting() {
  MutexLock lock(&mu_);
  return std::exchange(committing_, {});
}

absl::Time Intake::RunOnce() {
  // Bounds the call, so that steady submissions do not keep a Worker from
  // stopping.
  size_t taken = 0;
  while (taken < options_.max_waiting) {
    const std::vector<Submission> batch = TakeBatch();
    if (batch.empty()) return TidyUp();
    taken += batch.size();

    const absl::Time now = clock_->Now();
    tidy_time_ = now + kTidyUpAfter;
    absl::StatusOr<std::vector<Outcome>> outcomes = outbox_->Accept(batch, now);
    // Before the answers, so that the poster does not wait for them.
    if (outcomes.ok() && MadeDue(*outcomes)) became_due_->Wake();
    const std::vector<Caller> callers = TakeCommitting();
    for (size_t i = 0; i < callers.size(); ++i) {
      if (!callers[i].done) continue;
      if (outcomes.ok()) {
        callers[i].done(std::move(outcomes->at(i)));
      } else {
        callers[i].done(outcomes.status());
      }
    }
  }
  return clock_->Now();
}

absl::Time Intake::TidyUp() {
  if (clock_->Now() >= tidy_time_) {
    // After an error, the next transaction tries again, and says so. Reports
    // that have arrived meanwhile come first.
    const bool has_more = outbox_->TidyUp().value_or(false);
    tidy_time_ = has_more ? clock_->Now() : absl::InfiniteFuture();
  }
  return tidy_time_;
}

void Intake::AnswerOverdue(absl::Duration longest, const absl::Status& error) {
  const SteadyTime latest = clock_->Steady() - longest;
  std::vector<Done> overdue;
  const auto take_from = [&](std::vector<Caller>& callers) {
    for (Caller& caller : callers) {
      if (caller.arrived > latest) continue;
      if (caller.done) overdue.push_back(std::exchange(caller.done, nullptr));
    }
  };
  {
    MutexLock lock(&mu_);
    take_from(committing_);
    for (Batch& batch : waiting_) take_from(batch.callers);
  }
  for (const Done& done : overdue) done(error);
}

void Intake::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

}  // namespace signalbox
