#include "tests/github_simulator/github_rules.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/limits.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/status_api.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;
using Row = GitHubRules::Row;

constexpr absl::Duration kSlowAnswer = absl::Seconds(11);
// Newest first, as `GET /versions` lists them.
constexpr absl::string_view kApiVersions[] = {"2026-03-10", "2022-11-28"};

constexpr absl::string_view kFaults[] = {
    "server_error_html", "server_error_json",  "slow",
    "reset_after_apply", "reset_before_apply", "primary_limit_403",
    "primary_limit_429", "secondary_limit",    "secondary_limit_bare",
    "abuse_limit",       "unauthorized",       "forbidden",
};

constexpr char kRateLimitDocs[] =
    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

absl::string_view HeaderOf(const SimulatedRequest& request,
                           absl::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

bool HasHeader(const SimulatedRequest& request, absl::string_view name) {
  return std::any_of(
      request.headers.begin(), request.headers.end(),
      [name](const auto& h) { return absl::EqualsIgnoreCase(h.first, name); });
}

// The token of `Bearer TOKEN` or `token TOKEN`; empty if there is none.
absl::string_view TokenOf(const SimulatedRequest& request) {
  const absl::string_view value = HeaderOf(request, "authorization");
  const size_t space = value.find(' ');
  if (space == absl::string_view::npos) return {};
  const absl::string_view scheme = value.substr(0, space);
  if (!absl::EqualsIgnoreCase(scheme, "bearer") &&
      !absl::EqualsIgnoreCase(scheme, "token")) {
    return {};
  }
  return absl::StripAsciiWhitespace(value.substr(space));
}

int64_t CeilToUnixSeconds(absl::Time time) {
  return absl::ToUnixSeconds(time + absl::Seconds(1) - absl::Nanoseconds(1));
}

}  // namespace

struct GitHubRules::State {
  // One request on its way through the rules.
  struct Call {
    const SimulatedRequest& request;
    absl::Time now;
    std::string token;
    RequestTarget target;
    bool is_read = false;  // GET or HEAD
  };

  explicit State(Options given)
      : options(std::move(given)),
        api_url(absl::StrCat(options.base_url, options.api_prefix)),
        world(options.any_repository),
        limits(options.rate_limits, options.hourly_limit),
        status_api(&world, &misbehaviour, api_url) {}

  SimulatedResponse Answer(const Call& call);
  std::optional<SimulatedResponse> RefuseToken(const Call& call) const;
  // The fault that fits, used up by one.
  std::optional<Fault> TakeFault(const Call& call);
  SimulatedResponse Fail(const Call& call, const Fault& fault);
  SimulatedResponse LimitAnswer(const Call& call, const Limits::Pause& pause);
  SimulatedResponse RateLimit(const Call& call);
  SimulatedResponse Route(const Call& call);
  SimulatedResponse Moved(const Call& call, const World::Repository& repository,
                          size_t segments_of_name) const;
  SimulatedResponse InRepository(const Call& call,
                                 World::Repository& repository,
                                 size_t segments_of_name);
  void AddHeaders(const Call& call, SimulatedResponse* response);

  bool IsRateLimitPath(const Call& call) const {
    return call.is_read && call.target.is_valid &&
           call.target.segments.size() == 1 &&
           call.target.segments[0] == "rate_limit";
  }
  SimulatedUser UserOf(const std::string& token);

  const Options options;
  const std::string api_url;
  World world;
  Limits limits;
  Misbehaviour misbehaviour;
  StatusApi status_api;
  std::vector<Fault> faults;
  std::map<std::string, std::string> logins;  // By token.
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
  const Limits::Pause* const pause = limits.PauseOf(call.token, call.now);
  const bool is_free =
      IsRateLimitPath(call) && pause != nullptr && IsPrimaryLimit(pause->fault);
  if (pause != nullptr && !is_free) {
    if (call.now >= pause->known_from) ++misbehaviour.in_forbidden_window;
    return LimitAnswer(call, *pause);
  }
  const std::optional<Fault> fault = TakeFault(call);
  return fault.has_value() ? Fail(call, *fault) : Route(call);
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
    SimulatedResponse response = Route(call);
    response.reset_connection = true;
    return response;
  }
  if (fault.name == "slow") {
    SimulatedResponse response = Route(call);
    response.delay = kSlowAnswer;
    return response;
  }
  const Limits::Pause pause = {.fault = fault.name,
                               .until = call.now + absl::Seconds(fault.seconds),
                               .known_from = call.now + call.request.latency};
  limits.Begin(call.token, pause);
  return LimitAnswer(call, pause);
}

