#include "server/github/app_credentials.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/secret_file.h"
#include "server/github/app_account.h"
#include "server/github/app_answers.h"
#include "server/github/app_jwt.h"
#include "server/github/classify.h"
#include "server/github/rate_limiter.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

using Ask = AppAccount::Ask;

// Where GitHub paces, not one at a time as the posts are: an answer that does
// not come must not hold up every other account for that long.
constexpr int kMinInFlight = 4;

std::string LowerId(absl::string_view host, absl::string_view account) {
  return absl::AsciiStrToLower(absl::StrCat(host, "/", account));
}

// One item of the configuration. What is not const or locked otherwise is
// guarded by AppCredentials::mu_.
struct App {
  App(AppCredential config, SecretFile key)
      : config(std::move(config)), key(std::move(key)) {}

  // A key as it was used.
  struct Key {
    Secret secret;
    int64_t number = 0;
  };

  // Looks whether the file has another key.
  Key ReadKey(absl::Time steady, bool certain) {
    MutexLock lock(&key_mu);
    if (key.Refresh(steady, certain)) ++key_number;
    return {key.secret(), key_number};
  }

  const AppCredential config;

  // Held while the file is read, so never together with mu_.
  Mutex key_mu;
  SecretFile key ABSL_GUARDED_BY(key_mu);
  int64_t key_number ABSL_GUARDED_BY(key_mu) = 0;

  // GitHub's clock against the one that never jumps; nothing: never heard.
  std::optional<absl::Duration> clock_offset;

  // GitHub refuses the App's own token. Until `refusal_end` nothing is asked
  // unless the key changes; then one request tries.
  bool is_refused = false;
  bool is_trying = false;
  absl::Time refusal_end;      // Steady.
  absl::Time refusal_begin;    // Wall.
  int64_t refused_number = 0;  // Of the key that was refused.
};

class AppCredentials : public Credentials {
 public:
  explicit AppCredentials(AppCredentialsOptions options)
      : options_(std::move(options)) {}

  // Takes an App in; errors as MakeAppCredentials.
  absl::Status Add(AppCredential config);

