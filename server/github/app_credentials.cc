#include "server/github/app_credentials.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/mutex.h"
#include "common/secret_file.h"
#include "server/github/app_account.h"
#include "server/github/app_identity.h"
#include "server/github/app_jwt.h"
#include "server/github/classify.h"
#include "server/github/rate_limiter.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

using Ask = AppAccount::Ask;

// Where GitHub limits requests, posts go one at a time. These requests do not,
// because a lost answer must not hold up all other accounts.
constexpr int kMinInFlight = 4;
// GitHub allows 900 points a minute, and a token costs 5. The limit for
// content, which posts obey, does not apply.
constexpr double kRequestsPerMinute = 150;
// ForgetAccounts looks at this many accounts and forgets at most this many. It
// forgets more than one, to catch up after most accounts held a token.
constexpr int kAccountsLookedAt = 16;
constexpr int kAccountsForgotten = 2;

constexpr char kAppRefused[] = "APP_REFUSED";

std::string LowerId(absl::string_view host, absl::string_view account) {
  return absl::AsciiStrToLower(absl::StrCat(host, "/", account));
}

// One item of the configuration.
struct App {
  App(AppCredential config, SecretFile key)
      : config(std::move(config)),
        identity(this->config.issuer, std::move(key)) {}

  const AppCredential config;
  AppIdentity identity;
};

std::string LimitedId(const App& app) {
  return absl::StrCat(app.config.api_url, " ", app.config.issuer);
}

absl::Status AppRefused(const AppCredential& app) {
  return Error(
      absl::StatusCode::kFailedPrecondition, kAppRefused,
      absl::StrCat("GitHub refuses the App ", app.issuer, ": its key (",
                   app.private_key_file, ") or this machine's clock is wrong"));
}

class AppCredentials : public Credentials {
 public:
  explicit AppCredentials(AppCredentialsOptions options)
      : options_(std::move(options)) {}

  // Adds an App; errors as MakeAppCredentials.
  absl::Status Add(AppCredential config) {
    absl::StatusOr<SecretFile> key =
        SecretFile::Open(config.private_key_file, ParseAppKey);
    if (!key.ok()) return key.status();
    apps_.push_back(std::make_unique<App>(std::move(config), *std::move(key)));
    App* const app = apps_.back().get();
    apps_by_id_.emplace(AppCredentialId(app->config), app);
    PaceOptions pace = DefaultPace(app->config.api_url);
    pace.max_in_flight = std::max(pace.max_in_flight, kMinInFlight);
    if (pace.per_minute > 0) pace.per_minute = kRequestsPerMinute;
    MutexLock lock(&mu_);
    limiter_.SetPace(LimitedId(*app), pace);
    for (const std::string& account : app->config.accounts) {
      const std::string id = LowerId(app->config.host, account);
      const bool is_new = apps_by_key_.emplace(id, app).second;
      if (is_new && account != "*") accounts_.emplace(id, id);
    }
    return absl::OkStatus();
  }

