#include "tests/github_simulator/control_orders.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "tests/github_simulator/access.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/app_jwt.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/faults.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/members.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kNegative[] = "is negative; wanted 0 or more";
constexpr char kNoRepository[] = "is not a repository of the simulator";

SimulatedResponse RefuseOrder(absl::string_view complaint) {
  return JsonAnswer(422, Json{{"message", complaint}});
}

SimulatedResponse AddFault(Members members, absl::Time, GitHubRules* rules) {
  const Fault fault = {.name = members.Text("name"),
                       .count = members.SmallNumber("count", 1),
                       .seconds = members.SmallNumber("seconds", 60),
                       .target_contains = members.Text("target_contains"),
                       .status = members.SmallNumber("status", 0),
                       .body = members.Text("body"),
                       .message = members.Text("message"),
                       .errors = members.Raw("errors"),
                       .headers = members.Headers("headers"),
                       .content_type = members.Text("content_type"),
                       .location = members.Text("location")};
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  const std::string complaint = ComplaintAboutFault(fault);
  if (!complaint.empty()) return RefuseOrder(complaint);
  rules->AddFault(fault);
  return JsonAnswer(201, Json{{"name", fault.name}, {"count", fault.count}});
}

SimulatedResponse Set(Members members, absl::Time, GitHubRules* rules) {
  constexpr int kNoFailure = -1;
  const GitHubRules::Options& now = rules->options();
  const int max_concurrent =
      members.SmallNumber("max_concurrent", now.max_concurrent);
  const auto duration = [&members](const char* name, absl::Duration fallback) {
    const int milliseconds = members.SmallNumber(
        name, static_cast<int>(absl::ToInt64Milliseconds(fallback)));
    members.Require(milliseconds >= 0, name, kNegative);
    return absl::Milliseconds(milliseconds);
  };
  const absl::Duration read_lag = duration("read_lag_ms", now.read_lag);
  const absl::Duration answer_delay =
      duration("answer_delay_ms", now.answer_delay);
  const bool status_events = members.Flag("status_events", now.status_events);
  const int failure = members.SmallNumber(
      "webhooks_fail", rules->hooks().failure().value_or(kNoFailure));
  members.Require(max_concurrent >= 0, "max_concurrent", kNegative);
  members.Require(failure <= 0 || (failure >= 400 && failure <= 599),
                  "webhooks_fail", "is not -1, 0 or from 400 to 599");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->SetMaxConcurrent(max_concurrent);
  rules->SetReadLag(read_lag);
  rules->SetAnswerDelay(answer_delay);
  rules->SetStatusEvents(status_events);
  rules->hooks().FailAll(failure == kNoFailure ? std::nullopt
                                               : std::optional(failure));
  return JsonAnswer(
      200, Json{{"max_concurrent", max_concurrent},
                {"read_lag_ms", absl::ToInt64Milliseconds(read_lag)},
                {"answer_delay_ms", absl::ToInt64Milliseconds(answer_delay)},
                {"status_events", status_events},
                {"webhooks_fail", failure}});
}

SimulatedResponse AddHook(Members members, absl::Time now, GitHubRules* rules) {
  Hooks::Hook hook = {.id = members.Number("id", 0),
                      .repository = members.Text("repository"),
                      .organization = members.Text("organization"),
                      .app_id = members.Number("app_id", 0),
                      .url = members.Text("url"),
                      .content_type = members.Text("content_type", "form"),
                      .secret = members.Text("secret"),
                      .insecure_ssl = members.Flag("insecure_ssl", false),
                      .events = members.Texts("events"),
                      .active = members.Flag("active", true)};
  if (members.Raw("events").empty()) hook.events = {"push"};
  const int owners = (hook.repository.empty() ? 0 : 1) +
                     (hook.organization.empty() ? 0 : 1) +
                     (hook.app_id == 0 ? 0 : 1);
  members.Require(owners == 1, "repository",
                  "is one of three members, with organization and app_id; "
                  "set exactly one");
  if (!hook.repository.empty()) members.FullName("repository");
  members.Require(hook.organization.empty() || IsLogin(hook.organization),
                  "organization", "is not a login");
  members.Require(
      hook.app_id == 0 || rules->apps().FindApp(hook.app_id) != nullptr,
      "app_id", "is not the id of an App");
  members.Require(hook.content_type == "json" || hook.content_type == "form",
                  "content_type", "is not json or form");
  members.Require(!hook.url.empty(), "url", "is missing");
  members.Require(hook.id >= 0, "id", kNegative);
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  return JsonAnswer(201,
                    Json{{"id", rules->hooks().AddHook(std::move(hook), now)}});
}

