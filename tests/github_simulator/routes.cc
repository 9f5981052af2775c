#include "tests/github_simulator/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/digest.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/app_jwt.h"
#include "tests/github_simulator/root_objects.h"
#include "tests/github_simulator/status_request.h"

namespace signalbox {

using Json = nlohmann::ordered_json;

namespace {

// Newest first, as `GET /versions` lists them.
constexpr absl::string_view kApiVersions[] = {"2026-03-10", "2022-11-28"};

SimulatedResponse BadCredentials() {
  return Failure(401, "Bad credentials", kDocs);
}

// Differs with token and media type, like GitHub's.
std::string EtagOf(const Call& call, const SimulatedResponse& response) {
  std::string all =
      absl::StrCat(call.caller.token, "\n", HeaderOf(call.request, "accept"),
                   "\n", response.body);
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&all, "\n", name, ": ", value);
  }
  return absl::StrCat("W/\"", absl::BytesToHexString(Sha256(all)), "\"");
}

SimulatedResponse Forbidden() {
  return Failure(403, "Resource not accessible by integration", kDocs);
}

}  // namespace

Routes::Routes(const GitHubRules::Options& options, World* world, Apps* apps,
               Limits* limits, Conduct* conduct, Hooks* hooks, Access* access,
               const PullRequests* pull_requests)
    : options_(options),
      api_url_(options.api_url()),
      world_(world),
      apps_(apps),
      limits_(limits),
      conduct_(conduct),
      access_(access),
      status_api_(options, world, conduct),
      app_api_(world, apps, api_url_),
      hook_api_(world, hooks, access, api_url_),
      pull_api_(pull_requests, api_url_) {}

bool Routes::IsRateLimit(const Call& call) {
  return call.is_read && call.target.is_valid &&
         call.target.segments.size() == 1 &&
         call.target.segments[0] == "rate_limit";
}

// ---- Who asks

Caller Routes::CallerOf(const SimulatedRequest& request,
                        const RequestTarget& target, absl::Time now) const {
  bool is_bearer = false;
  Caller caller;
  caller.token = TokenOf(request, &is_bearer);
  caller.account = caller.token;
  const bool wants_jwt = AppApi::IsPath(target);
  if (wants_jwt || (!apps_->empty() && AppJwt::IsLike(caller.token))) {
    caller.kind = Caller::Kind::kApp;
    // A JWT lives for minutes, so it is no account.
    caller.account = "";
    const Apps::App* const app =
        apps_->Verify(is_bearer ? caller.token : "", now, &caller.complaint);
    if (app == nullptr) return caller;
    caller.id = app->id;
    caller.account = absl::StrCat("app ", app->id);
    return caller;
  }
  if (const Apps::Token* const token = apps_->FindToken(caller.token)) {
    caller.kind = Caller::Kind::kInstallation;
    caller.id = token->installation_id;
    caller.account = absl::StrCat("installation ", caller.id);
    return caller;
  }
  if (!caller.token.empty()) caller.kind = Caller::Kind::kUser;
  return caller;
}

std::optional<SimulatedResponse> Routes::Refuse(const Call& call) const {
  switch (call.caller.kind) {
    case Caller::Kind::kNobody:
      return BadCredentials();
    case Caller::Kind::kApp:
      if (!AppApi::IsPath(call.target)) return BadCredentials();
      if (call.caller.complaint.empty()) return std::nullopt;
      return Failure(401, call.caller.complaint, kDocs);
    case Caller::Kind::kInstallation:
      return RefuseInstallation(call);
    case Caller::Kind::kUser:
      return RefuseToken(call);
  }
  return BadCredentials();
}

std::optional<SimulatedResponse> Routes::RefuseToken(const Call& call) const {
  const std::vector<std::string>& accepted = options_.tokens;
  const bool is_listed = std::find(accepted.begin(), accepted.end(),
                                   call.caller.token) != accepted.end();
  const bool is_any =
      accepted.empty() &&
      (apps_->empty() || !Access::IsAppToken(call.caller.token));
  if (is_listed || is_any) return std::nullopt;
  return BadCredentials();
}

std::optional<SimulatedResponse> Routes::RefuseInstallation(
    const Call& call) const {
  const Apps::Token& token = *apps_->FindToken(call.caller.token);
  const Apps::Installation& installation =
      *apps_->FindInstallation(token.installation_id);
  if (call.now >= token.expires_at) return BadCredentials();
  if (call.now < token.made_at + installation.young_for) {
    if (installation.young_status == 404) return NotFound();
    return installation.young_status == 403 ? Forbidden() : BadCredentials();
  }
  if (installation.suspended) {
    return Failure(403, "This installation has been suspended", kDocs);
  }
  return std::nullopt;
}