  std::string Find(const Repository& repository) const override {
    if (absl::StrContains(repository.owner, ':')) return "";
    std::string id = LowerId(repository.host, repository.owner);
    return AppOf(id) == nullptr ? "" : id;
  }

  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time) override {
    const Moment now = options_.clock->Look();
    if (App* const app = FindApp(credential_id)) return GetAppToken(*app, now);
    const std::string id(credential_id);
    App* const app = AppOf(id);
    // The id goes into a URL, so its account must be well-formed.
    const absl::StatusOr<Repository> repository =
        ParseRepository(absl::StrCat(id, "/any"));
    if (app == nullptr || !repository.ok() ||
        LowerId(repository->host, repository->owner) != id) {
      return NoCredential(id);
    }
    const bool is_refused = app->identity.LookAtRefusal(now.steady).has_value();
    std::optional<Request> request;
    absl::StatusOr<Token> token;
    {
      MutexLock lock(&mu_);
      AppAccount& account = AccountOf(id, now.steady);
      request = Begin(*app, id, account, now);
      token = account.Get(now);
      if (absl::IsUnavailable(token.status()) && is_refused &&
          !account.HasToken(now.steady)) {
        token = AppRefused(app->config);
      }
    }
    if (request.has_value()) Send(*std::move(request));
    if (token.ok()) token->api_url = app->config.api_url;
    return token;
  }

  void NoteRefused(absl::string_view credential_id, const Token& token,
                   absl::string_view reason, absl::Time) override {
    const Moment now = options_.clock->Look();
    if (App* const app = FindApp(credential_id)) {
      app->identity.NoteRefused(token.value, reason, now);
      return;
    }
    MutexLock lock(&mu_);
    AppAccount* const account = FindAccount(credential_id);
    if (account != nullptr) account->NoteRefused(token, reason, now);
  }

  void NoteAccepted(absl::string_view credential_id,
                    const Token& token) override {
    if (App* const app = FindApp(credential_id)) {
      app->identity.NoteTaken(token.value);
      return;
    }
    MutexLock lock(&mu_);
    AppAccount* const account = FindAccount(credential_id);
    if (account != nullptr) account->NoteAccepted(token);
  }

  std::vector<std::string> Apps() const override {
    std::vector<std::string> ids;
    for (const auto& [id, app] : apps_by_id_) ids.push_back(id);
    return ids;
  }

  void NoteAnswer(absl::string_view credential_id, absl::Time github_time,
                  absl::Duration limited_for) override {
    App* const app = FindApp(credential_id);
    if (app == nullptr) return;
    const SteadyTime now = options_.clock->Steady();
    if (github_time != absl::InfinitePast()) {
      app->identity.NoteGitHubTime(github_time, now);
    }
    if (limited_for <= absl::ZeroDuration()) return;
    MutexLock lock(&mu_);
    limiter_.Block(LimitedId(*app), now + limited_for);
  }

  void LookAgain(absl::string_view host, absl::string_view account,
                 absl::Time) override {
    const std::string id = LowerId(host, account);
    {
      MutexLock lock(&mu_);
      AppAccount* const found = FindAccount(id);
      if (found == nullptr) return;
      found->LookAgain();
    }
    if (options_.changed) options_.changed(id);
  }

  void Recall(const std::vector<CredentialState>& states) override {
    MutexLock lock(&mu_);
    for (const CredentialState& stored : states) {
      const App* const app = AppOf(stored.id);
      if (app == nullptr || AppCredentialId(app->config) != stored.app)
        continue;
      AppAccount* const account = FindAccount(stored.id);
      if (account == nullptr) {
        recalled_[stored.id] = stored.installation_id;
      } else if (account->installation_id() == 0 && !account->asking()) {
        account->Recall(stored.installation_id);
      }
    }
  }

  std::vector<CredentialState> States() const override {
    const Moment now = options_.clock->Look();
    std::vector<CredentialState> states;
    MutexLock lock(&mu_);
    for (const auto& [id, account] : accounts_) {
      CredentialState state = account.State();
      const App& app = *AppOf(id);
      state.app = AppCredentialId(app.config);
      const auto refused_since = app.identity.RefusedSince();
      if (state.stop_reason.empty() && refused_since.has_value() &&
          !account.HasToken(now.steady)) {
        state.stop_reason = kAppRefused;
        state.stop_time = *refused_since;
      }
      states.push_back(std::move(state));
    }
    for (const auto& [id, app] : apps_by_id_) {
      CredentialState state{id, ""};
      if (const auto refused_since = app->identity.RefusedSince()) {
        state.stop_reason = kAppRefused;
        state.stop_time = *refused_since;
      }
      states.push_back(std::move(state));
    }
    return states;
  }

 private:
  struct Request {
    App* app = nullptr;
    std::string id;  // The credential's.
    Ask ask = Ask::kCreateToken;
    std::string path;  // After the API's address.
    int64_t key_number = 0;
    bool is_probe = false;       // See AppIdentity.
    bool is_repetition = false;  // See AppAccount.
  };

  // The App of an account's credential; null if there is none.
  App* AppOf(absl::string_view credential_id) const {
    auto found = apps_by_key_.find(credential_id);
    if (found == apps_by_key_.end()) {
      const absl::string_view host =
          credential_id.substr(0, credential_id.find('/'));
      found = apps_by_key_.find(LowerId(host, "*"));
    }
    return found == apps_by_key_.end() ? nullptr : found->second;
  }

  // The App whose own requests use this credential; null if there is none.
  App* FindApp(absl::string_view credential_id) const {
    const auto found = apps_by_id_.find(credential_id);
    return found == apps_by_id_.end() ? nullptr : found->second;
  }

  absl::StatusOr<Token> GetAppToken(App& app, Moment now) {
    app.identity.LookAtRefusal(now.steady);
    {
      MutexLock lock(&mu_);
      const SteadyTime until = limiter_.BlockedUntil(LimitedId(app));
      if (now.steady < until) {
        return Error(absl::StatusCode::kUnavailable, "CREDENTIAL_NOT_READY",
                     absl::StrCat("GitHub rate-limits the App ",
                                  app.config.issuer, ", so the server waits"));
      }
    }
    if (app.identity.Begin(now.steady) == AppIdentity::Turn::kRefused) {
      return AppRefused(app.config);
    }
    absl::StatusOr<AppIdentity::Jwt> jwt = app.identity.Sign(now);
    if (!jwt.ok()) {
      return Error(absl::StatusCode::kUnavailable, "CREDENTIAL_NOT_READY",
                   jwt.status().message());
    }
    Token token;
    token.value = std::move(jwt->value);
    token.api_url = app.config.api_url;
    return token;
  }

  AppAccount& AccountOf(const std::string& id, SteadyTime steady)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (AppAccount* const account = FindAccount(id)) return *account;
    if (accounts_.size() >= options_.max_accounts) ForgetAccounts(steady);
    AppAccount& account = accounts_.emplace(id, id).first->second;
    const auto recalled = recalled_.find(id);
    if (recalled != recalled_.end()) {
      account.Recall(recalled->second);
      recalled_.erase(recalled);
    }
    return account;
  }

  void ForgetAccounts(SteadyTime steady) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    auto it = accounts_.upper_bound(last_looked_at_);
    int forgotten = 0;
    for (int i = 0; i < kAccountsLookedAt; ++i) {
      if (forgotten == kAccountsForgotten) return;
      if (it == accounts_.end()) it = accounts_.begin();
      if (it == accounts_.end()) return;
      last_looked_at_ = it->first;
      const AppAccount& account = it->second;
      if (account.asking() || account.HasToken(steady) ||
          apps_by_key_.contains(it->first)) {
        ++it;
        continue;
      }
      if (account.installation_id() != 0) {
        recalled_[it->first] = account.installation_id();
      }
      it = accounts_.erase(it);
      ++forgotten;
    }
  }

  AppAccount* FindAccount(absl::string_view id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto found = accounts_.find(id);
    return found == accounts_.end() ? nullptr : &found->second;
  }

  // Books a request for an account, if it needs one and may make it now.
  std::optional<Request> Begin(App& app, const std::string& id,
                               AppAccount& account, Moment now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const std::optional<Ask> ask = account.Wanted(now.steady);
    if (!ask.has_value()) return std::nullopt;
    const AppIdentity::Turn turn = app.identity.Begin(now.steady);
    if (turn == AppIdentity::Turn::kRefused) return std::nullopt;
    const SteadyTime allowed =
        limiter_.Admit(LimitedId(app), /*pending=*/false, now.steady);
    if (allowed > now.steady) {
      if (turn == AppIdentity::Turn::kProbe) app.identity.EndProbe();
      return std::nullopt;
    }
    account.NoteBegin(now.steady);
    Request request;
    request.app = &app;
    request.id = id;
    request.ask = *ask;
    request.path = account.PathOf(*ask);
    request.is_probe = turn == AppIdentity::Turn::kProbe;
    request.is_repetition = account.is_repetition;
    return request;
  }

  void Send(Request request) {
    const AppCredential& config = request.app->config;
    absl::StatusOr<AppIdentity::Jwt> jwt =
        request.app->identity.Sign(options_.clock->Look());
    if (!jwt.ok()) {
      LogError("cannot sign a token for an App; the server tries again",
               {{"credential", request.id}, {"error", jwt.status().message()}});
      End(request, absl::FailedPreconditionError(jwt.status().message()));
      return;
    }
    request.key_number = jwt->key_number;
    HttpRequest http;
    http.method = request.ask == Ask::kCreateToken ? "POST" : "GET";
    http.url = absl::StrCat(config.api_url, request.path);
    http.headers = {{"User-Agent", options_.user_agent},
                    {"Accept", "application/vnd.github+json"},
                    {"X-GitHub-Api-Version", "2022-11-28"}};
    http.bearer = std::move(jwt->value);
    http.timeout = kGitHubTimeout;
    options_.transport->Send(std::move(http),
                             [this, request = std::move(request)](
                                 absl::StatusOr<HttpResponse> answer) {
                               End(request, std::move(answer));
                             });
  }

  void End(const Request& request, absl::StatusOr<HttpResponse> answer) {
    App& app = *request.app;
    const Moment now = options_.clock->Look();
    RequestContext context;
    context.is_read = request.ask != Ask::kCreateToken;
    Verdict verdict = Classify(answer, context);
    if (verdict.github_time != absl::InfinitePast()) {
      app.identity.NoteGitHubTime(verdict.github_time, now.steady);
    } else {
      verdict.github_time = app.identity.GitHubNow(now);
    }
    const bool jwt_was_refused = verdict.action == Action::kReauthenticate;
    bool is_repeated = false;
    if (jwt_was_refused) {
      is_repeated = app.identity.NoteRefused(request.key_number, verdict,
                                             request.is_repetition, now);
    } else if (verdict.action == Action::kDone ||
               verdict.action == Action::kAbandon) {
      app.identity.NoteTaken();
    } else if (request.is_probe) {
      app.identity.EndProbe();
    }
    if (verdict.action == Action::kWait) {
      LogWarning("GitHub rate-limits an App; the server waits",
                 {{"issuer", app.config.issuer},
                  {"reason", verdict.reason},
                  {"message", verdict.message},
                  {"request_id", verdict.request_id}});
    }
    std::optional<Request> next;
    {
      MutexLock lock(&mu_);
      limiter_.Observe(LimitedId(app), answer, verdict, now);
      // ForgetAccounts keeps an account while a request for it is under way.
      AppAccount& account = *FindAccount(request.id);
      account.NoteEnd();
      account.is_repetition = is_repeated;
      if (!jwt_was_refused)
        account.NoteAnswer(request.ask, answer, verdict, now);
      next = Begin(app, request.id, account, now);
    }
    // The body may hold a token.
    if (answer.ok()) Secret wiped(std::move(answer->body));
    if (next.has_value()) Send(*std::move(next));
    if (options_.changed) options_.changed(request.id);
  }

  const AppCredentialsOptions options_;
  // Constant after the last Add. Keys: in `apps_by_key_` LowerId of the
  // configured accounts, "*" included; in `apps_by_id_` AppCredentialId.
  std::vector<std::unique_ptr<App>> apps_;
  std::map<std::string, App*, std::less<>> apps_by_key_;
  std::map<std::string, App*, std::less<>> apps_by_id_;

  mutable Mutex mu_;
  RateLimiter limiter_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, AppAccount, std::less<>> accounts_ ABSL_GUARDED_BY(mu_);
  std::string last_looked_at_ ABSL_GUARDED_BY(mu_);  // By ForgetAccounts.
  // By credential: installations of accounts that are not in `accounts_`.
  std::map<std::string, int64_t, std::less<>> recalled_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::string AppCredentialId(const AppCredential& app) {
  return absl::StrCat(absl::AsciiStrToLower(app.host), "/app:", app.issuer);
}

bool IsAppItself(absl::string_view credential_id) {
  return absl::StrContains(credential_id, "/app:");
}

absl::StatusOr<std::unique_ptr<Credentials>> MakeAppCredentials(
    std::vector<AppCredential> apps, AppCredentialsOptions options) {
  auto made = std::make_unique<AppCredentials>(std::move(options));
  for (AppCredential& app : apps) {
    const absl::Status added = made->Add(std::move(app));
    if (!added.ok()) return added;
  }
  return std::unique_ptr<Credentials>(std::move(made));
}

}  // namespace signalbox