SimulatedResponse GitHubRules::State::LimitAnswer(const Call& call,
                                                  const Limits::Pause& pause) {
  if (IsPrimaryLimit(pause.fault)) {
    const SimulatedUser user = UserOf(call.token);
    return Failure(pause.fault == "primary_limit_429" ? 429 : 403,
                   absl::StrCat("API rate limit exceeded for ",
                                user.is_bot ? "installation ID " : "user ID ",
                                user.id, "."),
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

std::optional<SimulatedResponse> GitHubRules::State::RefuseToken(
    const Call& call) const {
  const std::vector<std::string>& accepted = options.tokens;
  const bool is_good =
      !call.token.empty() &&
      (accepted.empty() || std::find(accepted.begin(), accepted.end(),
                                     call.token) != accepted.end());
  if (is_good) return std::nullopt;
  return Failure(401, "Bad credentials", kDocs);
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
  const Limits::Budget budget = limits.BudgetOf(call.token, call.now);
  const Limits::Pause* const pause = limits.PauseOf(call.token, call.now);
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

SimulatedResponse GitHubRules::State::Route(const Call& call) {
  const std::vector<std::string>& path = call.target.segments;
  if (!call.target.is_valid) return NotFound();
  if (HasHeader(call.request, "x-github-api-version")) {
    const absl::string_view version =
        HeaderOf(call.request, "x-github-api-version");
    if (std::find(std::begin(kApiVersions), std::end(kApiVersions), version) ==
        std::end(kApiVersions)) {
      return Failure(
          400, absl::StrCat("API version \"", version, "\" is not supported."),
          kDocs);
    }
  }
  if (path.size() == 1 && path[0] == "versions" && call.is_read) {
    Json versions = Json::array();
    for (const absl::string_view version : kApiVersions) {
      versions.push_back(version);
    }
    return JsonAnswer(200, versions);
  }
  if (auto refusal = RefuseToken(call)) return *std::move(refusal);
  if (IsRateLimitPath(call)) return RateLimit(call);
  if (path.size() == 1 && path[0] == "user" && call.is_read) {
    return JsonAnswer(200, FullUserObject(UserOf(call.token), api_url));
  }
  if (path.size() >= 3 && path[0] == "repos") {
    const std::string full_name = absl::StrCat(path[1], "/", path[2]);
    World::Repository* const repository = world.FindRepository(full_name);
    if (repository == nullptr) return NotFound();
    if (World::IsOldName(*repository, full_name)) {
      return Moved(call, *repository, 3);
    }
    return InRepository(call, *repository, 3);
  }
  if (path.size() >= 2 && path[0] == "repositories") {
    int64_t id = 0;
    if (!absl::SimpleAtoi(path[1], &id)) return NotFound();
    World::Repository* const repository = world.FindRepository(id);
    if (repository == nullptr) return NotFound();
    return InRepository(call, *repository, 2);
  }
  return NotFound();
}

SimulatedResponse GitHubRules::State::Moved(const Call& call,
                                            const World::Repository& repository,
                                            size_t segments_of_name) const {
  const std::string url = absl::StrCat(api_url, "/repositories/", repository.id,
                                       call.target.RawAfter(segments_of_name));
  const int status = call.is_read ? 301 : 307;
  SimulatedResponse response = JsonAnswer(
      status, {{"message", "Moved Permanently"},
               {"url", url},
               {"documentation_url",
                absl::StrCat(kDocs,
                             "/guides/best-practices-for-using-the-rest-api"
                             "#http-redirects")}});
  response.headers.emplace_back("location", url);
  return response;
}

SimulatedResponse GitHubRules::State::InRepository(
    const Call& call, World::Repository& repository, size_t segments_of_name) {
  const std::vector<std::string>& path = call.target.segments;
  const std::vector<std::string> rest(path.begin() + segments_of_name,
                                      path.end());
  if (rest.empty() && call.is_read) {
    Json object = FullRepositoryObject(
        {repository.id, repository.full_name, repository.archived}, api_url);
    object["permissions"] = {{"admin", false},
                             {"maintain", false},
                             {"push", repository.writable},
                             {"triage", repository.writable},
                             {"pull", true}};
    return JsonAnswer(200, object);
  }
  const bool is_statuses = rest.size() == 2 && rest[0] == "statuses";
  if (is_statuses && call.request.method == "POST") {
    return status_api.Create(repository, rest[1], call.request.body,
                             UserOf(call.token).login, call.now);
  }
  const bool is_commit = rest.size() == 3 && rest[0] == "commits";
  const bool is_list = is_statuses || (is_commit && rest[2] == "statuses");
  const bool is_combined = is_commit && rest[2] == "status";
  if (!call.is_read || (!is_list && !is_combined)) return NotFound();
  const World::Commit* const commit =
      world.FindCommit(&repository, rest[1], call.now);
  if (commit == nullptr) return NotFound();
  return is_list ? status_api.List(repository, *commit, call.target)
                 : status_api.Combined(repository, *commit, call.target);
}

SimulatedResponse GitHubRules::State::RateLimit(const Call& call) {
  if (!options.rate_limits) {
    return Failure(404, "Rate limiting is not enabled.", kDocs);
  }
  const Limits::Budget budget = limits.BudgetOf(call.token, call.now);
  const auto resource = [&budget](int limit, int used, const char* name) {
    return Json{{"limit", limit},
                {"used", used},
                {"remaining", limit - used},
                {"reset", CeilToUnixSeconds(budget.reset)},
                {"resource", name}};
  };
  const Json core =
      resource(budget.limit, budget.limit - budget.remaining, "core");
  return JsonAnswer(200, {{"resources",
                           {{"core", core},
                            {"search", resource(30, 0, "search")},
                            {"graphql", resource(5000, 0, "graphql")}}},
                          {"rate", core}});
}

SimulatedUser GitHubRules::State::UserOf(const std::string& token) {
  const auto [it, is_new] = logins.try_emplace(token);
  if (is_new) {
    it->second = absl::StartsWith(token, "ghs_")
                     ? absl::StrCat("app-", logins.size(), "[bot]")
                     : absl::StrCat("user-", logins.size());
  }
  return UserOfLogin(it->second);
}

GitHubRules::GitHubRules(Options options)
    : state_(std::make_unique<State>(std::move(options))) {}

GitHubRules::~GitHubRules() = default;

SimulatedResponse GitHubRules::Handle(const SimulatedRequest& request,
                                      absl::Time now) {
  ++state_->request_count;
  const State::Call call = {
      .request = request,
      .now = now,
      .token = std::string(TokenOf(request)),
      .target =
          RequestTarget::Parse(request.target, state_->options.api_prefix),
      .is_read = request.method == "GET" || request.method == "HEAD"};
  SimulatedResponse response = state_->Answer(call);
  if (!state_->IsRateLimitPath(call)) {
    state_->limits.Charge(call.token, now,
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
