#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/github_rules_fixture.h"

namespace signalbox {

// GitHub with one App, installed at the repository's owner.
class AppsFixture : public GitHubRulesFixture {
 protected:
  static constexpr int64_t kAppId = 123456;
  static constexpr char kClientId[] = "Iv23liabcdef";

  // Making a key takes a tenth of a second.
  static const AppKey& Key() {
    static const auto* const kKey = new AppKey();
    return *kKey;
  }
  static const AppKey& OtherKey() {
    static const auto* const kKey = new AppKey();
    return *kKey;
  }

  AppsFixture() { StartWithApp({.tokens = {"token"}}); }

  void StartWithApp(GitHubRules::Options options) {
    Restart(std::move(options));
    rules_->AddApp({.id = kAppId,
                    .client_id = kClientId,
                    .slug = "signalbox",
                    .public_key = Key().PublicPem()});
    installation_ = rules_->AddInstallation(
        {.id = 77, .app_id = kAppId, .account = "acme"});
  }

  std::string Jwt() { return Key().Jwt(kClientId, now_); }

  SimulatedResponse GetApp(const std::string& jwt) { return Get("/app", jwt); }

  SimulatedResponse MakeToken(int64_t installation,
                              const std::string& body = "") {
    return Send(
        "POST",
        absl::StrCat("/app/installations/", installation, "/access_tokens"),
        body, Jwt());
  }

  std::string Token(const std::string& body = "") {
    return BodyOf(MakeToken(installation_, body)).value("token", "");
  }

  int64_t installation_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APPS_FIXTURE_H_
