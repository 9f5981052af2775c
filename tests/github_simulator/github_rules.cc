#include "tests/github_simulator/github_rules.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/app_jwt.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/limits.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/routes.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Row = GitHubRules::Row;

constexpr absl::Duration kSlowAnswer = absl::Seconds(11);

constexpr absl::string_view kFaults[] = {
    "server_error_html", "server_error_json",  "slow",
    "reset_after_apply", "reset_before_apply", "primary_limit_403",
    "primary_limit_429", "secondary_limit",    "secondary_limit_bare",
    "abuse_limit",       "unauthorized",       "forbidden",
};

constexpr char kRateLimitDocs[] =
    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

}  // namespace

struct GitHubRules::State {
  explicit State(Options given)
      : options(std::move(given)),
        world(options.any_repository),
        limits(options.rate_limits, options.hourly_limit),
        routes(options, &world, &apps, &limits, &misbehaviour) {}

  SimulatedResponse Answer(const Call& call);
  // The fault that fits, used up by one.
  std::optional<Fault> TakeFault(const Call& call);
  SimulatedResponse Fail(const Call& call, const Fault& fault);
  SimulatedResponse LimitAnswer(const Call& call, const Limits::Pause& pause);
  // As whom a limit's text addresses the caller.
  std::string NameOf(const Caller& caller);
  void AddHeaders(const Call& call, SimulatedResponse* response);

  const Options options;
  World world;
  Apps apps;
  Limits limits;
  Misbehaviour misbehaviour;
  Routes routes;
  std::vector<Fault> faults;
  int request_count = 0;
};

SimulatedResponse GitHubRules::State::Answer(const Call& call) {
  if (HeaderOf(call.request, "user-agent").empty()) {
    ++misbehaviour.without_user_agent;
    return HtmlAnswer(
        403,
        "Request forbidden by administrative rules. Please make sure your "
        "request has a User-Agent header.\n");
  }
  const Limits::Pause* const pause =
      limits.PauseOf(call.caller.account, call.now);
  const bool is_free = Routes::IsRateLimit(call) && pause != nullptr &&
                       IsPrimaryLimit(pause->fault);
  if (pause != nullptr && !is_free) {
    if (call.now >= pause->known_from) ++misbehaviour.in_forbidden_window;
    return LimitAnswer(call, *pause);
  }
  const std::optional<Fault> fault = TakeFault(call);
  return fault.has_value() ? Fail(call, *fault) : routes.Answer(call);
}

std::string GitHubRules::State::NameOf(const Caller& caller) {
  switch (caller.kind) {
    case Caller::Kind::kInstallation:
      return absl::StrCat("installation ID ", caller.id);
    case Caller::Kind::kApp:
      return absl::StrCat("app ID ", caller.id);
    default:
      const SimulatedUser user = routes.UserOf(caller);
      return absl::StrCat(user.is_bot ? "installation ID " : "user ID ",
                          user.id);
  }
}

std::optional<Fault> GitHubRules::State::TakeFault(const Call& call) {
  const auto it =
      std::find_if(faults.begin(), faults.end(), [&call](const Fault& fault) {
        return absl::StrContains(call.request.target, fault.target_contains);
      });
  if (it == faults.end()) return std::nullopt;
  Fault fault = *it;
  if (it->count > 0 && --it->count == 0) faults.erase(it);
  return fault;
}

SimulatedResponse GitHubRules::State::Fail(const Call& call,
                                           const Fault& fault) {
  if (fault.name == "server_error_html") {
    return HtmlAnswer(502,
                      "<!DOCTYPE html><html><head><title>Unicorn! &middot; "
                      "GitHub</title></head><body><h1>This page is taking too "
                      "long to load.</h1></body></html>\n");
  }
  if (fault.name == "server_error_json")
    return Failure(500, "Server Error", kDocs);
  if (fault.name == "unauthorized")
    return Failure(401, "Bad credentials", kDocs);
  if (fault.name == "forbidden") {
    SimulatedResponse response = Failure(
        403, "Resource not accessible by integration", kCreateStatusDocs);
    response.headers.emplace_back("x-accepted-github-permissions",
                                  "statuses=write");
    return response;
  }
  if (fault.name == "reset_before_apply") {
    SimulatedResponse response;
    response.reset_connection = true;
    return response;
  }
  if (fault.name == "reset_after_apply") {
    SimulatedResponse response = routes.Answer(call);
    response.reset_connection = true;
    return response;
  }
  if (fault.name == "slow") {
    SimulatedResponse response = routes.Answer(call);
    response.delay = kSlowAnswer;
    return response;
  }
  const Limits::Pause pause = {.fault = fault.name,
                               .until = call.now + absl::Seconds(fault.seconds),
                               .known_from = call.now + call.request.latency};
  limits.Begin(call.caller.account, pause);
  return LimitAnswer(call, pause);
}