SimulatedResponse SetRole(Members members, absl::Time, GitHubRules* rules) {
  const std::string where = members.Text("where");
  const std::string token = members.Text("token");
  const std::string role = members.Text("role", "admin");
  std::string login = members.Text("login");
  const bool is_owner = IsLogin(where);
  members.Require(is_owner || IsFullName(where), "where",
                  "is not OWNER/NAME or OWNER");
  members.Require(is_owner || rules->HasRepository(where), "where",
                  kNoRepository);
  members.Require(login.empty() != token.empty(), "token",
                  "must be set if login is not, and only then");
  members.Require(!token.empty() || IsLogin(login), "login", "is not a login");
  members.Require(RoleOf(role).has_value(), "role",
                  "is not none, read, triage, write, maintain or admin");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  if (login.empty()) login = rules->LoginOf(token);
  rules->SetRole(where, login, role);
  return JsonAnswer(200,
                    Json{{"where", where}, {"login", login}, {"role", role}});
}

SimulatedResponse SetScopes(Members members, absl::Time, GitHubRules* rules) {
  const std::string token = members.Text("token");
  const std::string scopes = members.Text("scopes");
  members.Require(!token.empty(), "token", "is empty");
  members.Require(
      std::all_of(scopes.begin(), scopes.end(), absl::ascii_isprint), "scopes",
      "has a character that is not printable ASCII");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->SetScopes(token, scopes);
  return JsonAnswer(200, Json{{"scopes", scopes}});
}

SimulatedResponse AddPullRequest(Members members, absl::Time now,
                                 GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  PullRequest pull_request = {.number = members.SmallNumber("number", 0),
                              .title = members.Text("title", "Say hello"),
                              .head_sha = members.Sha("sha"),
                              .head_branch = members.Text("branch", "changes"),
                              .base_branch = members.Text("base", "main"),
                              .is_draft = members.Flag("draft", false),
                              .is_open = members.Flag("open", true),
                              .is_merged = members.Flag("merged", false),
                              .is_from_fork = members.Flag("fork", false),
                              .is_fork_gone = members.Flag("fork_gone", false),
                              .author = members.Text("login", "octocat"),
                              .created_at = now,
                              .updated_at = now};
  members.Require(pull_request.number >= 0, "number", kNegative);
  members.Require(!pull_request.is_merged || !pull_request.is_open, "merged",
                  "needs open to be false");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  pull_request.is_from_fork |= pull_request.is_fork_gone;
  const std::string sha = pull_request.head_sha;
  const int number = rules->AddPullRequest(full_name, std::move(pull_request));
  return JsonAnswer(
      201, Json{{"full_name", full_name}, {"number", number}, {"sha", sha}});
}

SimulatedResponse AddRepository(Members members, absl::Time,
                                GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  const int64_t id = members.Number("id", 0);
  const std::vector<std::string> commits = members.Texts("commits");
  members.Require(std::all_of(commits.begin(), commits.end(), IsFullSha),
                  "commits",
                  "has an item that is not a SHA of 40 hexadecimal digits");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  const bool is_same = rules->HasRepository(full_name) &&
                       (id == 0 || rules->RepositoryId(full_name) == id);
  if (!is_same) rules->AddRepository(full_name, id);
  if (id != 0 && rules->RepositoryId(full_name) != id) {
    return RefuseOrder("id is that of another repository");
  }
  for (const std::string& sha : commits) rules->AddCommit(full_name, sha);
  return JsonAnswer(201, Json{{"full_name", full_name},
                              {"id", rules->RepositoryId(full_name)}});
}

SimulatedResponse AddCommit(Members members, absl::Time now,
                            GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  const std::string sha = members.Sha("sha");
  const std::string branch = members.Text("branch");
  const absl::Duration hidden =
      absl::Seconds(members.Number("visible_after_seconds", 0));
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->AddCommit(
      full_name, sha,
      hidden == absl::ZeroDuration() ? absl::InfinitePast() : now + hidden);
  if (!branch.empty()) rules->SetBranch(full_name, branch, sha);
  return JsonAnswer(201, Json{{"full_name", full_name}, {"sha", sha}});
}

SimulatedResponse Rename(Members members, absl::Time, GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  const std::string new_name = members.FullName("new_full_name");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  if (!rules->RenameRepository(full_name, new_name)) {
    return RefuseOrder("there is no such repository, or the name is taken");
  }
  return JsonAnswer(200, Json{{"full_name", new_name},
                              {"id", rules->RepositoryId(new_name)}});
}

SimulatedResponse Archive(Members members, absl::Time, GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  const bool archived = members.Flag("archived", true);
  members.Require(rules->HasRepository(full_name), "full_name", kNoRepository);
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->SetArchived(full_name, archived);
  return JsonAnswer(200,
                    Json{{"full_name", full_name}, {"archived", archived}});
}

SimulatedResponse AllowRerun(Members members, absl::Time, GitHubRules* rules) {
  const std::string full_name = members.FullName("full_name");
  const std::string sha = members.Sha("sha");
  const std::string context = members.Text("context");
  members.Require(!context.empty(), "context", "is empty");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->AllowRerun(full_name, sha, context);
  return JsonAnswer(
      200, Json{{"full_name", full_name}, {"sha", sha}, {"context", context}});
}

