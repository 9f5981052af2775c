#include "tests/github_simulator/github_rules.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/github_simulator/access.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/app_jwt.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/conduct.h"
#include "tests/github_simulator/faults.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/limits.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/routes.h"
#include "tests/github_simulator/webhook_payload.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Row = GitHubRules::Row;

constexpr char kRateLimitDocs[] =
    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

bool HasHeader(const SimulatedResponse& response, absl::string_view name) {
  return std::any_of(
      response.headers.begin(), response.headers.end(),
      [name](const auto& h) { return absl::EqualsIgnoreCase(h.first, name); });
}

}  // namespace

struct GitHubRules::State {
  explicit State(Options given)
      : options(std::move(given)),
        world(options.any_repository),
        limits(options.rate_limits, options.hourly_limit),
        hooks(options, &world, &apps, &conduct.misbehaviour),
        access(&world, &apps),
        routes(options, &world, &apps, &limits, &conduct, &hooks, &access,
               &pull_requests) {
    conduct.set_max_concurrent(options.max_concurrent);
  }

  Call MakeCall(const SimulatedRequest& request, absl::Time now) const;
  // The pause during which GitHub refuses a call; null: none.
  const Limits::Pause* PauseFor(const Call& call);
  SimulatedResponse Answer(const Call& call);
  SimulatedResponse Fail(const Call& call, const Fault& fault);
  SimulatedResponse LimitAnswer(const Call& call, const Limits::Pause& pause);
  // The name by which a limit's text addresses the caller.
  std::string NameOf(const Caller& caller);
  void AddHeaders(const Call& call, SimulatedResponse* response);
  // Sends hooks the statuses that were created since the last call.
  void EchoStatuses(absl::Time now);
  // Notes what the client learns from this answer, or does not learn.
  void NoteAnswer(const Call& call, int64_t exchange,
                  const SimulatedResponse& response);

  Options options;
  World world;
  Apps apps;
  PullRequests pull_requests;
  Limits limits;
  Conduct conduct;
  Hooks hooks;
  Access access;
  Routes routes;
  Faults faults;
  std::multimap<absl::Time, SimulatedRequest> late;  // By when they apply.
  int64_t echoed = 0;  // Number of the newest status sent to hooks.
  int request_count = 0;
};

Call GitHubRules::State::MakeCall(const SimulatedRequest& request,
                                  absl::Time now) const {
  Call call = {
      .request = request,
      .now = now,
      .target = RequestTarget::Parse(request.target, options.api_prefix),
      .is_read = request.method == "GET" || request.method == "HEAD",
      .caller = {}};
  call.caller = routes.CallerOf(request, call.target, now);
  return call;
}

const Limits::Pause* GitHubRules::State::PauseFor(const Call& call) {
  const Limits::Pause* const pause =
      limits.PauseOf(call.caller.account, call.now);
  const bool is_free = pause != nullptr && IsPrimaryLimit(pause->fault) &&
                       Routes::IsRateLimit(call);
  return is_free ? nullptr : pause;
}

SimulatedResponse GitHubRules::State::Answer(const Call& call) {
  if (HeaderOf(call.request, "user-agent").empty()) {
    ++conduct.misbehaviour.without_user_agent;
    return HtmlAnswer(
        403,
        "Request forbidden by administrative rules. Please make sure your "
        "request has a User-Agent header.\n");
  }
  if (const Limits::Pause* const pause = PauseFor(call)) {
    return LimitAnswer(call, *pause);
  }
  if (auto redirect = LoopOn(call.request.target, options.base_url)) {
    return *std::move(redirect);
  }
  const std::optional<Fault> fault = faults.Take(call.request.target);
  return fault.has_value() ? Fail(call, *fault) : routes.Answer(call);
}

SimulatedResponse GitHubRules::State::Fail(const Call& call,
                                           const Fault& fault) {
  FaultEffect effect = EffectOf(fault, call.request.target, options.base_url);
  if (effect.is_limit) {
    const Limits::Pause pause = {
        .fault = fault.name, .until = call.now + absl::Seconds(fault.seconds)};
    limits.Begin(call.caller.account, pause);
    return LimitAnswer(call, pause);
  }
  if (effect.is_applied_late) {
    late.emplace(call.now + absl::Seconds(fault.seconds), call.request);
  }
  if (effect.answer.has_value()) return *std::move(effect.answer);
  SimulatedResponse response = routes.Answer(call);
  Spoil(fault, &response);
  return response;
}