SimulatedResponse GitHubRules::State::LimitAnswer(const Call& call,
                                                  const Limits::Pause& pause) {
  if (IsPrimaryLimit(pause.fault)) {
    return Failure(
        pause.fault == "primary_limit_429" ? 429 : 403,
        absl::StrCat("API rate limit exceeded for ", NameOf(call.caller), "."),
        kRateLimitDocs);
  }
  if (pause.fault == "abuse_limit") {
    return Failure(403,
                   "You have triggered an abuse detection mechanism. Please "
                   "retry your request again later.",
                   absl::StrCat(kDocs, "#abuse-rate-limits"));
  }
  SimulatedResponse response = Failure(
      403,
      "You have exceeded a secondary rate limit. Please wait a few minutes "
      "before you try again. If you reach out to GitHub Support for help, "
      "please include the request ID.",
      absl::StrCat("https://docs.github.com/free-pro-team@latest/rest/overview/"
                   "rate-limits-for-the-rest-api#about-secondary-rate-limits"));
  if (pause.fault == "secondary_limit") {
    const absl::Duration left =
        absl::Ceil(pause.until - call.now, absl::Seconds(1));
    response.headers.emplace_back("retry-after",
                                  absl::StrCat(absl::ToInt64Seconds(left)));
  }
  return response;
}

