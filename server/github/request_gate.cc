#include "server/github/request_gate.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "server/github/app_credentials.h"

namespace signalbox {
namespace {

// Whether GitHub answers so only if the token was good.
bool ProvesToken(Action action) {
  return action == Action::kDone || action == Action::kHold ||
         action == Action::kFitDescription || action == Action::kDropTargetUrl;
}

bool WasAnswered(Action action) {
  return action != Action::kRetry && action != Action::kRetryAmbiguous;
}

}  // namespace

RequestGate::Answer RequestGate::Admit(absl::string_view credential,
                                       const Token& token, bool pending,
                                       SteadyTime now) {
  MutexLock lock(&mu_);
  return AdmitLocked(credential, token, pending, now);
}

RequestGate::Answer RequestGate::AdmitLocked(absl::string_view credential,
                                             const Token& token, bool pending,
                                             SteadyTime now) {
  // The caller compares `when` with its own `now` to see that it is booked.
  const SteadyTime asked = now;
  now = latest_ = std::max(latest_, now);
  SteadyTime allowed = hosts_.Admit(token.api_url, now);
  if (allowed > now) {
    return {allowed, hosts_.IsDown(token.api_url) ? kHostDown : kHostFull};
  }
  allowed = limiter_->Admit(credential, pending, now);
  if (allowed <= now) return {asked, ""};
  hosts_.Return(token.api_url);
  return {allowed, limiter_->WaitsFor(credential, pending, now)};
}

RequestGate::Answer RequestGate::AdmitQuestion(absl::string_view credential,
                                               const Token& token,
                                               SteadyTime now) {
  MutexLock lock(&mu_);
  const Answer answer = AdmitLocked(credential, token, /*pending=*/true, now);
  if (answer.when <= now && limiter_->LendSlot(credential)) {
    lent_.emplace(credential);
  }
  return answer;
}

void RequestGate::LeaveQuestion(absl::string_view credential,
                                const Token& token, const GitHubReply& reply,
                                bool proves_token, const Moment& now) {
  {
    MutexLock lock(&mu_);
    const auto lent = lent_.find(credential);
    if (lent != lent_.end()) {
      lent_.erase(lent);
      limiter_->ReclaimSlot(credential);
    }
  }
  Leave(credential, token, reply, proves_token, now);
}

SteadyTime RequestGate::WhenResultAdmitted(absl::string_view credential,
                                           SteadyTime now) {
  MutexLock lock(&mu_);
  latest_ = std::max(latest_, now);
  return limiter_->WhenAdmitted(credential, /*pending=*/false, latest_);
}

void RequestGate::Return(absl::string_view credential, const Token& token) {
  MutexLock lock(&mu_);
  limiter_->Return(credential);
  hosts_.Return(token.api_url);
  freed_.credentials.emplace(credential);
  freed_.hosts |= hosts_.IsDown(token.api_url);
}

void RequestGate::Leave(absl::string_view credential, const Token& token,
                        const GitHubReply& reply, bool proves_token,
                        const Moment& now) {
  const Verdict& verdict = reply.verdict;
  SteadyTime limited_until;
  absl::Duration limited_for;
  {
    MutexLock lock(&mu_);
    latest_ = std::max(latest_, now.steady);
    limiter_->Observe(credential, reply.answer, verdict, {now.wall, latest_});
    freed_.credentials.emplace(credential);
    freed_.hosts |= hosts_.IsDown(token.api_url);
    if (verdict.reason == kNoConnection) {
      hosts_.Return(token.api_url);
    } else {
      hosts_.Observe(token.api_url, WasAnswered(verdict.action), latest_);
    }
    if (verdict.action == Action::kWait) {
      limited_until = limiter_->BlockedUntil(credential);
      limited_for = limited_until - latest_;
    }
  }
  // Before NoteRefused, because GitHub's time may explain the refusal.
  credentials_->NoteAnswer(credential, verdict.github_time, limited_for);
  switch (verdict.action) {
    case Action::kReauthenticate:
    case Action::kStop:
      return credentials_->NoteRefused(credential, token, verdict.reason,
                                       now.wall);
    case Action::kWait:
      LogWarning("GitHub rate-limits a credential; the server waits",
                 {{"credential", credential},
                  {"reason", verdict.reason},
                  {"until", absl::FormatTime(now.WallAt(limited_until),
                                             absl::UTCTimeZone())},
                  {"message", verdict.message},
                  {"request_id", verdict.request_id}});
      return;
    default:
      if (ProvesToken(verdict.action) ||
          (proves_token && WasAnswered(verdict.action))) {
        credentials_->NoteAccepted(credential, token);
      }
  }
}

RequestGate::Freed RequestGate::TakeFreed() {
  MutexLock lock(&mu_);
  return std::exchange(freed_, Freed());
}

absl::Duration RequestGate::ProbeGap(absl::string_view credential) const {
  return GapOf(credential, 10);
}

absl::Duration RequestGate::QuestionGap(absl::string_view credential) const {
  return GapOf(credential, IsAppItself(credential) ? 1 : 4);
}

absl::Duration RequestGate::GapOf(absl::string_view credential,
                                  int parts) const {
  MutexLock lock(&mu_);
  const double per_minute = limiter_->PaceOf(credential).per_minute;
  if (per_minute <= 0) return absl::ZeroDuration();
  return absl::Minutes(1) / per_minute * parts;
}

bool RequestGate::Knows(absl::string_view credential) const {
  MutexLock lock(&mu_);
  return limiter_->Knows(credential);
}

void RequestGate::Block(absl::string_view credential, SteadyTime until) {
  MutexLock lock(&mu_);
  limiter_->Block(credential, until);
}

SteadyTime RequestGate::BlockedUntil(absl::string_view credential) const {
  MutexLock lock(&mu_);
  return limiter_->BlockedUntil(credential);
}

RateLimiter::BudgetView RequestGate::BudgetOf(
    absl::string_view credential) const {
  MutexLock lock(&mu_);
  return limiter_->View(credential);
}

}  // namespace signalbox