  std::string Find(const Repository& repository) const override;
  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time now) override;
  void NoteRefused(absl::string_view credential_id, const Token& token,
                   absl::string_view reason, absl::Time now) override;
  void NoteAccepted(absl::string_view credential_id,
                    const Token& token) override;
  std::vector<CredentialState> States() const override;

 private:
  struct Request {
    App* app = nullptr;
    std::string id;  // The credential's.
    Ask ask = Ask::kCreateToken;
    int64_t installation_id = 0;
    absl::Time github_now;
    int64_t key_number = 0;
    bool is_trying = false;  // See App.
  };

  AppMoment Look() const;
  // The App of a credential; null if there is none.
  App* AppOf(absl::string_view credential_id) const;
  AppAccount& AccountOf(const std::string& id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  AppAccount* FindAccount(absl::string_view id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Books what is wanted of GitHub for an account and may be asked now.
  std::optional<Request> Begin(App& app, const std::string& id,
                               AppAccount& account, AppMoment now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Send(Request request);
  void End(const Request& request, absl::StatusOr<HttpResponse> answer);
  void NoteAnswer(const Request& request, AppAccount& account,
                  const absl::StatusOr<HttpResponse>& answer,
                  const Verdict& verdict, AppMoment now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void NoteJwtRefused(const Request& request, AppAccount& account,
                      const Verdict& verdict, int64_t key_number, AppMoment now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The key's file has changed.
  void NoteNewKey(App& app) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const AppCredentialsOptions options_;
  // Constant once everything is added. `apps_by_key_` is by LowerId of what the
  // configuration names, "*" included.
  std::vector<std::unique_ptr<App>> apps_;
  std::map<std::string, App*, std::less<>> apps_by_key_;

  mutable Mutex mu_;
  RateLimiter limiter_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, AppAccount, std::less<>> accounts_ ABSL_GUARDED_BY(mu_);
};

std::string LimitedId(const App& app) {
  return absl::StrCat(app.config.api_url, " ", app.config.issuer);
}

absl::Status AppCredentials::Add(AppCredential config) {
  absl::StatusOr<SecretFile> key =
      SecretFile::Open(config.private_key_file, ParseAppKey);
  if (!key.ok()) return key.status();
  apps_.push_back(std::make_unique<App>(std::move(config), *std::move(key)));
  App* const app = apps_.back().get();
  PaceOptions pace = DefaultPace(app->config.api_url);
  pace.max_in_flight = std::max(pace.max_in_flight, kMinInFlight);
  MutexLock lock(&mu_);
  limiter_.SetPace(LimitedId(*app), pace);
  for (const std::string& account : app->config.accounts) {
    const std::string id = LowerId(app->config.host, account);
    const bool is_new = apps_by_key_.emplace(id, app).second;
    if (is_new && account != "*") accounts_.emplace(id, id);
  }
  return absl::OkStatus();
}

AppMoment AppCredentials::Look() const {
  return {options_.clock->Now(),
          absl::UnixEpoch() + options_.clock->Monotonic()};
}

App* AppCredentials::AppOf(absl::string_view credential_id) const {
  auto found = apps_by_key_.find(credential_id);
  if (found == apps_by_key_.end()) {
    const absl::string_view host =
        credential_id.substr(0, credential_id.find('/'));
    found = apps_by_key_.find(LowerId(host, "*"));
  }
  return found == apps_by_key_.end() ? nullptr : found->second;
}

std::string AppCredentials::Find(const Repository& repository) const {
  std::string id = LowerId(repository.host, repository.owner);
  return AppOf(id) == nullptr ? "" : id;
}

AppAccount* AppCredentials::FindAccount(absl::string_view id) {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

AppAccount& AppCredentials::AccountOf(const std::string& id) {
  if (AppAccount* const account = FindAccount(id)) return *account;
  if (accounts_.size() >= options_.max_accounts) {
    auto oldest = accounts_.end();
    for (auto it = accounts_.begin(); it != accounts_.end(); ++it) {
      if (it->second.asking()) continue;
      if (oldest == accounts_.end() ||
          it->second.last_get < oldest->second.last_get) {
        oldest = it;
      }
    }
    if (oldest != accounts_.end()) accounts_.erase(oldest);
  }
  return accounts_.emplace(id, id).first->second;
}

absl::StatusOr<Token> AppCredentials::Get(absl::string_view credential_id,
                                          absl::Time) {
  const std::string id(credential_id);
  App* const app = AppOf(id);
  // What goes into a URL has the grammar of an account.
  const absl::StatusOr<Repository> repository =
      ParseRepository(absl::StrCat(id, "/any"));
  if (app == nullptr || !repository.ok() ||
      LowerId(repository->host, repository->owner) != id) {
    return Error(absl::StatusCode::kNotFound, "NO_CREDENTIAL",
                 absl::StrCat("there is no credential ", Quoted(id)));
  }
  const AppMoment now = Look();
  bool is_refused;
  {
    MutexLock lock(&mu_);
    is_refused = app->is_refused;
  }
  if (is_refused) {
    const int64_t number = app->ReadKey(now.steady, /*certain=*/false).number;
    MutexLock lock(&mu_);
    if (number != app->refused_number) NoteNewKey(*app);
  }

  std::optional<Request> request;
  absl::StatusOr<Token> token;
  {
    MutexLock lock(&mu_);
    AppAccount& account = AccountOf(id);
    account.last_get = now.steady;
    request = Begin(*app, id, account, now);
    token = account.Get(now);
    if (absl::IsUnavailable(token.status()) && app->is_refused &&
        !account.HasToken(now.steady)) {
      token = Error(
          absl::StatusCode::kFailedPrecondition, "APP_REFUSED",
          absl::StrCat("GitHub refuses the key or the clock of the App ",
                       app->config.issuer, " (", app->config.private_key_file,
                       "), which ", id, " depends on"));
    }
  }
  if (request.has_value()) Send(*std::move(request));
  if (token.ok()) token->api_url = app->config.api_url;
  return token;
}

std::optional<AppCredentials::Request> AppCredentials::Begin(
    App& app, const std::string& id, AppAccount& account, AppMoment now) {
  const std::optional<Ask> ask = account.Wanted(now.steady);
  if (!ask.has_value()) return std::nullopt;
  if (app.is_refused && (now.steady < app.refusal_end || app.is_trying)) {
    return std::nullopt;
  }
  const absl::Time allowed =
      limiter_.Reserve(LimitedId(app), /*pending=*/false, now.steady);
  if (allowed > now.steady) return std::nullopt;
  account.NoteBegin();
  Request request;
  request.app = &app;
  request.id = id;
  request.ask = *ask;
  request.installation_id = account.installation_id();
  request.github_now =
      app.clock_offset.has_value() ? now.steady + *app.clock_offset : now.wall;
  request.is_trying = app.is_trying = app.is_refused;
  return request;
}

void AppCredentials::Send(Request request) {
  const AppCredential& config = request.app->config;
  const App::Key key = request.app->ReadKey(Look().steady, /*certain=*/false);
  request.key_number = key.number;
  absl::StatusOr<Secret> jwt =
      MakeAppJwt(key.secret, config.issuer, request.github_now);
  if (!jwt.ok()) {
    LogError("an App's token cannot be signed",
             {{"credential", request.id}, {"error", jwt.status().message()}});
    End(request, absl::FailedPreconditionError(jwt.status().message()));
    return;
  }
  const std::string account = request.id.substr(request.id.find('/') + 1);
  HttpRequest http;
  http.method = "GET";
  switch (request.ask) {
    case Ask::kFindOrganization:
      http.url =
          absl::StrCat(config.api_url, "/orgs/", account, "/installation");
      break;
    case Ask::kFindUser:
      http.url =
          absl::StrCat(config.api_url, "/users/", account, "/installation");
      break;
    case Ask::kCreateToken:
      http.method = "POST";
      http.url = absl::StrCat(config.api_url, "/app/installations/",
                              request.installation_id, "/access_tokens");
  }
  http.headers = {{"User-Agent", options_.user_agent},
                  {"Accept", "application/vnd.github+json"},
                  {"X-GitHub-Api-Version", "2022-11-28"}};
  http.bearer = *std::move(jwt);
  http.timeout = kGitHubTimeout;
  options_.transport->Send(std::move(http),
                           [this, request = std::move(request)](
                               absl::StatusOr<HttpResponse> answer) {
                             End(request, std::move(answer));
                           });
}

void AppCredentials::End(const Request& request,
                         absl::StatusOr<HttpResponse> answer) {
  App& app = *request.app;
  const AppMoment now = Look();
  RequestContext context;
  context.is_read = request.ask != Ask::kCreateToken;
  Verdict verdict = Classify(answer, context);
  int64_t key_number = request.key_number;
  if (verdict.action == Action::kReauthenticate) {
    key_number = app.ReadKey(now.steady, /*certain=*/true).number;
  }
  std::optional<Request> next;
  {
    MutexLock lock(&mu_);
    if (verdict.github_time != absl::InfinitePast()) {
      app.clock_offset = verdict.github_time - now.steady;
    } else {
      verdict.github_time = app.clock_offset.has_value()
                                ? now.steady + *app.clock_offset
                                : now.wall;
    }
    limiter_.Observe(LimitedId(app), answer, verdict, now.steady);
    if (request.is_trying) app.is_trying = false;
    // An account is never forgotten while something is asked for it.
    AppAccount& account = *FindAccount(request.id);
    account.NoteEnd();
    if (verdict.action == Action::kReauthenticate) {
      NoteJwtRefused(request, account, verdict, key_number, now);
    } else {
      NoteAnswer(request, account, answer, verdict, now);
    }
    next = Begin(app, request.id, account, now);
  }
  // It holds a token perhaps.
  if (answer.ok()) Secret wiped(std::move(answer->body));
  if (next.has_value()) Send(*std::move(next));
  if (options_.changed) options_.changed();
}

void AppCredentials::NoteJwtRefused(const Request& request, AppAccount& account,
                                    const Verdict& verdict, int64_t key_number,
                                    AppMoment now) {
  App& app = *request.app;
  // The answer told GitHub's time; and the file may have another key by now.
  const bool may_work =
      verdict.reason == "CLOCK_SKEW" || key_number != request.key_number;
  if (may_work && !account.is_repetition) {
    account.is_repetition = true;
    return;
  }
  account.is_repetition = false;
  if (!app.is_refused) {
    app.refusal_begin = now.wall;
    LogError("GitHub refuses an App's own token; the App is stopped",
             {{"issuer", app.config.issuer},
              {"file", app.config.private_key_file},
              {"reason", verdict.reason},
              {"message", verdict.message},
              {"request_id", verdict.request_id}});
  }
  app.is_refused = true;
  app.refusal_end = now.steady + kRefusedAppRetry;
  app.refused_number = request.key_number;
}

void AppCredentials::NoteNewKey(App& app) {
  if (!app.is_refused) return;
  app.is_refused = false;
  LogInfo("an App's key has changed; it is tried",
          {{"issuer", app.config.issuer}});
}

void AppCredentials::NoteAnswer(const Request& request, AppAccount& account,
                                const absl::StatusOr<HttpResponse>& answer,
                                const Verdict& verdict, AppMoment now) {
  App& app = *request.app;
  account.is_repetition = false;
  const bool jwt_was_taken =
      verdict.action == Action::kDone || verdict.action == Action::kAbandon;
  if (app.is_refused && jwt_was_taken) {
    app.is_refused = false;
    LogInfo("GitHub takes an App's own token again",
            {{"issuer", app.config.issuer}});
  }
  const auto note_trouble = [&](const std::string& problem) {
    account.NoteTrouble(problem, now);
    LogWarning("an App got no answer that helps; it asks again",
               {{"credential", request.id},
                {"problem", problem},
                {"request_id", verdict.request_id}});
  };
  switch (verdict.action) {
    case Action::kDone:
      break;
    case Action::kWait:  // The limiter knows for how long.
      LogWarning("GitHub limits an App", {{"issuer", app.config.issuer},
                                          {"reason", verdict.reason},
                                          {"message", verdict.message},
                                          {"request_id", verdict.request_id}});
      return;
    case Action::kPark:
    case Action::kAbandon:
      if (verdict.http_status == 404) {
        account.NoteNotFound(request.ask, now);
      } else {
        account.NoteStopped(verdict.reason, now);
      }
      return;
    default:
      note_trouble(absl::StrCat(verdict.reason, " ", verdict.message));
      return;
  }

  absl::Status understood;
  if (request.ask == Ask::kCreateToken) {
    absl::StatusOr<InstallationToken> token =
        ParseInstallationToken(answer->body);
    understood = token.status();
    if (token.ok()) {
      account.NoteToken(std::move(token->value),
                        token->expiry_time - verdict.github_time, now);
    }
  } else {
    const absl::StatusOr<Installation> installation =
        ParseInstallation(answer->body);
    understood = installation.status();
    if (installation.ok()) account.NoteInstallation(*installation, now);
  }
  if (!understood.ok()) note_trouble(std::string(understood.message()));
}

void AppCredentials::NoteRefused(absl::string_view credential_id,
                                 const Token& token, absl::string_view reason,
                                 absl::Time) {
  const AppMoment now = Look();
  MutexLock lock(&mu_);
  AppAccount* const account = FindAccount(credential_id);
  if (account != nullptr) account->NoteRefused(token, reason, now);
}

void AppCredentials::NoteAccepted(absl::string_view credential_id,
                                  const Token& token) {
  MutexLock lock(&mu_);
  AppAccount* const account = FindAccount(credential_id);
  if (account != nullptr) account->NoteAccepted(token);
}

std::vector<CredentialState> AppCredentials::States() const {
  const AppMoment now = Look();
  std::vector<CredentialState> states;
  MutexLock lock(&mu_);
  for (const auto& [id, account] : accounts_) {
    CredentialState state = account.State();
    const App& app = *AppOf(id);
    if (state.stop_reason.empty() && app.is_refused &&
        !account.HasToken(now.steady)) {
      state.stop_reason = "APP_REFUSED";
      state.stop_time = app.refusal_begin;
    }
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace

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
