#include "tests/github_simulator/access.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/github_simulator/answers.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::string_view kRoleNames[] = {"none",  "read",     "triage",
                                            "write", "maintain", "admin"};

bool IsFineGrained(absl::string_view token) {
  return absl::StartsWith(token, "github_pat_");
}

}  // namespace

std::optional<Role> RoleOf(absl::string_view name) {
  const auto* const it =
      std::find(std::begin(kRoleNames), std::end(kRoleNames), name);
  if (it == std::end(kRoleNames)) return std::nullopt;
  return static_cast<Role>(it - std::begin(kRoleNames));
}

absl::string_view RoleName(Role role) {
  return kRoleNames[static_cast<size_t>(role)];
}

Json PermissionsObject(Role role) {
  return {{"admin", role >= Role::kAdmin},
          {"maintain", role >= Role::kMaintain},
          {"push", role >= Role::kWrite},
          {"triage", role >= Role::kTriage},
          {"pull", role >= Role::kRead}};
}

bool Access::IsAppToken(absl::string_view token) {
  return absl::StartsWith(token, "ghs_");
}

SimulatedUser Access::UserOf(const Caller& caller) {
  if (caller.kind == Caller::Kind::kInstallation) {
    const auto* const installation = apps_->FindInstallation(caller.id);
    const auto* const app = apps_->FindApp(installation->app_id);
    return UserOfLogin((app == nullptr ? "" : app->slug) + "[bot]");
  }
  return UserOfLogin(LoginOf(caller.token));
}

const std::string& Access::LoginOf(absl::string_view token) {
  const auto [it, is_new] = logins_.try_emplace(std::string(token));
  if (is_new) {
    it->second = IsAppToken(token)
                     ? absl::StrCat("app-", logins_.size(), "[bot]")
                     : absl::StrCat("user-", logins_.size());
    token_logins_.insert(it->second);
  }
  return it->second;
}

void Access::SetRole(absl::string_view where, absl::string_view login,
                     Role role) {
  const std::string user = absl::AsciiStrToLower(login);
  if (absl::StrContains(where, '/')) {
    const World::Repository* const repository = world_->Peek(where);
    if (repository != nullptr) roles_[{repository->id, user}] = role;
    return;
  }
  const std::pair key(absl::AsciiStrToLower(where), user);
  if (role == Role::kAdmin) {
    owners_.insert(key);
  } else {
    owners_.erase(key);
  }
}

void Access::SetScopes(absl::string_view token, absl::string_view scopes) {
  scopes_[std::string(token)] = std::string(scopes);
}

bool Access::IsOwner(absl::string_view organization,
                     absl::string_view login) const {
  return owners_.contains(
      {absl::AsciiStrToLower(organization), absl::AsciiStrToLower(login)});
}

Role Access::RoleIn(const World::Repository& repository,
                    absl::string_view login) const {
  const std::string user = absl::AsciiStrToLower(login);
  const auto set = roles_.find({repository.id, user});
  Role role = token_logins_.contains(user) ? Role::kWrite : Role::kRead;
  if (set != roles_.end()) {
    role = set->second;
  } else if (IsOwner(World::OwnerOf(repository.full_name), user)) {
    role = Role::kAdmin;
  }
  return repository.writable ? role : std::min(role, Role::kRead);
}

std::optional<std::string> Access::ScopesOf(const Caller& caller) const {
  if (caller.kind != Caller::Kind::kUser || IsAppToken(caller.token) ||
      IsFineGrained(caller.token)) {
    return std::nullopt;
  }
  const auto it = scopes_.find(caller.token);
  return it == scopes_.end() ? "repo" : it->second;
}

bool Access::MaySee(const Call& call,
                    const World::Repository& repository) const {
  if (call.caller.kind != Caller::Kind::kInstallation) return true;
  const Apps::Installation& installation =
      *apps_->FindInstallation(call.caller.id);
  const auto& ids = apps_->FindToken(call.caller.token)->scope.repository_ids;
  return absl::EqualsIgnoreCase(World::OwnerOf(repository.full_name),
                                installation.account) &&
         (!ids.has_value() || ids->contains(repository.id));
}

std::string Access::LevelOf(const Caller& caller,
                            absl::string_view permission) const {
  const Apps::Permissions& permissions =
      apps_->FindToken(caller.token)->scope.permissions;
  const auto it = permissions.find(std::string(permission));
  return it == permissions.end() ? "" : it->second;
}

std::optional<SimulatedResponse> Access::Refuse(
    const Call& call, const World::Repository* repository,
    absl::string_view organization, const Need& need) {
  const auto denied = [&need](absl::string_view whom) {
    SimulatedResponse response =
        Failure(403, absl::StrCat("Resource not accessible by ", whom), kDocs);
    response.headers.emplace_back(
        "x-accepted-github-permissions",
        absl::StrCat(need.permission, "=", need.is_write ? "write" : "read"));
    return response;
  };
  if (call.caller.kind == Caller::Kind::kInstallation) {
    const std::string level = LevelOf(call.caller, need.permission);
    const bool is_granted = level == "write" || level == "admin" ||
                            (level == "read" && !need.is_write);
    if (is_granted) return std::nullopt;
    return denied("integration");
  }
  const std::string& login = LoginOf(call.caller.token);
  const bool has_role = repository == nullptr
                            ? IsOwner(organization, login)
                            : RoleIn(*repository, login) >= need.role;
  bool has_scope = need.scopes.empty();
  if (const auto scopes = ScopesOf(call.caller)) {
    for (const absl::string_view scope : absl::StrSplit(*scopes, ',')) {
      has_scope |=
          std::find(need.scopes.begin(), need.scopes.end(),
                    absl::StripAsciiWhitespace(scope)) != need.scopes.end();
    }
  } else {
    has_scope = true;
  }
  if (has_role && has_scope) return std::nullopt;
  if (IsAppToken(call.caller.token)) return denied("integration");
  if (IsFineGrained(call.caller.token)) return denied("personal access token");
  return NotFound();
}

Json Access::PermissionsIn(const Call& call,
                           const World::Repository& repository) {
  Role role = Role::kRead;
  if (call.caller.kind == Caller::Kind::kInstallation) {
    if (LevelOf(call.caller, "contents") == "write") role = Role::kWrite;
    if (!repository.writable) role = Role::kRead;
  } else {
    role = RoleIn(repository, LoginOf(call.caller.token));
  }
  return PermissionsObject(role);
}

}  // namespace signalbox
