#include "server/config/credential_setup.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/github_simulator/app_key.h"
#include "tests/server/config/config_testing.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

const AppKey& Key() {
  static const AppKey* const key = new AppKey();
  return *key;
}

// GitHub, GitHub Enterprise Server and everything between us and them.
class CredentialSetupTest : public testing::Test {
 protected:
  CredentialSetupTest() {
    std::ofstream(Path("app.pem")) << Key().PrivatePem();
    std::ofstream(Path("acme")) << "file-acme";
    std::ofstream(Path("star")) << "file-star";
    github_.rules().AddApp({.id = 12,
                            .client_id = "Iv23abc",
                            .slug = "bot",
                            .public_key = Key().PublicPem()});
    for (const char* account : {"acme", "labs", "other"}) {
      github_.rules().AddInstallation({.app_id = 12, .account = account});
    }
  }

  std::string Path(const std::string& name) const { return dir_.Path(name); }

  std::string TokenFile(const std::string& name) const {
    return absl::StrCat("    token_file: ", Path(name), "\n");
  }
  std::string App() const {
    return absl::StrCat("    app: {client_id: Iv23abc, private_key_file: ",
                        Path("app.pem"), "}\n");
  }

  absl::Status Try(const std::string& yaml, const CredentialFlags& flags = {}) {
    AppCredentialsOptions options;
    options.transport = &github_;
    options.clock = &clock_;
    options.user_agent = "signalbox/test";
    absl::StatusOr<CredentialSetup> made =
        SetUpCredentials(Parsed(yaml).github, flags, std::move(options));
    if (made.ok()) setup_ = *std::move(made);
    return made.status();
  }
  void Prepare(const std::string& yaml, const CredentialFlags& flags) {
    const absl::Status status = Try(yaml, flags);
    ASSERT_TRUE(status.ok()) << status;
  }

  // The token that posts for an account: "app" for any of the App's.
  std::string PosterOf(const std::string& owner,
                       const std::string& host = "github.com") {
    const std::string id =
        setup_.credentials->Find(Repository{host, owner, "web"});
    if (id.empty()) return "none";
    absl::StatusOr<Token> token = setup_.credentials->Get(id, clock_.Now());
    github_.DeliverDue();
    token = setup_.credentials->Get(id, clock_.Now());
    if (!token.ok()) return ReasonOf(token.status());
    api_url_ = token->api_url;
    return absl::StartsWith(token->value.Reveal(), "ghs_")
               ? "app"
               : token->value.Reveal();
  }

  TempDir dir_;
  FakeClock clock_;
  FakeGitHub github_{{}, &clock_};
  CredentialSetup setup_;
  std::string api_url_;
};

TEST_F(CredentialSetupTest, ANameWinsOverTheStarWhicheverKindItIs) {
  Prepare("github:\n  - accounts: [\"*\"]\n" + App() +
              "  - accounts: [Acme]\n" + TokenFile("acme"),
          {});
  EXPECT_EQ(PosterOf("acme"), "file-acme");
  EXPECT_EQ(PosterOf("other"), "app");
  EXPECT_EQ(PosterOf("strange"), "APP_NOT_INSTALLED");
  EXPECT_EQ(PosterOf("acme", "ghes.example.com"), "none");

  Prepare("github:\n  - accounts: [\"*\"]\n" + TokenFile("star") +
              "  - accounts: [Acme, labs]\n" + App(),
          {});
  EXPECT_EQ(PosterOf("acme"), "app");
  EXPECT_EQ(PosterOf("labs"), "app");
  EXPECT_EQ(PosterOf("other"), "file-star");
  EXPECT_EQ(setup_.known_hosts.front(), "github.com");
}

TEST_F(CredentialSetupTest, AFlagsTokenWinsOverTheFilesStarAlone) {
  CredentialFlags flags;
  flags.github_token = Secret("flag");
  Prepare("github:\n  - accounts: [\"*\", labs]\n" + App() +
              "  - host: ghes.example.com\n    accounts: [\"*\"]\n" +
              TokenFile("star"),
          flags);
  EXPECT_EQ(PosterOf("labs"), "app");
  EXPECT_EQ(PosterOf("other"), "flag");
  EXPECT_EQ(PosterOf("other", "ghes.example.com"), "file-star");
  EXPECT_EQ(api_url_, "https://ghes.example.com/api/v3");
  flags.github_token_file = Path("acme");
  Prepare("", flags);
  EXPECT_EQ(PosterOf("other"), "file-acme");
  EXPECT_EQ(api_url_, "https://api.github.com");
}

TEST_F(CredentialSetupTest, TheFlagsUrlServesGitHubsAppsAndTokens) {
  CredentialFlags flags;
  flags.github_api_url = "http://127.0.0.1:8180";
  Prepare("github:\n  - accounts: [acme]\n" + App() + "  - accounts: [labs]\n" +
              TokenFile("acme") +
              "  - host: ghes.example.com\n    accounts: [other]\n" +
              TokenFile("star"),
          flags);
  EXPECT_EQ(PosterOf("acme"), "app");
  EXPECT_EQ(api_url_, "http://127.0.0.1:8180");
  EXPECT_EQ(PosterOf("labs"), "file-acme");
  EXPECT_EQ(api_url_, "http://127.0.0.1:8180");
  EXPECT_EQ(PosterOf("other", "ghes.example.com"), "file-star");
  EXPECT_EQ(api_url_, "https://ghes.example.com/api/v3");
}

