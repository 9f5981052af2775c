#include "server/outbox/intake.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/error.h"

namespace signalbox {
namespace {

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
      BytesOf({submission.caller, report.repository.host,
               report.repository.owner, report.repository.name, report.sha,
               report.series, report.description, report.target_url});
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

bool MadeDue(const std::vector<Outcome>& outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& outcome) { return outcome.made_due; });
}

}  // namespace

Intake::~Intake() {
  Close();
  std::deque<Waiting> refused;
  {
    MutexLock lock(&mu_);
    refused.swap(waiting_);
  }
  for (Waiting& waiting : refused) waiting.done(ShuttingDown());
}

void Intake::Submit(Submission submission, Done done) {
  const size_t bytes = BytesOf(submission);
  Waiting waiting{std::move(submission), std::move(done), bytes};
  bool was_empty = false;
  const absl::Status refusal = [&] {
    MutexLock lock(&mu_);
    if (closed_) return ShuttingDown();
    if (waiting_.size() >= options_.max_waiting ||
        (!waiting_.empty() &&
         waiting_bytes_ + bytes > options_.max_waiting_bytes)) {
      return Error(
          absl::StatusCode::kUnavailable, "INTAKE_FULL",
          "the server's queue of reports is full, because its disk does not "
          "write them as fast as they arrive; repeat the call later");
    }
    was_empty = waiting_.empty();
    waiting_bytes_ += bytes;
    waiting_.push_back(std::move(waiting));
    return absl::OkStatus();
  }();
  if (!refusal.ok()) {
    waiting.done(refusal);
  } else if (was_empty) {
    wake_up_->Wake();
  }
}

void Intake::TakeBatch(size_t most, std::vector<Submission>* batch,
                       std::vector<Done>* dones) {
  MutexLock lock(&mu_);
  most = std::min(most, options_.max_batch);
  size_t reports = 0;
  while (!waiting_.empty() && batch->size() < most) {
    Waiting& first = waiting_.front();
    reports += first.submission.contexts.size();
    if (first.submission.with_all_reported) reports += kMostReportedContexts;
    if (!batch->empty() && reports > options_.max_batch_reports) return;
    waiting_bytes_ -= first.bytes;
    batch->push_back(std::move(first.submission));
    dones->push_back(std::move(first.done));
    waiting_.pop_front();
  }
}

absl::Time Intake::RunOnce() {
  // Bounds the call, so that steady submissions do not keep a Worker from
  // stopping.
  size_t left = options_.max_waiting;
  std::vector<Submission> batch;
  std::vector<Done> dones;
  while (left > 0) {
    batch.clear();
    dones.clear();
    TakeBatch(left, &batch, &dones);
    if (batch.empty()) return absl::InfiniteFuture();
    left -= batch.size();

    absl::StatusOr<std::vector<Outcome>> outcomes =
        outbox_->Accept(batch, clock_->Now());
    if (!outcomes.ok()) {
      for (const Done& done : dones) done(outcomes.status());
      continue;
    }
    // Before the answers, so that the poster does not wait for them.
    if (MadeDue(*outcomes)) became_due_->Wake();
    for (size_t i = 0; i < dones.size(); ++i) {
      dones[i](std::move(outcomes->at(i)));
    }
  }
  return clock_->Now();
}

void Intake::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

}  // namespace signalbox
