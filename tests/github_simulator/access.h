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

// By GitHub's names. Nothing: there is no such role.
std::optional<Role> RoleOf(absl::string_view name);
absl::string_view RoleName(Role role);

// The `permissions` of a repository or a collaborator.
nlohmann::ordered_json PermissionsObject(Role role);

// Access knows who a caller is and what it may do, and refuses the rest as
// GitHub does.
//
// Not thread-safe.
class Access {
 public:
  // What a request needs.
  struct Need {
    // For the token of an installation.
    absl::string_view permission;
    bool is_write = false;
    // For any other token: the role of its user. A classic token also needs one
    // of `scopes`, if there are any.
    Role role = Role::kRead;
    std::vector<absl::string_view> scopes = {};
  };

  // All are borrowed.
  Access(const World* world, const Apps* apps) : world_(world), apps_(apps) {}

  // The user that GitHub shows for a caller.
  SimulatedUser UserOf(const Caller& caller);
  // The login of a static token. The first call for a token makes the login.
  const std::string& LoginOf(absl::string_view token);
  // Whether a static token looks like that of an installation.
  static bool IsAppToken(absl::string_view token);

  // `where` is OWNER/NAME, or OWNER for an organisation. Owners are
  // administrators of all repositories of an organisation. Does nothing if
  // there is no such repository.
  void SetRole(absl::string_view where, absl::string_view login, Role role);
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // What was set; else kAdmin for an owner, kWrite for the user of a static
  // token, kRead for others. At most kRead where nobody may write.
  Role RoleIn(const World::Repository& repository,
              absl::string_view login) const;
  bool IsOwner(absl::string_view organization, absl::string_view login) const;
  // The scopes of a classic token, as in X-OAuth-Scopes: "repo" unless set.
  // Nothing: the token has no scopes.
  std::optional<std::string> ScopesOf(const Caller& caller) const;

  bool MaySee(const Call& call, const World::Repository& repository) const;
  // Why the caller may not; nothing: it may. If `repository` is null, the
  // caller must be an owner of the organisation.
  std::optional<SimulatedResponse> Refuse(const Call& call,
                                          const World::Repository* repository,
                                          absl::string_view organization,
                                          const Need& need);

  // The `permissions` of a repository, as GitHub shows them to the caller.
  nlohmann::ordered_json PermissionsIn(const Call& call,
                                       const World::Repository& repository);

 private:
  // What an installation's token may do; "" if that was not granted.
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