std::string GitHubRules::State::NameOf(const Caller& caller) {
  switch (caller.kind) {
    case Caller::Kind::kInstallation:
      return absl::StrCat("installation ID ", caller.id);
    case Caller::Kind::kApp:
      return absl::StrCat("app ID ", caller.id);
    default:
      const SimulatedUser user = access.UserOf(caller);
      return absl::StrCat(user.is_bot ? "installation ID " : "user ID ",
                          user.id);
  }
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
  const auto add = [response](absl::string_view name, std::string value) {
    if (HasHeader(*response, name)) return;
    response->headers.emplace_back(name, std::move(value));
  };
  add("date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", call.now,
                               absl::UTCTimeZone()));
  add("server", "github.com");
  add("x-github-request-id", absl::StrFormat("%04X:%06X:%08X:0000", 0x5160,
                                             request_count, request_count));
  add("x-github-media-type", "github.v3; format=json");
  if (const auto scopes = access.ScopesOf(call.caller)) {
    add("x-oauth-scopes", *scopes);
  }
  const std::string& account = call.caller.account;
  const Limits::Budget budget = limits.BudgetOf(account, call.now);
  const Limits::Pause* const pause = limits.PauseOf(account, call.now);
  const bool is_primary = pause != nullptr && IsPrimaryLimit(pause->fault);
  if (!options.rate_limits && !is_primary) return;
  add("x-ratelimit-limit", absl::StrCat(budget.limit));
  add("x-ratelimit-remaining", absl::StrCat(budget.remaining));
  add("x-ratelimit-used", absl::StrCat(budget.limit - budget.remaining));
  add("x-ratelimit-reset", absl::StrCat(CeilToUnixSeconds(budget.reset)));
  add("x-ratelimit-resource", "core");
}

void GitHubRules::State::EchoStatuses(absl::Time now) {
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  for (const Event& event : world.EventsAfter(echoed, kAll)) {
    echoed = event.number;
    if (!options.status_events) continue;
    const World::Repository& repository = *world.Peek(event.full_name);
    const WebhookScene scene = {
        .repository = Described(repository),
        .api_url = options.api_url(),
        .now = now,
        .organization = std::string(World::OwnerOf(repository.full_name))};
    hooks.Send({.name = "status",
                .payload = StatusPayload(scene, event.sha, event.row).dump()},
               now);
  }
}

void GitHubRules::State::NoteAnswer(const Call& call, int64_t exchange,
                                    const SimulatedResponse& response) {
  const std::optional<Conduct::Key> posted = routes.PostedKey(call);
  if (!response.reset_connection && !call.is_given_up) {
    limits.Tell(call.caller.account, exchange, call.now,
                call.now + call.request.latency + response.delay);
  }
  const bool is_lost = call.is_given_up || response.reset_connection ||
                       response.status == 408 || response.status >= 500;
  if (is_lost && posted.has_value()) conduct.Lose(*posted);
  if (Conduct::Exchange* const found = conduct.Find(exchange)) {
    found->is_handled = true;
    found->posted = posted;
  }
}

std::vector<std::pair<std::string, int>> GitHubRules::Misbehaviour::All()
    const {
  return {{"without_user_agent", without_user_agent},
          {"in_forbidden_window", in_forbidden_window},
          {"identical_repeats", identical_repeats},
          {"regressions", regressions},
          {"concurrent_requests", concurrent_requests},
          {"unknown_requests", unknown_requests},
          {"too_many_redeliveries", too_many_redeliveries},
          {"needless_redeliveries", needless_redeliveries}};
}

GitHubRules::GitHubRules(Options options)
    : state_(std::make_unique<State>(std::move(options))) {}

GitHubRules::~GitHubRules() = default;

int64_t GitHubRules::Open(const SimulatedRequest& request, absl::Time now) {
  const Call call = state_->MakeCall(request, now);
  if (!HeaderOf(request, "user-agent").empty() &&
      state_->PauseFor(call) != nullptr &&
      !state_->limits.MaySend(call.caller.account, now)) {
    ++state_->conduct.misbehaviour.in_forbidden_window;
  }
  return state_->conduct.Open(call.caller.account, now);
}

SimulatedResponse GitHubRules::Handle(const SimulatedRequest& request,
                                      absl::Time now) {
  ApplyLate(now);
  const bool is_opened = request.exchange != 0;
  const int64_t exchange = is_opened ? request.exchange : Open(request, now);
  ++state_->request_count;
  Call call = state_->MakeCall(request, now);
  if (const auto* const found = state_->conduct.Find(exchange)) {
    call.is_given_up = found->is_given_up;
  }
  SimulatedResponse response = state_->Answer(call);
  response.delay += state_->options.answer_delay;
  if (!Routes::IsRateLimit(call) && response.status != 304) {
    state_->limits.Charge(call.caller.account, now);
  }
  state_->AddHeaders(call, &response);
  if (request.method == "HEAD") response.body.clear();
  response.exchange = exchange;

  state_->EchoStatuses(now);
  state_->NoteAnswer(call, exchange, response);
  if (call.is_given_up) {
    state_->conduct.Forget(exchange);
  } else if (!is_opened) {
    state_->conduct.Find(exchange)->over_at =
        now + request.latency + response.delay;
  }
  return response;
}

void GitHubRules::Close(int64_t exchange, bool is_answered) {
  Conduct& conduct = state_->conduct;
  Conduct::Exchange* const found = conduct.Find(exchange);
  if (found == nullptr) return;
  if (!is_answered && !found->is_handled) {
    // Handle was not called yet.
    found->is_given_up = true;
    return;
  }
  if (!is_answered) {
    state_->limits.Untell(found->account, exchange);
    if (found->posted.has_value()) conduct.Lose(*found->posted);
  }
  conduct.Forget(exchange);
}

