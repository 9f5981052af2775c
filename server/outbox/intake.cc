#include "server/outbox/intake.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/error.h"

namespace signalbox {
namespace {

absl::Status ShuttingDown() {
  return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
               "the server is shutting down");
}

bool AcceptedAny(const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes) {
    for (const Receipt& receipt : outcome.receipts) {
      if (receipt.disposition == Disposition::kAccepted) return true;
    }
  }
  return false;
}

}  // namespace

Intake::Intake(Outbox* outbox, Clock* clock, Options options,
               std::function<void()> wake, std::function<void()> committed,
               std::function<void(absl::Status)> on_store_failure)
    : outbox_(outbox),
      clock_(clock),
      options_(options),
      wake_(std::move(wake)),
      committed_(std::move(committed)),
      on_store_failure_(std::move(on_store_failure)) {}

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
  Waiting waiting{std::move(submission), std::move(done)};
  bool was_empty = false;
  const absl::Status refusal = [&] {
    MutexLock lock(&mu_);
    if (closed_) return ShuttingDown();
    if (waiting_.size() >= options_.max_waiting) {
      return Error(absl::StatusCode::kUnavailable, "INTAKE_FULL",
                   "more reports are arriving than the disk can take");
    }
    was_empty = waiting_.empty();
    waiting_.push_back(std::move(waiting));
    return absl::OkStatus();
  }();
  if (!refusal.ok()) {
    waiting.done(refusal);
  } else if (was_empty) {
    wake_();
  }
}

absl::Time Intake::RunOnce() {
  // Whoever submits without end must not keep a caller from stopping.
  size_t left = options_.max_waiting;
  std::vector<Submission> batch;
  std::vector<Done> dones;
  while (left > 0) {
    batch.clear();
    dones.clear();
    {
      MutexLock lock(&mu_);
      const size_t size = std::min({waiting_.size(), options_.max_batch, left});
      for (size_t i = 0; i < size; ++i) {
        batch.push_back(std::move(waiting_.front().submission));
        dones.push_back(std::move(waiting_.front().done));
        waiting_.pop_front();
      }
    }
    if (batch.empty()) return absl::InfiniteFuture();
    left -= batch.size();

    absl::StatusOr<std::vector<Outcome>> outcomes =
        outbox_->Accept(batch, clock_->Now());
    if (!outcomes.ok()) {
      for (const Done& done : dones) done(outcomes.status());
      if (absl::IsInternal(outcomes.status()) && on_store_failure_) {
        on_store_failure_(outcomes.status());
      }
      continue;
    }
    const bool accepted = AcceptedAny(*outcomes);
    for (size_t i = 0; i < dones.size(); ++i) {
      dones[i](std::move(outcomes->at(i)));
    }
    if (accepted) committed_();
  }
  return clock_->Now();
}

void Intake::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

}  // namespace signalbox