World::Repository* Routes::FindRepository(const Call& call,
                                          const std::string& full_name) {
  // Does not create a repository that the installation could not see.
  if (call.caller.kind == Caller::Kind::kInstallation &&
      world_->Peek(full_name) == nullptr &&
      !absl::EqualsIgnoreCase(
          World::OwnerOf(full_name),
          apps_->FindInstallation(call.caller.id)->account)) {
    return nullptr;
  }
  World::Repository* const found = world_->FindRepository(full_name);
  return found != nullptr && access_->MaySee(call, *found) ? found : nullptr;
}

World::Repository* Routes::FindRepository(const Call& call, int64_t id) {
  World::Repository* const found = world_->FindRepository(id);
  return found != nullptr && access_->MaySee(call, *found) ? found : nullptr;
}

// ---- What it asks for

SimulatedResponse Routes::Answer(const Call& call) {
  SimulatedResponse response = Route(call);
  if (call.request.method != "GET" || response.status != 200 ||
      IsRateLimit(call)) {
    return response;
  }
  const std::string etag = EtagOf(call, response);
  if (HeaderOf(call.request, "if-none-match") == etag) {
    response = {.status = 304};
  }
  response.headers.emplace_back("etag", etag);
  return response;
}

SimulatedResponse Routes::Route(const Call& call) {
  const std::vector<std::string>& path = call.target.segments;
  if (!call.target.is_valid) return NoRoute();
  if (const std::string* const version =
          FindHeader(call.request, "x-github-api-version")) {
    if (std::find(std::begin(kApiVersions), std::end(kApiVersions), *version) ==
        std::end(kApiVersions)) {
      return Failure(
          400, absl::StrCat("API version \"", *version, "\" is not supported."),
          kDocs);
    }
  }
  if (auto answer = TellAnybody(call)) return *std::move(answer);
  if (auto refusal = Refuse(call)) return *std::move(refusal);
  if (auto answer = TellUser(call)) return *std::move(answer);
  if (path.size() >= 3 && path[0] == "repos") {
    const std::string full_name = absl::StrCat(path[1], "/", path[2]);
    World::Repository* const repository = FindRepository(call, full_name);
    if (repository == nullptr) return NotFound();
    if (World::IsOldName(*repository, full_name)) {
      return Moved(call, *repository, 3);
    }
    return InRepository(call, *repository, 3);
  }
  if (path.size() >= 2 && path[0] == "repositories") {
    int64_t id = 0;
    if (!absl::SimpleAtoi(path[1], &id)) return NotFound();
    World::Repository* const repository = FindRepository(call, id);
    if (repository == nullptr) return NotFound();
    return InRepository(call, *repository, 2);
  }
  if (path.size() == 2 && path[0] == "installation" &&
      path[1] == "repositories" && call.is_read) {
    return InstallationRepositories(call);
  }
  if (path.size() >= 3 && path[0] == "orgs" && path[2] == "hooks") {
    return OrNoRoute(hook_api_.OfOrganization(call, path[1],
                                              {path.begin() + 3, path.end()}));
  }
  if (path.size() >= 2 && path[0] == "app" && path[1] == "hook") {
    return OrNoRoute(hook_api_.OfApp(call, {path.begin() + 2, path.end()}));
  }
  if (AppApi::IsPath(call.target)) {
    if (auto answer = app_api_.Answer(call)) return *std::move(answer);
  }
  return NoRoute();
}

std::optional<SimulatedResponse> Routes::TellAnybody(const Call& call) const {
  const std::vector<std::string>& path = call.target.segments;
  if (!call.is_read || path.size() > 1) return std::nullopt;
  if (!path.empty() && path[0] == "versions") {
    Json versions = Json::array();
    for (const absl::string_view version : kApiVersions) {
      versions.push_back(version);
    }
    return JsonAnswer(200, versions);
  }
  if (!path.empty() && path[0] != "meta") return std::nullopt;
  // A wrong token is worse than none.
  if (call.caller.kind != Caller::Kind::kNobody) {
    if (auto refusal = Refuse(call)) return refusal;
  }
  return JsonAnswer(200, path.empty()
                             ? RootObject(api_url_)
                             : MetaObject(!options_.enterprise_host.empty()));
}

