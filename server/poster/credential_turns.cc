#include "server/poster/credential_turns.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/error.h"

namespace signalbox {
namespace {

// With more credentials without work, those that are idle are forgotten.
constexpr size_t kMaxIdleWork = 1000;
// The most standing requests. With more, those of credentials that are used
// again are left anew.
constexpr size_t kMaxStanding = 1000;
constexpr absl::Duration kCredentialRetry = absl::Seconds(1);
// For at most this long, credentials with only pendings leave the requests for
// tokens to those with results.
constexpr absl::Duration kLongestYield = absl::Minutes(1);
// How often to ask for the token of a stopped credential again, whose file may
// have changed.
constexpr absl::Duration kStoppedCredentialRetry = absl::Seconds(5);

bool Contains(const std::vector<DueCredential>& sorted,
              const std::string& credential) {
  const auto place =
      std::lower_bound(sorted.begin(), sorted.end(), credential,
                       [](const DueCredential& a, const std::string& b) {
                         return a.credential < b;
                       });
  return place != sorted.end() && place->credential == credential;
}

}  // namespace

absl::string_view HostOfCredential(absl::string_view credential) {
  return credential.substr(0, credential.find('/'));
}

void CredentialTurns::LookAgain(const std::string& credential) {
  MutexLock lock(&mu_);
  look_again_.insert(credential);
}

std::vector<Candidate> CredentialTurns::BeginPass(
    const std::vector<DueCredential>& due, const std::set<std::string>& ended,
    SteadyTime now) {
  EndRests();
  ForgetIdle(due, now);
  std::vector<Candidate> candidates;
  for (const DueCredential& one : due) candidates.push_back({one});
  // The next pass continues where this one ends.
  std::rotate(candidates.begin(),
              absl::c_find_if(candidates,
                              [this](const Candidate& candidate) {
                                return candidate.due.credential >
                                       last_credential_;
                              }),
              candidates.end());
  // Credentials with results and no token go first.
  hosts_without_tokens_.clear();
  const auto others = std::stable_partition(
      candidates.begin(), candidates.end(), [this](const Candidate& candidate) {
        const auto work = work_.find(candidate.due.credential);
        return candidate.due.has_results &&
               (work == work_.end() || !work->second.has_token);
      });
  for (auto it = candidates.begin(); it != others; ++it) it->in_turn = false;
  for (const std::string& credential : ended) {
    if (Contains(due, credential)) continue;
    candidates.push_back({{credential, /*has_results=*/true},
                          Stage::kLongDue,
                          /*in_turn=*/false,
                          /*is_guess=*/true});
  }
  return candidates;
}

void CredentialTurns::EndRests() {
  RequestGate::Freed freed = gate_->TakeFreed();
  {
    MutexLock lock(&mu_);
    freed.credentials.merge(look_again_);
    look_again_.clear();
  }
  touched_.insert(freed.credentials.begin(), freed.credentials.end());
  for (const std::string& id : freed.credentials) {
    const auto work = work_.find(id);
    if (work != work_.end()) work->second.rest_end = SteadyTime::InfinitePast();
  }
  if (!freed.hosts) return;
  for (auto& [id, work] : work_) {
    if (work.rests_for_host) work.rest_end = SteadyTime::InfinitePast();
  }
}

void CredentialTurns::ForgetIdle(const std::vector<DueCredential>& due,
                                 SteadyTime now) {
  if (work_.size() <= due.size() + kMaxIdleWork) return;
  for (auto it = work_.begin(); it != work_.end();) {
    const Work& work = it->second;
    if (work.learning || work.probe.has_value() || now < work.rest_end ||
        now < work.order.next_probe() || Contains(due, it->first)) {
      ++it;
      continue;
    }
    board_->GoesOn(it->first);
    it = work_.erase(it);
  }
}

std::optional<CredentialTurns::Step> CredentialTurns::StepOf(
    const Candidate& candidate, const Moment& now, absl::Time& next) {
  const std::string& credential = candidate.due.credential;
  touched_.insert(credential);
  Work& work = work_[credential];
  if (now.steady < work.rest_end) {
    if (candidate.is_guess) return std::nullopt;
    if (candidate.due.has_results && work.waits_for_token) {
      hosts_without_tokens_.emplace(HostOfCredential(credential));
    }
    next = std::min(next, now.WallAt(work.rest_end));
    return std::nullopt;
  }
  work.rests_for_host = false;
  if (Yields(candidate.due, now, next)) return std::nullopt;
  const std::optional<Token> token = FindToken(candidate, now, next);
  if (work.probe.has_value()) return Step{*work.probe, /*must_learn=*/true};
  if (!token.has_value()) return std::nullopt;
  return Step{*token, /*must_learn=*/!gate_->Knows(credential)};
}

bool CredentialTurns::Yields(const DueCredential& due, const Moment& now,
                             absl::Time& next) {
  Work& work = work_[due.credential];
  if (due.has_results || work.has_token ||
      !hosts_without_tokens_.contains(HostOfCredential(due.credential))) {
    work.yields_since.reset();
    return false;
  }
  if (!work.yields_since.has_value()) work.yields_since = now.steady;
  if (now.steady - *work.yields_since >= kLongestYield) return false;
  next = std::min(next, now.wall + kCredentialRetry);
  return true;
}

std::optional<Token> CredentialTurns::FindToken(const Candidate& candidate,
                                                const Moment& now,
                                                absl::Time& next) {
  const std::string& credential = candidate.due.credential;
  Work& work = work_[credential];
  absl::StatusOr<Token> token = credentials_->Get(credential, now.wall);
  work.has_token = token.ok();
  work.waits_for_token = absl::IsUnavailable(token.status());
  if (candidate.due.has_results && work.waits_for_token) {
    hosts_without_tokens_.emplace(HostOfCredential(credential));
  }
  if (token.ok()) {
    work.probe.reset();
    if (token->probe_only) work.probe = *token;
    return *std::move(token);
  }
  if (candidate.is_guess) return std::nullopt;
  const bool stopped = absl::IsFailedPrecondition(token.status());
  board_->Waits(credential, ReasonOf(token.status()), absl::InfinitePast());
  const absl::Duration rest =
      stopped ? kStoppedCredentialRetry : kCredentialRetry;
  next = std::min(next, now.wall + rest);
  if (!work.probe.has_value()) work.rest_end = now.steady + rest;
  return std::nullopt;
}

Admission CredentialTurns::Admit(const std::string& credential,
                                 const Token& token, bool pending,
                                 const Moment& now, absl::Time* next) {
  const RequestGate::Answer answer =
      gate_->Admit(credential, token, pending, now.steady);
  if (answer.when <= now.steady) return Admission::kAdmitted;
  if (next == nullptr) return Admission::kWaits;
  const absl::Time until = now.WallAt(answer.when);
  board_->Waits(credential, answer.reason, until);
  *next = std::min(*next, until);
  if (answer.reason == kHostFull) return Admission::kHostFull;
  // Where a pending must wait, a result may begin, so the credential rests only
  // if a result must wait.
  if (!pending) {
    Work& work = work_[credential];
    work.rest_end = answer.when;
    work.rests_for_host = answer.reason == kHostDown;
  }
  return Admission::kWaits;
}

Admission CredentialTurns::AdmitLearning(const std::string& credential,
                                         const Token& token, const Moment& now,
                                         absl::Time& next) {
  Work& work = work_[credential];
  if (work.learning) return Admission::kWaits;
  const Admission admission =
      Admit(credential, token, /*pending=*/false, now, &next);
  if (admission == Admission::kAdmitted) {
    work.learning = true;
    work.probe.reset();
  }
  return admission;
}

void CredentialTurns::EndLearning(const std::string& credential) {
  work_[credential].learning = false;
}

void CredentialTurns::LeaveRequests(const Moment& now,
                                    StandingRequests* standing) {
  if (standing->by_credential.size() > kMaxStanding) {
    standing->by_credential.clear();
  }
  for (const std::string& credential : std::exchange(touched_, {})) {
    const auto found = work_.find(credential);
    if (found != work_.end()) {
      const Work& work = found->second;
      const SteadyTime when = gate_->WhenResultAdmitted(credential, now.steady);
      // A pending may be next, or the credential may have to wait.
      if (work.has_token && !work.learning && !work.probe.has_value() &&
          now.steady >= work.rest_end && gate_->Knows(credential) &&
          work.order.FirstStage(Stage::kLongDue, /*has_results=*/true, now) ==
              Stage::kResults &&
          when < SteadyTime::InfiniteFuture()) {
        StandingRequest& request = standing->by_credential[credential];
        request.not_before = when;
        request.request.credential = credential;
        work.order.Fill(Stage::kResults, now, &request.request);
        request.request.may_probe = false;
        continue;
      }
    }
    standing->by_credential.erase(credential);
  }
}

std::optional<std::string> CredentialTurns::TokenOrigin(
    const std::string& credential, absl::Time now) {
  const absl::StatusOr<Token> token = credentials_->Get(credential, now);
  if (!token.ok()) return std::nullopt;
  if (token->probe_only) work_[credential].probe = *token;
  return token->origin;
}

}  // namespace signalbox