SimulatedResponse AddApp(Members members, absl::Time, GitHubRules* rules) {
  const int64_t id = members.Number("id", 0);
  members.Require(id > 0, "id", "is not the id of an App");
  const std::string slug = members.Text("slug", "signalbox");
  const std::string client_id = members.Text("client_id");
  std::vector<std::string> keys = members.Texts("public_keys");
  const std::string key = members.Text("public_key");
  if (!key.empty()) keys.push_back(key);
  members.Require(
      !keys.empty() && std::all_of(keys.begin(), keys.end(), IsRsaPublicKey),
      "public_key", "is not an RSA public key in PEM");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  rules->AddApp({.id = id,
                 .client_id = client_id,
                 .slug = slug,
                 .public_key = keys.front()});
  rules->apps().SetAppKeys(id, std::move(keys));
  return JsonAnswer(201, Json{{"id", id}, {"ids", rules->apps().AppIds()}});
}

std::map<std::string, std::string> PermissionsIn(Members* members) {
  std::map<std::string, std::string> permissions;
  for (const auto& [name, level] : members->Headers("permissions")) {
    members->Require(level == "read" || level == "write" || level == "admin",
                     "permissions",
                     "has a value other than read, write or admin");
    permissions[name] = level;
  }
  return permissions;
}

SimulatedResponse AddInstallation(Members members, absl::Time,
                                  GitHubRules* rules) {
  const GitHubRules::Installation installation = {
      .id = members.Number("id", 0),
      .app_id = members.Number("app_id", 0),
      .account = members.Text("account"),
      .account_type = members.Text("account_type", "Organization"),
      .suspended = members.Flag("suspended", false),
      .long_tokens = members.Flag("long_tokens", true),
      .token_lifetime =
          absl::Seconds(members.SmallNumber("token_lifetime_seconds", 3600)),
      .young_for = absl::Seconds(members.SmallNumber("young_for_seconds", 0)),
      .young_status = members.SmallNumber("young_status", 401),
      .permissions = PermissionsIn(&members)};
  members.Require(installation.id >= 0, "id", kNegative);
  members.Require(rules->apps().FindApp(installation.app_id) != nullptr,
                  "app_id", "is not the id of an App");
  members.Require(IsLogin(installation.account), "account", "is not a login");
  members.Require(installation.account_type == "Organization" ||
                      installation.account_type == "User",
                  "account_type", "is neither Organization nor User");
  members.Require(installation.young_status == 401 ||
                      installation.young_status == 403 ||
                      installation.young_status == 404,
                  "young_status", "is not 401, 403 or 404");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  const int64_t id = rules->AddInstallation(installation);
  return JsonAnswer(201,
                    Json{{"id", id}, {"ids", rules->apps().InstallationIds()}});
}

SimulatedResponse RevokeTokens(Members members, absl::Time,
                               GitHubRules* rules) {
  const int64_t id = members.Number("installation_id", 0);
  Apps& apps = rules->apps();
  members.Require(apps.FindInstallation(id) != nullptr, "installation_id",
                  "is not the id of an installation");
  if (!members.complaint().empty()) return RefuseOrder(members.complaint());
  apps.RevokeTokens(id);
  return JsonAnswer(200,
                    Json{{"ids", {id}}, {"tokens_made", apps.TokensMade(id)}});
}

struct Order {
  absl::string_view name;
  SimulatedResponse (*carry_out)(Members, absl::Time, GitHubRules*);
};

constexpr Order kOrders[] = {
    {"apps", AddApp},
    {"archive", Archive},
    {"commits", AddCommit},
    {"faults", AddFault},
    {"hooks", AddHook},
    {"installations", AddInstallation},
    {"pull_requests", AddPullRequest},
    {"rename", Rename},
    {"repositories", AddRepository},
    {"reruns", AllowRerun},
    {"revoke", RevokeTokens},
    {"roles", SetRole},
    {"scopes", SetScopes},
    {"settings", Set},
};

}  // namespace

SimulatedResponse CarryOutPost(absl::string_view what, absl::string_view body,
                               absl::Time now, GitHubRules* rules) {
  for (const Order& order : kOrders) {
    if (order.name == what) return order.carry_out(Members(body), now, rules);
  }
  return NotFound();
}

SimulatedResponse CarryOutDelete(const RequestTarget& target,
                                 GitHubRules* rules) {
  const std::string& what = target.segments.back();
  if (what == "faults") {
    rules->ClearFaults();
    return NoContent();
  }
  if (what == "hooks") {
    int64_t id = 0;
    if (!absl::SimpleAtoi(target.Query("id"), &id) ||
        rules->hooks().Find(id) == nullptr) {
      return RefuseOrder("id is not the id of a hook");
    }
    rules->hooks().RemoveHook(id);
    return JsonAnswer(200, Json{{"id", id}});
  }
  if (what != "installations") return NotFound();
  int64_t id = 0;
  Apps& apps = rules->apps();
  if (!absl::SimpleAtoi(target.Query("id"), &id) ||
      apps.FindInstallation(id) == nullptr) {
    return RefuseOrder("id is not the id of an installation");
  }
  apps.RemoveInstallation(id);
  return JsonAnswer(200, Json{{"id", id}, {"ids", apps.InstallationIds()}});
}

}  // namespace signalbox
