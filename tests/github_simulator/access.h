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

// By GitHub's names; nothing: there is no such role.
std::optional<Role> RoleOf(absl::string_view name);
absl::string_view RoleName(Role role);

// As `permissions` of a repository or a collaborator.
nlohmann::ordered_json PermissionsObject(Role role);

// Access says who a caller is, what it may do, and how GitHub refuses the rest.
//
// Not thread-safe.
class Access {
 public:
  // What a request asks of its caller.
  struct Need {
    // Of an installation.
    absl::string_view permission;
    bool is_write = false;
    // Of the user whom another token belongs to; `scopes` of the token if it is
    // a classic one: any of them, or if there are none, nothing.
    Role role = Role::kRead;
    std::vector<absl::string_view> scopes = {};
  };

  // All are borrowed.
  Access(const World* world, const Apps* apps) : world_(world), apps_(apps) {}

  // As whom a caller appears.
  SimulatedUser UserOf(const Caller& caller);
  // The login of a static token, given when it is first asked for.
  const std::string& LoginOf(absl::string_view token);
  // Whether a static token has the looks of an installation's.
  static bool IsAppToken(absl::string_view token);

  // `where` is OWNER/NAME, or OWNER for an organisation: its owners are
  // administrators of all its repositories. Nothing happens if there is no such
  // repository.
  void SetRole(absl::string_view where, absl::string_view login, Role role);
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // What was set; else what an owner has; else, of whom a token belongs to,
  // kWrite, and of others kRead. Nobody writes to what is not writable.
  Role RoleIn(const World::Repository& repository,
              absl::string_view login) const;
  bool IsOwner(absl::string_view organization, absl::string_view login) const;
  // Of a classic token, as X-OAuth-Scopes has them: "repo" unless set. Nothing:
  // tokens of that kind have none.
  std::optional<std::string> ScopesOf(const Caller& caller) const;

  bool MaySee(const Call& call, const World::Repository& repository) const;
  // Why the caller may not; nothing: it may. `repository` null: the need is
  // that of an organisation's owner.
  std::optional<SimulatedResponse> Refuse(const Call& call,
                                          const World::Repository* repository,
                                          absl::string_view organization,
                                          const Need& need);

  // `permissions` of a repository, as the caller is told them.
  nlohmann::ordered_json PermissionsIn(const Call& call,
                                       const World::Repository& repository);

 private:
  // Of an installation's token; "" if it was not granted.
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
