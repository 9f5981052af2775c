#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/github_rules_fixture.h"

namespace signalbox {

// Tests of GitHubRules with one App, which is installed at the repository's
// owner.
class AppsFixture : public GitHubRulesFixture {
 protected:
  static constexpr int64_t kAppId = 123456;
  static constexpr char kClientId[] = "Iv23liabcdef";

  // The App's key, and one that the App does not have. All tests of the process
  // share them, because making a key takes a tenth of a second.
  static const AppKey& Key() {
    static const auto* const kKey = new AppKey();
    return *kKey;
  }
  static const AppKey& OtherKey() {
    static const auto* const kKey = new AppKey();
    return *kKey;
  }

  AppsFixture() { StartWithApp({.tokens = {"token"}}); }

  // Replaces GitHub by a new one with these options, the App and the
  // installation.
  void StartWithApp(GitHubRules::Options options) {
    Restart(std::move(options));
    rules_->AddApp({.id = kAppId,
                    .client_id = kClientId,
                    .slug = "signalbox",
                    .public_key = Key().PublicPem()});
    installation_ = rules_->AddInstallation(
        {.id = 77, .app_id = kAppId, .account = "acme"});
  }

  // A valid JWT of the App.
  std::string Jwt() { return Key().Jwt(kClientId, now_); }

  SimulatedResponse GetApp(const std::string& jwt) { return Get("/app", jwt); }

  // Asks for a token of the installation with this id.
  SimulatedResponse MakeToken(int64_t installation,
                              const std::string& body = "") {
    return Send(
        "POST",
        absl::StrCat("/app/installations/", installation, "/access_tokens"),
        body, Jwt());
  }

  // A new token of the App's installation.
  std::string Token(const std::string& body = "") {
    return BodyOf(MakeToken(installation_, body)).value("token", "");
  }

  // The id of the App's installation.
  int64_t installation_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_
