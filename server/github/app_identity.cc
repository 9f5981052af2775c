#include "server/github/app_identity.h"

#include "common/log.h"
#include "server/github/app_jwt.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

// GitHub accepts a token for nine minutes. The server uses it for less than
// half of them, and only while its idea of GitHub's time stays the same.
constexpr absl::Duration kReuse = absl::Minutes(4);
constexpr absl::Duration kMaxDrift = absl::Seconds(10);

}  // namespace

AppIdentity::Key AppIdentity::ReadKey(SteadyTime steady, bool certain) {
  MutexLock lock(&key_mu_);
  if (key_.Refresh(steady.reading(), certain)) ++key_number_;
  return {key_.secret(), key_number_};
}

absl::Time AppIdentity::GitHubNowLocked(Moment now) const {
  return github_clock_.value_or(now).WallAt(now.steady);
}

absl::Time AppIdentity::GitHubNow(Moment now) const {
  MutexLock lock(&mu_);
  return GitHubNowLocked(now);
}

void AppIdentity::NoteGitHubTime(absl::Time github_time, SteadyTime steady) {
  MutexLock lock(&mu_);
  github_clock_ = Moment{github_time, steady};
}

AppIdentity::Turn AppIdentity::Begin(SteadyTime steady) {
  MutexLock lock(&mu_);
  if (!is_refused_) return Turn::kNormal;
  if (steady < refusal_end_ || steady < probe_end_) return Turn::kRefused;
  probe_end_ = steady + 2 * kGitHubTimeout;
  return Turn::kProbe;
}

void AppIdentity::EndProbe() {
  MutexLock lock(&mu_);
  probe_end_ = SteadyTime::InfinitePast();
}

bool AppIdentity::IsGood(int64_t key_number, Moment now) const {
  if (!made_.has_value() || made_->jwt.key_number != key_number) return false;
  const absl::Duration age = now.steady - made_->steady;
  const absl::Duration drift =
      GitHubNowLocked(now) - (made_->github_time + age);
  return age < kReuse && absl::AbsDuration(drift) <= kMaxDrift;
}

absl::StatusOr<AppIdentity::Jwt> AppIdentity::Sign(Moment now) {
  const Key key = ReadKey(now.steady, /*certain=*/false);
  absl::Time github_time;
  {
    MutexLock lock(&mu_);
    if (IsGood(key.number, now)) return made_->jwt;
    github_time = GitHubNowLocked(now);
  }
  absl::StatusOr<Secret> value = MakeAppJwt(key.secret, issuer_, github_time);
  if (!value.ok()) return value.status();
  MutexLock lock(&mu_);
  // Another thread may have made a good token meanwhile.
  if (!IsGood(key.number, now)) {
    made_ = Made{{*std::move(value), key.number}, github_time, now.steady};
  }
  return made_->jwt;
}

void AppIdentity::Resume() {
  is_repetition_ = false;
  probe_end_ = SteadyTime::InfinitePast();
  if (!is_refused_) return;
  is_refused_ = false;
  LogInfo("GitHub accepts an App's key again", {{"issuer", issuer_}});
}

void AppIdentity::NoteTaken() {
  MutexLock lock(&mu_);
  Resume();
}

void AppIdentity::NoteTaken(const Secret& jwt) {
  MutexLock lock(&mu_);
  if (made_.has_value() && made_->jwt.value.Equals(jwt)) Resume();
}

bool AppIdentity::NoteRefused(int64_t key_number, const Verdict& verdict,
                              bool is_repetition, Moment now) {
  // The file may have another key by now.
  const int64_t current = ReadKey(now.steady, /*certain=*/true).number;
  MutexLock lock(&mu_);
  made_.reset();
  probe_end_ = SteadyTime::InfinitePast();
  // A refusal of the clock also tells GitHub's time.
  const bool may_work = verdict.reason == "CLOCK_SKEW" || current != key_number;
  if (may_work && !is_repetition) return true;
  if (!is_refused_) {
    refusal_begin_ = now.wall;
    LogError(
        "GitHub refuses an App's key or this machine's clock; the server "
        "has stopped using the App",
        {{"issuer", issuer_},
         {"file", path_},
         {"reason", verdict.reason},
         {"message", verdict.message},
         {"request_id", verdict.request_id}});
  }
  is_refused_ = true;
  refusal_end_ = now.steady + kRefusedAppRetry;
  refused_number_ = key_number;
  return false;
}

void AppIdentity::NoteRefused(const Secret& jwt, absl::string_view reason,
                              Moment now) {
  int64_t key_number;
  bool is_repetition;
  {
    MutexLock lock(&mu_);
    if (!made_.has_value() || !made_->jwt.value.Equals(jwt)) return;
    key_number = made_->jwt.key_number;
    is_repetition = is_repetition_;
    is_repetition_ = false;
    // From now on, refusals of other requests with the same token are old.
    made_.reset();
  }
  Verdict verdict;
  verdict.reason = std::string(reason);
  const bool is_repeated = NoteRefused(key_number, verdict, is_repetition, now);
  MutexLock lock(&mu_);
  is_repetition_ = is_repeated;
}

std::optional<absl::Time> AppIdentity::LookAtRefusal(SteadyTime steady) {
  const std::optional<absl::Time> since = RefusedSince();
  if (!since.has_value()) return std::nullopt;
  const int64_t number = ReadKey(steady, /*certain=*/false).number;
  MutexLock lock(&mu_);
  if (is_refused_ && number != refused_number_) {
    is_refused_ = false;
    LogInfo("an App's key file has changed; the server tries the new key",
            {{"issuer", issuer_}});
  }
  return is_refused_ ? since : std::nullopt;
}

std::optional<absl::Time> AppIdentity::RefusedSince() const {
  MutexLock lock(&mu_);
  if (!is_refused_) return std::nullopt;
  return refusal_begin_;
}

}  // namespace signalbox