void GitHubRules::State::AddHeaders(const Call& call,
                                    SimulatedResponse* response) {
  auto& headers = response->headers;
  headers.emplace_back("date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                                call.now, absl::UTCTimeZone()));
  headers.emplace_back("server", "github.com");
  headers.emplace_back("x-github-request-id",
                       absl::StrFormat("%04X:%06X:%08X:0000", 0x5160,
                                       request_count, request_count));
  headers.emplace_back("x-github-media-type", "github.v3; format=json");
  const Limits::Budget budget = limits.BudgetOf(call.caller.account, call.now);
  const Limits::Pause* const pause =
      limits.PauseOf(call.caller.account, call.now);
  const bool is_primary = pause != nullptr && IsPrimaryLimit(pause->fault);
  if (!options.rate_limits && !is_primary) return;
  headers.emplace_back("x-ratelimit-limit", absl::StrCat(budget.limit));
  headers.emplace_back("x-ratelimit-remaining", absl::StrCat(budget.remaining));
  headers.emplace_back("x-ratelimit-used",
                       absl::StrCat(budget.limit - budget.remaining));
  headers.emplace_back("x-ratelimit-reset",
                       absl::StrCat(CeilToUnixSeconds(budget.reset)));
  headers.emplace_back("x-ratelimit-resource", "core");
}

GitHubRules::GitHubRules(Options options)
    : state_(std::make_unique<State>(std::move(options))) {}

GitHubRules::~GitHubRules() = default;

SimulatedResponse GitHubRules::Handle(const SimulatedRequest& request,
                                      absl::Time now) {
  ++state_->request_count;
  Call call = {.request = request,
               .now = now,
               .target = RequestTarget::Parse(request.target,
                                              state_->options.api_prefix),
               .is_read = request.method == "GET" || request.method == "HEAD",
               .caller = {}};
  call.caller = state_->routes.CallerOf(request, call.target, now);
  SimulatedResponse response = state_->Answer(call);
  if (!Routes::IsRateLimit(call)) {
    state_->limits.Charge(call.caller.account, now,
                          now + request.latency + response.delay);
  }
  state_->AddHeaders(call, &response);
  if (request.method == "HEAD") response.body.clear();
  return response;
}

void GitHubRules::AddRepository(absl::string_view full_name, int64_t id) {
  state_->world.AddRepository(full_name, id);
}

void GitHubRules::AddCommit(absl::string_view full_name, absl::string_view sha,
                            absl::Time visible_from) {
  state_->world.AddCommit(full_name, sha)->visible_from = visible_from;
}

bool GitHubRules::RenameRepository(absl::string_view full_name,
                                   absl::string_view new_full_name) {
  return state_->world.Rename(full_name, new_full_name);
}

void GitHubRules::SetArchived(absl::string_view full_name, bool archived) {
  if (auto* const found = state_->world.FindRepository(full_name)) {
    found->archived = archived;
  }
}

void GitHubRules::SetWritable(absl::string_view full_name, bool writable) {
  if (auto* const found = state_->world.FindRepository(full_name)) {
    found->writable = writable;
  }
}

void GitHubRules::AddApp(App app) {
  if (!IsAppKey(app.public_key)) std::abort();  // The test is wrong.
  state_->apps.AddApp({.id = app.id,
                       .client_id = std::move(app.client_id),
                       .slug = std::move(app.slug),
                       .public_keys = {std::move(app.public_key)}});
}

void GitHubRules::SetAppKeys(int64_t app_id,
                             std::vector<std::string> public_keys) {
  state_->apps.SetAppKeys(app_id, std::move(public_keys));
}

int64_t GitHubRules::AddInstallation(Installation installation) {
  return state_->apps.AddInstallation(std::move(installation));
}

void GitHubRules::RemoveInstallation(int64_t id) {
  state_->apps.RemoveInstallation(id);
}

void GitHubRules::RevokeTokens(int64_t installation_id) {
  state_->apps.RevokeTokens(installation_id);
}

int GitHubRules::tokens_made(int64_t installation_id) const {
  return state_->apps.TokensMade(installation_id);
}

bool GitHubRules::HasApp(int64_t id) const {
  return state_->apps.FindApp(id) != nullptr;
}

std::vector<int64_t> GitHubRules::AppIds() const {
  return state_->apps.AppIds();
}

std::vector<int64_t> GitHubRules::InstallationIds() const {
  return state_->apps.InstallationIds();
}

bool GitHubRules::IsAppKey(absl::string_view pem) {
  return IsRsaPublicKey(pem);
}

void GitHubRules::AllowRerun(absl::string_view full_name, absl::string_view sha,
                             absl::string_view context) {
  World::Commit* const commit = state_->world.AddCommit(full_name, sha);
  ++commit->contexts[absl::AsciiStrToLower(context)].reruns_allowed;
}

bool GitHubRules::IsFault(absl::string_view name) {
  return std::find(std::begin(kFaults), std::end(kFaults), name) !=
         std::end(kFaults);
}

void GitHubRules::AddFault(Fault fault) {
  if (!IsFault(fault.name)) std::abort();  // The test is wrong.
  if (fault.count != 0) state_->faults.push_back(std::move(fault));
}

void GitHubRules::ClearFaults() {
  state_->faults.clear();
  state_->limits.ClearFaults();
}

bool GitHubRules::HasRepository(absl::string_view full_name) const {
  return state_->world.Peek(full_name) != nullptr;
}

bool GitHubRules::HasCommit(absl::string_view full_name,
                            absl::string_view sha) const {
  return state_->world.Peek(full_name, sha) != nullptr;
}

std::string GitHubRules::CurrentName(absl::string_view full_name) const {
  const auto* const found = state_->world.Peek(full_name);
  return found == nullptr ? std::string() : found->full_name;
}

int64_t GitHubRules::RepositoryId(absl::string_view full_name) const {
  const auto* const found = state_->world.Peek(full_name);
  return found == nullptr ? 0 : found->id;
}

std::map<std::string, GitHubRules::Row> GitHubRules::Shown(
    absl::string_view full_name, absl::string_view sha) const {
  std::map<std::string, Row> shown;
  const World::Commit* const commit = state_->world.Peek(full_name, sha);
  if (commit == nullptr) return shown;
  for (const Row* row : ShownRows(*commit)) {
    shown.emplace(absl::AsciiStrToLower(row->context), *row);
  }
  return shown;
}

std::vector<GitHubRules::Row> GitHubRules::Rows(absl::string_view full_name,
                                                absl::string_view sha) const {
  const World::Commit* const commit = state_->world.Peek(full_name, sha);
  return commit == nullptr ? std::vector<Row>() : commit->rows;
}

std::string GitHubRules::CombinedState(absl::string_view full_name,
                                       absl::string_view sha) const {
  const World::Commit* const commit = state_->world.Peek(full_name, sha);
  return CombinedStateOf(commit == nullptr ? World::Commit() : *commit);
}

std::vector<GitHubRules::Event> GitHubRules::EventsAfter(int64_t number,
                                                         size_t limit) const {
  return state_->world.EventsAfter(number, limit);
}

std::vector<GitHubRules::CommitName> GitHubRules::RecentCommits(
    size_t limit) const {
  return state_->world.RecentCommits(limit);
}

const GitHubRules::Misbehaviour& GitHubRules::misbehaviour() const {
  return state_->misbehaviour;
}

int GitHubRules::request_count() const { return state_->request_count; }

}  // namespace signalbox