std::optional<SimulatedResponse> Routes::TellUser(const Call& call) const {
  const std::vector<std::string>& path = call.target.segments;
  if (IsRateLimit(call)) return RateLimit(call);
  if (!call.is_read || path.empty() || path.size() > 2) return std::nullopt;
  if (path.size() == 1 && path[0] == "user") {
    if (call.caller.kind == Caller::Kind::kInstallation) return Forbidden();
    return JsonAnswer(200,
                      FullUserObject(access_->UserOf(call.caller), api_url_));
  }
  if (path.size() != 2 || path[0] != "users") return std::nullopt;
  if (!IsLogin(absl::StripSuffix(path[1], "[bot]"))) return NotFound();
  SimulatedUser user = UserOfLogin(path[1]);
  user.is_organization = !world_->RepositoriesOf(path[1]).empty();
  return JsonAnswer(200, FullUserObject(user, api_url_));
}

SimulatedResponse Routes::OrNoRoute(std::optional<SimulatedResponse> answer) {
  return answer.has_value() ? *std::move(answer) : NoRoute();
}

SimulatedResponse Routes::NoRoute() {
  ++conduct_->misbehaviour.unknown_requests;
  return NotFound();
}

SimulatedResponse Routes::Moved(const Call& call,
                                const World::Repository& repository,
                                size_t segments_of_name) const {
  const std::string url =
      absl::StrCat(api_url_, "/repositories/", repository.id,
                   call.target.RawAfter(segments_of_name));
  const int status = call.is_read ? 301 : 307;
  return MovedAnswer(status, url);
}

SimulatedResponse Routes::InRepository(const Call& call,
                                       World::Repository& repository,
                                       size_t segments_of_name) {
  const std::vector<std::string>& path = call.target.segments;
  const std::vector<std::string> rest(path.begin() + segments_of_name,
                                      path.end());
  if (call.caller.kind == Caller::Kind::kApp) {
    if (!call.is_read) return NoRoute();
    return app_api_.InstallationAt(call, World::OwnerOf(repository.full_name));
  }
  if (rest.empty() && call.is_read) {
    return JsonAnswer(200, RepositoryObjectFor(call, repository));
  }
  if (!rest.empty() && rest[0] == "hooks") {
    return OrNoRoute(hook_api_.OfRepository(call, repository,
                                            {rest.begin() + 1, rest.end()}));
  }
  if (!rest.empty() && rest[0] == "pulls" && rest.size() <= 2 && call.is_read) {
    if (auto refusal = access_->Refuse(call, &repository, "",
                                       {.permission = "pull_requests"})) {
      return *std::move(refusal);
    }
    return rest.size() == 1 ? pull_api_.List(call, repository)
                            : pull_api_.One(repository, rest[1]);
  }
  if (rest.size() == 3 && rest[0] == "collaborators" &&
      rest[2] == "permission" && call.is_read) {
    return CollaboratorPermission(call, repository, rest[1]);
  }
  const bool is_statuses = rest.size() == 2 && rest[0] == "statuses";
  if (is_statuses && call.request.method == "POST") {
    if (auto refusal = access_->Refuse(
            call, &repository, "",
            {.permission = "statuses",
             .is_write = true,
             .role = Role::kWrite,
             .scopes = {"repo", "repo:status", "public_repo"}})) {
      return *std::move(refusal);
    }
    return status_api_.Create(call, repository, rest[1],
                              access_->UserOf(call.caller).login);
  }
  return call.is_read ? ReadCommit(call, repository, rest) : NoRoute();
}

SimulatedResponse Routes::ReadCommit(const Call& call,
                                     World::Repository& repository,
                                     const std::vector<std::string>& rest) {
  if (rest.size() < 2) return NoRoute();
  const bool is_old_list = rest[0] == "statuses" && rest.size() == 2;
  if (!is_old_list && rest[0] != "commits") return NoRoute();
  const bool is_list =
      is_old_list || (rest.size() > 2 && rest.back() == "statuses");
  const bool is_combined = rest.size() > 2 && rest.back() == "status";
  // A branch's name may have slashes.
  const auto end =
      rest.end() - ((is_list && !is_old_list) || is_combined ? 1 : 0);
  const std::string ref = absl::StrJoin(rest.begin() + 1, end, "/");
  const bool is_commit = !is_list && !is_combined;
  if (is_commit && rest.size() > 2 && rest[1] != "heads") return NoRoute();
  if (auto refusal = access_->Refuse(
          call, &repository, "",
          {.permission = is_commit ? "contents" : "statuses"})) {
    return *std::move(refusal);
  }
  const World::Commit* const commit =
      world_->FindCommit(&repository, ref, call.now);
  if (is_commit) {
    return commit == nullptr
               ? Failure(422, absl::StrCat("No commit found for SHA: ", ref),
                         kDocs)
               : JsonAnswer(200, CommitObject(Described(repository),
                                              commit->sha, api_url_));
  }
  if (commit == nullptr) return NotFound();
  return is_list ? status_api_.List(call, repository, *commit)
                 : status_api_.Combined(call, repository, *commit);
}

