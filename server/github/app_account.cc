#include "server/github/app_account.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "server/base/doubling_wait.h"
#include "server/github/waiting_times.h"

namespace signalbox {

bool AppAccount::MustProve() const {
  return stop_reason_ == "CREDENTIAL_REFUSED" ||
         stop_reason_ == "ACCOUNT_SUSPENDED";
}

bool AppAccount::Matches(const Token& token) const {
  return held_.has_value() && held_->value.Equals(token.value);
}

bool AppAccount::LookIsDue(SteadyTime steady) const {
  return look_is_wanted_ && steady >= next_look_;
}

bool AppAccount::HasToken(SteadyTime steady) const {
  return held_.has_value() && steady < held_->end && !is_looking_ &&
         !LookIsDue(steady);
}

std::optional<AppAccount::Ask> AppAccount::Wanted(SteadyTime steady) const {
  if (asking_) return std::nullopt;
  if (LookIsDue(steady)) return find_;
  if (steady < next_ask_) return std::nullopt;
  // If nobody has noted the result of a probe by now, it is repeated with a new
  // token.
  const bool has_enough = !is_looking_ && held_.has_value() &&
                          steady < held_->refresh &&
                          !(MustProve() && probe_is_out_);
  if (has_enough) return std::nullopt;
  return installation_id_ != 0 ? Ask::kCreateToken : find_;
}

void AppAccount::NoteBegin(SteadyTime steady) {
  asking_ = true;
  if (LookIsDue(steady)) {
    look_is_wanted_ = false;
    is_looking_ = true;
    misses_ = 0;
    next_look_ = steady + kBetweenLooks;
    next_ask_ = SteadyTime::InfinitePast();
    installation_id_ = 0;
    other_not_found_ = false;
  } else if (is_looking_) {
    next_look_ += kBetweenLooks;
  }
}

std::string AppAccount::PathOf(Ask ask) const {
  const absl::string_view login =
      absl::string_view(id_).substr(id_.find('/') + 1);
  switch (ask) {
    case Ask::kFindOrganization:
      return absl::StrCat("/orgs/", login, "/installation");
    case Ask::kFindUser:
      return absl::StrCat("/users/", login, "/installation");
    case Ask::kCreateToken:
      break;
  }
  return absl::StrCat("/app/installations/", installation_id_,
                      "/access_tokens");
}

void AppAccount::NoteAnswer(Ask asked,
                            const absl::StatusOr<HttpResponse>& answer,
                            const Verdict& verdict, Moment now) {
  std::string problem;
  switch (verdict.action) {
    case Action::kDone: {
      const absl::Status understood =
          NoteSuccess(asked, answer->body, verdict.github_time, now);
      if (understood.ok()) return;
      problem = std::string(understood.message());
      break;
    }
    case Action::kWait:  // The owner knows for how long.
      return;
    case Action::kStop:
    case Action::kAbandon:
      if (verdict.http_status == 404) {
        NoteNotFound(asked, now);
      } else {
        NoteStopped(verdict.reason, now);
      }
      return;
    default:
      problem = absl::StrCat(verdict.reason, " ", verdict.message);
  }
  NoteTrouble(problem, now);
  LogWarning("GitHub gave no token for an App; the server asks again",
             {{"credential", id_},
              {"problem", problem},
              {"http_status", verdict.http_status},
              {"next_try_in", absl::FormatDuration(next_ask_ - now.steady)},
              {"request_id", verdict.request_id}});
}

absl::Status AppAccount::NoteSuccess(Ask asked, absl::string_view body,
                                     absl::Time github_time, Moment now) {
  if (asked == Ask::kCreateToken) {
    absl::StatusOr<InstallationToken> token = ReadInstallationToken(body);
    if (!token.ok()) return token.status();
    const absl::Duration lifetime = token->expiry_time - github_time;
    NoteToken(*std::move(token), lifetime, now);
  } else {
    const absl::StatusOr<Installation> installation = ReadInstallation(body);
    if (!installation.ok()) return installation.status();
    NoteInstallation(*installation, now);
  }
  return absl::OkStatus();
}

void AppAccount::NoteInstallation(const Installation& installation,
                                  Moment now) {
  installation_id_ = installation.id;
  other_not_found_ = false;
  if (installation.suspended) {
    NoteStopped("INSTALLATION_SUSPENDED", now);
    return;
  }
  if (!is_looking_ || !held_.has_value()) return;
  if (held_->installation_id == installation.id &&
      held_->permissions == installation.permissions) {
    is_looking_ = false;
    troubles_ = 0;
    problem_.clear();
  } else {
    held_.reset();
  }
}

void AppAccount::NoteToken(InstallationToken token, absl::Duration lifetime,
                           Moment now) {
  // GitHub's moments have a resolution of a second.
  lifetime -= kLimitMargin;
  if (lifetime <= absl::ZeroDuration()) {
    NoteTrouble("GitHub's token had expired when it came", now);
    return;
  }
  // A token with a short life is used for half of it.
  const absl::Duration ahead = std::min(kTokenRefreshAhead, lifetime / 2);
  const SteadyTime end = now.steady + lifetime;
  held_ = Held{std::move(token.value),
               std::move(token.permissions),
               installation_id_,
               now,
               end - ahead,
               end};
  is_looking_ = false;
  next_ask_ = SteadyTime::InfinitePast();
  misses_ = 0;
  troubles_ = 0;
  problem_.clear();
  rest_end_ = SteadyTime::InfinitePast();
  young_refusals_ = 0;
  probe_is_out_ = false;
  // GitHub gives tokens only where the App is installed and not suspended.
  if (!stop_reason_.empty() && !MustProve()) Resume();
}

void AppAccount::NoteNotFound(Ask asked, Moment now) {
  switch (asked) {
    case Ask::kFindOrganization:
    case Ask::kFindUser:
      if (other_not_found_) {
        other_not_found_ = false;
        NoteStopped("APP_NOT_INSTALLED", now);
      } else {
        other_not_found_ = true;
        find_ =
            asked == Ask::kFindUser ? Ask::kFindOrganization : Ask::kFindUser;
      }
      return;
    case Ask::kCreateToken:
      // The installation is gone, but there may be another one. The first time,
      // the server looks for it at once. To find and lose it in turn is a
      // trouble.
      installation_id_ = 0;
      held_.reset();
      const bool is_first = troubles_ == 0;
      NoteTrouble("GitHub does not know the installation", now);
      if (is_first) next_ask_ = now.steady;
  }
}

void AppAccount::NoteStopped(absl::string_view reason, Moment now) {
  if (reason != "INSTALLATION_SUSPENDED" && HasToken(now.steady)) {
    NoteTrouble(reason, now);
    return;
  }
  Stop(reason,
       DoublingWait(kMissingInstallationRetry, kMaxMissingInstallationRetry,
                    ++misses_),
       now);
}

void AppAccount::NoteTrouble(absl::string_view problem, Moment now) {
  ++troubles_;
  next_ask_ = now.steady + DoublingWait(kFirstRetry, kMaxRetry, troubles_);
  problem_ = std::string(problem);
}

void AppAccount::Stop(absl::string_view reason, absl::Duration wait,
                      Moment now) {
  held_.reset();
  is_looking_ = false;
  troubles_ = 0;
  problem_.clear();
  rest_end_ = SteadyTime::InfinitePast();
  probe_is_out_ = false;
  next_ask_ = now.steady + wait;
  if (stop_reason_ == reason) return;
  if (stop_reason_.empty()) stop_time_ = now.wall;
  stop_reason_ = std::string(reason);
  LogError(
      "the server has stopped using a credential: GitHub refuses it. "
      "Its statuses wait until GitHub accepts it again",
      {{"credential", id_}, {"reason", reason}});
}

void AppAccount::Resume() {
  refusals_ = 0;
  young_refusals_ = 0;
  if (stop_reason_.empty()) return;
  stop_reason_.clear();
  next_ask_ = SteadyTime::InfinitePast();
  probe_is_out_ = false;
  LogInfo("GitHub accepts a credential again; the server uses it again",
          {{"credential", id_}});
}

absl::StatusOr<Token> AppAccount::Get(Moment now) {
  const bool is_stopped = !stop_reason_.empty();
  const bool is_ready = HasToken(now.steady) && now.steady >= rest_end_;
  if (is_ready && (!is_stopped || !probe_is_out_)) {
    Token token;
    token.value = held_->value;
    token.issue_time = held_->issue.wall;
    token.origin = absl::StrCat(held_->installation_id);
    token.probe_only = is_stopped;
    if (is_stopped) {
      probe_is_out_ = true;
      next_ask_ = now.steady + kStoppedCredentialProbe;
    }
    return token;
  }
  if (is_stopped) {
    return Error(absl::StatusCode::kFailedPrecondition, stop_reason_,
                 absl::StrCat("GitHub refuses ", id_, " (", stop_reason_,
                              "); the server tries again from time to time"));
  }
  std::string why = "the server is fetching its token";
  if (is_looking_ || LookIsDue(now.steady)) {
    why = "the server is looking for its installation again";
  } else if (HasToken(now.steady)) {
    why = "its token is new, and not all of GitHub's servers know it yet";
  } else if (!problem_.empty()) {
    why = absl::StrCat("no token yet: ", problem_);
  }
  return Error(absl::StatusCode::kUnavailable, "CREDENTIAL_NOT_READY",
               absl::StrCat(id_, ": ", why));
}

void AppAccount::NoteRefused(const Token& token, absl::string_view reason,
                             Moment now) {
  if (!Matches(token)) return;
  if (reason == "INSTALLATION_SUSPENDED") {
    NoteStopped(reason, now);
    return;
  }
  if (reason == "ACCOUNT_SUSPENDED") {
    Stop(reason, kStoppedCredentialProbe, now);
    return;
  }
  // A request that is refused during the rest was sent before it, and says
  // nothing new.
  if (now.steady < rest_end_) return;
  if (now.steady - held_->issue.steady < kYoungToken &&
      young_refusals_ < static_cast<int>(std::size(kYoungTokenWaits))) {
    rest_end_ = now.steady + kYoungTokenWaits[young_refusals_++];
    probe_is_out_ = false;
    return;
  }
  if (++refusals_ >= kRefusalsToStop) {
    // After such a stop, the refusal of a probe comes here, too.
    Stop("CREDENTIAL_REFUSED", kStoppedCredentialProbe, now);
    return;
  }
  LogWarning("GitHub refused a token; the server fetches a new one",
             {{"credential", id_}});
  held_.reset();
}

void AppAccount::NoteAccepted(const Token& token) {
  if (Matches(token)) Resume();
}

CredentialState AppAccount::State() const {
  CredentialState state;
  state.id = id_;
  state.installation_id = installation_id_;
  state.stop_reason = stop_reason_;
  if (!stop_reason_.empty()) state.stop_time = stop_time_;
  if (held_.has_value()) state.permissions = held_->permissions;
  return state;
}

}  // namespace signalbox