absl::Time GitHubRules::ApplyLate(absl::Time now) {
  auto& late = state_->late;
  while (!late.empty() && late.begin()->first <= now) {
    const auto item = late.extract(late.begin());
    Call call = state_->MakeCall(item.mapped(), item.key());
    call.is_given_up = true;
    state_->routes.Answer(call);
    state_->EchoStatuses(call.now);
  }
  return late.empty() ? absl::InfiniteFuture() : late.begin()->first;
}

void GitHubRules::SetMaxConcurrent(int count) {
  state_->options.max_concurrent = count;
  state_->conduct.set_max_concurrent(count);
}

void GitHubRules::SetReadLag(absl::Duration read_lag) {
  state_->options.read_lag = read_lag;
}

void GitHubRules::SetAnswerDelay(absl::Duration answer_delay) {
  state_->options.answer_delay = answer_delay;
}

void GitHubRules::SetStatusEvents(bool status_events) {
  state_->options.status_events = status_events;
}

const GitHubRules::Options& GitHubRules::options() const {
  return state_->options;
}

void GitHubRules::AddRepository(absl::string_view full_name, int64_t id) {
  state_->world.AddRepository(full_name, id);
}

void GitHubRules::AddCommit(absl::string_view full_name, absl::string_view sha,
                            absl::Time visible_from) {
  state_->world.AddCommit(full_name, sha)->visible_from = visible_from;
}

void GitHubRules::SetBranch(absl::string_view full_name,
                            absl::string_view branch, absl::string_view sha) {
  auto* const found = state_->world.FindRepository(full_name);
  if (found == nullptr) return;
  if (sha.empty()) {
    found->branches.erase(std::string(branch));
  } else {
    found->branches[std::string(branch)] = std::string(sha);
  }
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

void GitHubRules::SetRole(absl::string_view where, absl::string_view login,
                          absl::string_view role) {
  const std::optional<Role> named = RoleOf(role);
  if (!named.has_value()) std::abort();  // The test is wrong.
  state_->access.SetRole(where, login, *named);
}

void GitHubRules::SetAdmin(absl::string_view token, absl::string_view where,
                           bool is_admin) {
  state_->access.SetRole(where, state_->access.LoginOf(token),
                         is_admin ? Role::kAdmin : Role::kWrite);
}

std::string GitHubRules::LoginOf(absl::string_view token) {
  return state_->access.LoginOf(token);
}

void GitHubRules::SetScopes(absl::string_view token, absl::string_view scopes) {
  state_->access.SetScopes(token, scopes);
}

int GitHubRules::AddPullRequest(absl::string_view full_name,
                                PullRequest pull_request) {
  if (pull_request.head_sha.empty()) std::abort();  // The test is wrong.
  if (!HasCommit(full_name, pull_request.head_sha)) {
    AddCommit(full_name, pull_request.head_sha);
  }
  return state_->pull_requests
      .Put(RepositoryId(full_name), std::move(pull_request))
      ->number;
}

PullRequests& GitHubRules::pull_requests() { return state_->pull_requests; }

Hooks& GitHubRules::hooks() { return state_->hooks; }

void GitHubRules::AddApp(App app) {
  if (!IsRsaPublicKey(app.public_key)) std::abort();  // The test is wrong.
  state_->apps.AddApp({.id = app.id,
                       .client_id = std::move(app.client_id),
                       .slug = std::move(app.slug),
                       .public_keys = {std::move(app.public_key)}});
}

int64_t GitHubRules::AddInstallation(Installation installation) {
  return state_->apps.AddInstallation(std::move(installation));
}

Apps& GitHubRules::apps() { return state_->apps; }

void GitHubRules::AllowRerun(absl::string_view full_name, absl::string_view sha,
                             absl::string_view context) {
  World::Commit* const commit = state_->world.AddCommit(full_name, sha);
  ++commit->contexts[absl::AsciiStrToLower(context)].reruns_allowed;
}

void GitHubRules::AddFault(Fault fault) {
  // The test is wrong.
  if (!ComplaintAboutFault(fault).empty()) std::abort();
  state_->faults.Add(std::move(fault));
}

void GitHubRules::ClearFaults() {
  state_->faults.Clear();
  state_->limits.ClearFaults();
}

bool GitHubRules::HasRepository(absl::string_view full_name) const {
  return state_->world.Peek(full_name) != nullptr;
}

bool GitHubRules::HasCommit(absl::string_view full_name,
                            absl::string_view sha) const {
  return state_->world.Peek(full_name, sha) != nullptr;
}

bool GitHubRules::IsArchived(absl::string_view full_name) const {
  const auto* const found = state_->world.Peek(full_name);
  return found != nullptr && found->archived;
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
  for (const Row* row : ShownRows(RowsAt(*commit))) {
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
  return commit == nullptr ? "pending"
                           : CombinedStateOf(ShownRows(RowsAt(*commit)));
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
  return state_->conduct.misbehaviour;
}

int GitHubRules::max_in_flight() const {
  return state_->conduct.max_in_flight();
}

int GitHubRules::request_count() const { return state_->request_count; }

}  // namespace signalbox