std::optional<Conduct::Key> Routes::PostedKey(const Call& call) const {
  const std::vector<std::string>& path = call.target.segments;
  if (call.request.method != "POST" || !call.target.is_valid) {
    return std::nullopt;
  }
  const World::Repository* repository = nullptr;
  int64_t id = 0;
  if (path.size() == 5 && path[0] == "repos") {
    repository = world_->Peek(absl::StrCat(path[1], "/", path[2]));
  } else if (path.size() == 4 && path[0] == "repositories" &&
             absl::SimpleAtoi(path[1], &id)) {
    repository = world_->Peek(id);
  }
  if (repository == nullptr || path[path.size() - 2] != "statuses") {
    return std::nullopt;
  }
  NewStatus status;
  if (ReadStatusRequest(call.request.body, &status)) return std::nullopt;
  return StatusApi::KeyOf(*repository, path.back(), status.context);
}

Json Routes::RepositoryObjectFor(const Call& call,
                                 const World::Repository& repository) {
  Json object = FullRepositoryObject(Described(repository), api_url_);
  object["permissions"] = access_->PermissionsIn(call, repository);
  return object;
}

SimulatedResponse Routes::CollaboratorPermission(
    const Call& call, const World::Repository& repository,
    const std::string& login) {
  const bool is_installation = call.caller.kind == Caller::Kind::kInstallation;
  if (!is_installation &&
      access_->RoleIn(repository, access_->LoginOf(call.caller.token)) <
          Role::kWrite) {
    return Failure(
        403, "Must have push access to view collaborator permission.", kDocs);
  }
  if (!IsLogin(login)) return NotFound();
  const Role role = access_->RoleIn(repository, login);
  Role base = role;
  if (role == Role::kMaintain) base = Role::kWrite;
  if (role == Role::kTriage) base = Role::kRead;
  Json user = UserObject(UserOfLogin(login), api_url_);
  user["permissions"] = PermissionsObject(role);
  user["role_name"] = RoleName(role);
  return JsonAnswer(200, {{"permission", RoleName(base)},
                          {"user", user},
                          {"role_name", RoleName(role)}});
}

SimulatedResponse Routes::InstallationRepositories(const Call& call) {
  if (call.caller.kind != Caller::Kind::kInstallation) {
    return Failure(403,
                   "You must authenticate with an installation access token in "
                   "order to list repositories for an installation.",
                   kDocs);
  }
  auto found =
      world_->RepositoriesOf(apps_->FindInstallation(call.caller.id)->account);
  std::erase_if(found, [&](const World::Repository* repository) {
    return !access_->MaySee(call, *repository);
  });
  const bool is_narrowed =
      apps_->FindToken(call.caller.token)->scope.repository_ids.has_value();
  return PageAnswer(
      call.target, found, api_url_ + "/installation/repositories",
      [&](const World::Repository& repository) {
        return RepositoryObjectFor(call, repository);
      },
      [&](const Json& page) {
        return Json{{"total_count", found.size()},
                    {"repositories", page},
                    {"repository_selection", is_narrowed ? "selected" : "all"}};
      });
}

SimulatedResponse Routes::RateLimit(const Call& call) const {
  if (!options_.rate_limits) {
    return Failure(404, "Rate limiting is not enabled.", kDocs);
  }
  const Limits::Budget budget =
      limits_->BudgetOf(call.caller.account, call.now);
  const auto resource = [&budget](int limit, int used, const char* name) {
    return Json{{"limit", limit},
                {"used", used},
                {"remaining", limit - used},
                {"reset", CeilToUnixSeconds(budget.reset)},
                {"resource", name}};
  };
  const Json core =
      resource(budget.limit, budget.limit - budget.remaining, "core");
  return JsonAnswer(
      200,
      {{"resources",
        {{"core", core},
         {"search", resource(30, 0, "search")},
         {"graphql", resource(5000, 0, "graphql")},
         {"integration_manifest", resource(5000, 0, "integration_manifest")}}},
       {"rate", core}});
}

}  // namespace signalbox