TEST_F(CredentialSetupTest, EachCredentialHasThePaceOfItsItem) {
  Prepare("github:\n  - accounts: [acme, \"*\"]\n    pace: 30/min\n" + App() +
              "  - accounts: [labs]\n    max_in_flight: 3\n    burst: 5\n"
              "    reserve: 0.5\n" +
              TokenFile("acme") +
              "  - host: ghes.example.com\n    accounts: [\"*\"]\n" +
              TokenFile("star"),
          {});
  EXPECT_EQ(setup_.PaceOf("github.com/acme").per_minute, 30);
  // An account under "*".
  EXPECT_EQ(setup_.PaceOf("github.com/other").per_minute, 30);
  EXPECT_EQ(setup_.PaceOf("github.com/acme").max_in_flight, 1);
  const PaceOptions labs = setup_.PaceOf("github.com/labs");
  EXPECT_EQ(labs.per_minute, 80);
  EXPECT_EQ(labs.max_in_flight, 3);
  EXPECT_EQ(labs.burst, 5);
  EXPECT_EQ(labs.reserve, 0.5);
  EXPECT_EQ(setup_.PaceOf("ghes.example.com/*").per_minute, 0);
  // The App's own credential has the pace of its item.
  EXPECT_EQ(setup_.PaceOf("github.com/app:Iv23abc").per_minute, 30);
}

// GITHUB_TOKEN is often set for something else; it must not change the pace.
TEST_F(CredentialSetupTest, AFlagsTokenKeepsThePaceOfTheFilesStar) {
  const std::string settings =
      "    pace: 30/min\n    burst: 7\n    max_in_flight: 3\n"
      "    reserve: 0.5\n    api_url: https://proxy.example.com\n";
  for (const bool from_file : {true, false}) {
    for (const std::string& credential : {TokenFile("star"), App()}) {
      for (const char* accounts : {"[\"*\"]", "[labs, \"*\"]"}) {
        CredentialFlags flags;
        if (from_file) {
          flags.github_token_file = Path("acme");
        } else {
          flags.github_token = Secret("flag");
        }
        Prepare(
            absl::StrCat("github:\n  - accounts: [acme]\n", "    pace: 5/min\n",
                         TokenFile("acme"), "  - accounts: ", accounts, "\n",
                         settings, credential),
            flags);
        const PaceOptions others = setup_.PaceOf("github.com/others");
        EXPECT_EQ(others.per_minute, 30);
        EXPECT_EQ(others.burst, 7);
        EXPECT_EQ(others.max_in_flight, 3);
        EXPECT_EQ(others.reserve, 0.5);
        EXPECT_EQ(setup_.PaceOf("github.com/acme").per_minute, 5);
        EXPECT_EQ(PosterOf("other"), from_file ? "file-acme" : "flag");
        EXPECT_EQ(api_url_, "https://proxy.example.com");
      }
    }
  }
  // The item of another host does not count.
  CredentialFlags flags;
  flags.github_token = Secret("flag");
  Prepare(
      "github:\n  - host: ghes.example.com\n    accounts: [\"*\"]\n"
      "    pace: 30/min\n" +
          TokenFile("star"),
      flags);
  EXPECT_EQ(setup_.PaceOf("github.com/others").per_minute, 80);
  EXPECT_EQ(setup_.PaceOf("ghes.example.com/others").per_minute, 30);
}

TEST_F(CredentialSetupTest, AppsSpeakForThemselves) {
  Prepare("github:\n  - accounts: [\"*\"]\n" + TokenFile("star") +
              "  - accounts: [acme]\n" + App() +
              "  - host: ghes.example.com\n    accounts: [acme]\n" + App(),
          {});
  const std::vector<std::string> ids = setup_.credentials->Apps();
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[0], "ghes.example.com/app:Iv23abc");
  EXPECT_EQ(setup_.PaceOf(ids[0]).per_minute, 0);
  for (const std::string& id : ids) {
    const auto token = setup_.credentials->Get(id, clock_.Now());
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_TRUE(absl::StartsWith(token->value.Reveal(), "eyJ"));
  }
}

TEST_F(CredentialSetupTest, WithoutACredentialGitHubIsKnown) {
  Prepare("", {});
  EXPECT_EQ(setup_.known_hosts, std::vector<std::string>{"github.com"});
  EXPECT_EQ(PosterOf("acme"), "none");
}

TEST_F(CredentialSetupTest, ErrorsNameTheFile) {
  std::ofstream(Path("app.pem")) << "no key";
  absl::Status status = Try("github:\n  - accounts: [acme]\n" + App());
  EXPECT_EQ(ReasonOf(status), "INVALID_KEY_FILE");
  EXPECT_TRUE(absl::StrContains(status.message(), Path("app.pem"))) << status;
  status = Try("github:\n  - accounts: [acme]\n" + TokenFile("missing"));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), Path("missing"))) << status;
}

TEST(CaFilesTest, AreByTheUrl) {
  std::vector<GitHubConfig> github(3);
  github[1].host = "ghes.example.com";
  github[1].api_url = "https://api.example.com:8443/api/v3";
  github[1].ca_file = "one.pem";
  github[2].api_url = "https://other.example.com";
  github[2].ca_file = "two.pem";
  EXPECT_EQ(CaFilesOf(github),
            (std::map<std::string, std::string>{
                {"https://api.example.com:8443/api/v3", "one.pem"},
                {"https://other.example.com", "two.pem"}}));
}

}  // namespace
}  // namespace signalbox
