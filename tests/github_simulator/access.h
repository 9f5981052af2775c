#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_ACCESS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_ACCESS_H_

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// What a user may do in a repository, least first.
enum class Role { kNone, kRead, kTriage, kWrite, kMaintain, kAdmin };

// The role with GitHub's name for it ("admin"). Nothing: there is no such role.
std::optional<Role> RoleOf(absl::string_view name);
absl::string_view RoleName(Role role);

// The JSON object `permissions` that GitHub shows for a role.
nlohmann::ordered_json PermissionsObject(Role role);

// Access knows which user stands behind a token and what that user may do.
// Routes asks it whether to answer a request, and gets GitHub's refusal if not.
//
// Not thread-safe.
class Access {
 public:
  // What a client must have for a request.
  struct Need {
    // An installation's token needs this permission, at the level "write" if
    // `is_write`, else "read".
    absl::string_view permission;
    bool is_write = false;
    // For any other token: the role that its user needs. A classic token also
    // needs one of `scopes`, unless `scopes` is empty.
    Role role = Role::kRead;
    std::vector<absl::string_view> scopes = {};
  };

  // Both are borrowed.
  Access(const World* world, const Apps* apps) : world_(world), apps_(apps) {}

  // The user that GitHub shows as the creator of what the caller makes.
  SimulatedUser UserOf(const Caller& caller);
  // The login of a static token's user. The first call for a token makes one
  // up.
  const std::string& LoginOf(absl::string_view token);
  // Whether a static token looks like an installation's (`ghs_...`).
  static bool IsAppToken(absl::string_view token);

  // See GitHubRules::SetRole and SetScopes.
  void SetRole(absl::string_view where, absl::string_view login, Role role);
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // The user's role in a repository: what SetRole set, else kAdmin for an owner
  // of the organisation, kWrite for the user of a static token, kRead for
  // others. It is at most kRead in a repository that is not writable.
  Role RoleIn(const World::Repository& repository,
              absl::string_view login) const;
  bool IsOwner(absl::string_view organization, absl::string_view login) const;
  // The scopes of a classic token, as in the header X-OAuth-Scopes. Nothing:
  // the token is of a kind that has no scopes.
  std::optional<std::string> ScopesOf(const Caller& caller) const;

  // Whether GitHub shows the caller that the repository exists.
  bool MaySee(const Call& call, const World::Repository& repository) const;
  // GitHub's refusal if the caller does not have what the request needs;
  // nothing: it may. If `repository` is null, the request is about the
  // organisation, and the caller must be an owner of it.
  std::optional<SimulatedResponse> Refuse(const Call& call,
                                          const World::Repository* repository,
                                          absl::string_view organization,
                                          const Need& need);

  // The object `permissions` of a repository, as GitHub shows it to the caller.
  nlohmann::ordered_json PermissionsIn(const Call& call,
                                       const World::Repository& repository);

 private:
  // The level of an installation's token for a permission ("read"); "": none.
  std::string LevelOf(const Caller& caller, absl::string_view permission) const;

  const World* const world_;
  const Apps* const apps_;
  std::map<std::string, std::string, std::less<>> logins_;  // By token.
  std::set<std::string> token_logins_;                      // Lower case.
  std::map<std::string, std::string, std::less<>> scopes_;  // By token.
  // By repository and lower-case login.
  std::map<std::pair<int64_t, std::string>, Role> roles_;
  std::set<std::pair<std::string, std::string>> owners_;  // Lower case.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_ACCESS_H_
