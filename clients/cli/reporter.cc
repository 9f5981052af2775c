#include "clients/cli/reporter.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "clients/cli/steady_clock.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// Used where nothing expires, or the server does not say when.
constexpr absl::Duration kLongestRenewal = absl::Minutes(30);
// The shortest expiry is a minute; several renewals fit into it.
constexpr absl::Duration kShortestRenewal = absl::Seconds(10);

// Farms start many commands at once; this spreads their renewals.
absl::Duration ShortenedAtRandom(absl::Duration duration) {
  std::random_device random;
  return duration * std::uniform_real_distribution<double>(0.8, 1.0)(random);
}

}  // namespace

absl::Duration RenewAfter(const v1::ReportPendingResponse& answer,
                          absl::Time now) {
  absl::Duration renewal = kLongestRenewal;
  for (const v1::Receipt& receipt : answer.receipts()) {
    if (!receipt.has_expire_time()) continue;
    renewal = std::min(renewal, (ToTime(receipt.expire_time()) - now) / 2);
  }
  return std::max(renewal, kShortestRenewal);
}

Reporter::Reporter(Client client,
                   std::optional<v1::ReportPendingRequest> pending,
                   RenewalRule renew_after,
                   std::function<void(const absl::Status&)> refused)
    : client_(std::move(client)),
      pending_(std::move(pending)),
      renew_after_(std::move(renew_after)),
      refused_(std::move(refused)),
      done_fd_(eventfd(0, EFD_CLOEXEC)),
      outcome_(absl::CancelledError("it was not tried")),
      thread_([this] { ReportAll(); }) {}

Reporter::~Reporter() {
  GiveUp();
  if (thread_.joinable()) thread_.join();
  close(done_fd_);
}

void Reporter::Finish(v1::ReportResultRequest result,
                      absl::Duration retry_for) {
  std::lock_guard<std::mutex> lock(mu_);
  result_ = std::move(result);
  give_up_time_ = SteadyNow() + retry_for;
  changed_.notify_all();
}

void Reporter::GiveUp() {
  std::lock_guard<std::mutex> lock(mu_);
  given_up_ = true;
  changed_.notify_all();
}

absl::StatusOr<v1::ReportResultResponse> Reporter::Wait() {
  thread_.join();
  return std::move(outcome_);
}

void Reporter::ReportAll() {
  if (pending_) ReportPendings();
  v1::ReportResultRequest result;
  absl::Duration retry_for;
  bool given_up = false;
  {
    std::unique_lock<std::mutex> lock(mu_);
    changed_.wait(lock, [this] { return PendingsMustEnd(); });
    given_up = given_up_;
    if (result_) result = *std::move(result_);
    retry_for = std::max(absl::ZeroDuration(), give_up_time_ - SteadyNow());
  }
  if (!given_up) {
    outcome_ = client_
                   .WithPatience(retry_for,
                                 [this](absl::Duration duration) {
                                   return Pause(duration,
                                                [this] { return given_up_; });
                                 })
                   .ReportResult(result);
  }
  const eventfd_t one = 1;
  eventfd_write(done_fd_, one);
}

void Reporter::ReportPendings() {
  const auto must_end = [this] { return PendingsMustEnd(); };
  const auto pause = [this, must_end](absl::Duration duration) {
    return Pause(duration, must_end);
  };
  const Client patient = client_.WithPatience(absl::InfiniteDuration(), pause);
  // A command that has ended already needs no pending.
  while (pause(absl::ZeroDuration())) {
    const auto answer = patient.ReportPending(*pending_);
    if (!answer.ok()) {
      if (pause(absl::ZeroDuration())) refused_(answer.status());
      return;
    }
    if (!pause(ShortenedAtRandom(renew_after_(*answer)))) return;
  }
}

bool Reporter::Pause(absl::Duration duration,
                     const std::function<bool()>& must_end) {
  std::unique_lock<std::mutex> lock(mu_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(duration),
                            must_end);
}

}  // namespace signalbox
