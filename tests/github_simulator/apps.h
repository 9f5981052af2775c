#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// Apps keeps the GitHub Apps, their installations, and the tokens of the
// installations. Time is an argument.
//
// Not thread-safe. Pointers that it returns stay valid until the next change.
class Apps {
 public:
  using Installation = GitHubRules::Installation;
  using Permissions = std::map<std::string, std::string>;

  struct App {
    int64_t id = 0;
    std::string client_id;
    std::string slug;
    std::vector<std::string> public_keys;  // PEM; each may sign.
  };

  // What a token may do, and where.
  struct Scope {
    Permissions permissions;
    // Nothing: all repositories of the account.
    std::optional<std::set<int64_t>> repository_ids;
  };

  // A token that GitHub has made for an installation.
  struct Token {
    std::string text;
    int64_t installation_id = 0;
    absl::Time made_at;
    absl::Time expires_at;
    Scope scope;
  };

  // The permissions of an installation that names none.
  static const Permissions& Granted();

  // These two are described at the methods of the same names of GitHubRules.
  void AddApp(App app);
  int64_t AddInstallation(Installation installation);
  // Replaces the keys of an App (PEM). Each of them may sign.
  void SetAppKeys(int64_t app_id, std::vector<std::string> public_keys);
  // Removes an installation. Its tokens get 401 from now on.
  void RemoveInstallation(int64_t id);
  // All tokens made for the installation so far get 401 from now on.
  void RevokeTokens(int64_t installation_id);

  bool empty() const { return apps_.empty(); }
  std::vector<int64_t> AppIds() const;
  std::vector<int64_t> InstallationIds() const;
  // How many tokens GitHub has made for the installation.
  int TokensMade(int64_t installation_id) const;

  // These return null if there is none.
  const App* FindApp(int64_t id) const;
  const Installation* FindInstallation(int64_t id) const;
  const Token* FindToken(absl::string_view text) const;
  // The App's installation at an account. The case of the login does not
  // matter.
  const Installation* FindInstallationAt(int64_t app_id,
                                         absl::string_view account) const;
  // The App's installations, in the order of their ids.
  std::vector<const Installation*> InstallationsOf(int64_t app_id) const;

  // The App that signed `jwt`. Null: GitHub refuses the JWT, and `complaint`
  // says why, in GitHub's words.
  const App* Verify(absl::string_view jwt, absl::Time now,
                    std::string* complaint) const;

  // Makes a token at time `now`. `is_long`: in the form of new tokens, about
  // 520 characters; otherwise 40 characters.
  const Token& MakeToken(const Installation& installation, bool is_long,
                         Scope scope, absl::Time now);

 private:
  std::map<int64_t, App> apps_;
  std::map<int64_t, Installation> installations_;
  std::map<std::string, Token, std::less<>> tokens_;
  std::map<int64_t, int> tokens_made_;  // By installation.
  int64_t next_installation_id_ = 4'700'000'001;
  int64_t serial_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_H_
