#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/github/github_answers.h"

namespace signalbox {
namespace {

TEST(GitHubAnswersOfAppsTest, ReadsAnInstallation) {
  const auto plain = ReadInstallation(
      R"({"id":48971127823,"account":null,"suspended_at":null,"new":[1]})");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->id, 48971127823);
  EXPECT_FALSE(plain->suspended);
  const auto suspended =
      ReadInstallation(R"({"id":1,"suspended_at":"2026-01-01T00:00:00Z"})");
  ASSERT_TRUE(suspended.ok()) << suspended.status();
  EXPECT_TRUE(suspended->suspended);
  // An old GHES leaves the field out.
  EXPECT_FALSE(ReadInstallation(R"({"id":1})")->suspended);
}

TEST(GitHubAnswersOfAppsTest, RefusesWhatIsNoInstallation) {
  for (const char* body :
       {"", "null", "[]", "1", "{", "<html></html>", "{}", R"({"id":null})",
        R"({"id":"1"})", R"({"id":0})", R"({"id":-1})", R"({"id":1.5})",
        R"({"id":9223372036854775808})", R"({"id":true})"}) {
    EXPECT_EQ(ReadInstallation(body).status().code(),
              absl::StatusCode::kInvalidArgument)
        << body;
  }
  EXPECT_FALSE(ReadInstallation(std::string(50'000, '[')).ok());
}

std::string TokenBody(const std::string& token, const std::string& expiry) {
  return absl::StrCat(R"({"token":")", token, R"(","expires_at":")", expiry,
                      R"(","permissions":{}})");
}

TEST(GitHubAnswersOfAppsTest, ReadsATokenOfAnyForm) {
  for (const std::string& text :
       {std::string("ghs_") + std::string(36, 'x'),
        "ghs_12_" + std::string(500, 'y') + ".a-b_c.d", std::string("odd"),
        std::string(8192, 'z')}) {
    const auto token =
        ReadInstallationToken(TokenBody(text, "2026-11-22T10:00:00Z"));
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->value.Reveal(), text);
    EXPECT_EQ(token->expiry_time, absl::FromUnixSeconds(1795341600));
  }
  // Any ISO 8601 time with a zone will do.
  EXPECT_EQ(
      ReadInstallationToken(TokenBody("t", "2026-11-22T11:00:00.000+01:00"))
          ->expiry_time,
      absl::FromUnixSeconds(1795341600));
}

TEST(GitHubAnswersOfAppsTest, RefusesWhatIsNoTokenAndSaysNothingOfIt) {
  const std::string good = "2026-11-22T10:00:00Z";
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"token":"canary"})"),
        std::string(R"({"token":"canary","expires_at":1795341600})"),
        std::string(R"({"token":["canary"],"expires_at":"x"})"),
        std::string(R"({"expires_at":"2026-11-22T10:00:00Z"})"),
        TokenBody("t", "infinite-future"),
        TokenBody("t", "12026-11-22T10:00:00Z"), TokenBody("", good),
        TokenBody("canary one", good),
        TokenBody(R"(canary\r\nX-Evil: 1)", good),
        TokenBody(R"(canary\u0000)", good), TokenBody(R"(canary\u00e9)", good),
        TokenBody(std::string(8193, 'z'), good), TokenBody("canary", ""),
        TokenBody("canary", "soon"), TokenBody("canary", "infinite-future"),
        TokenBody("canary", "infinite-past"),
        TokenBody("canary", "2026-11-22")}) {
    const absl::Status status = ReadInstallationToken(body).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_FALSE(absl::StrContains(status.message(), "canary")) << status;
  }
}

TEST(GitHubAnswersOfAppsTest, ReadsPermissions) {
  using testing::ElementsAre;
  const std::string body =
      R"({"id":1,"token":"t","expires_at":"2026-11-22T10:00:00Z",)"
      R"("permissions":{"statuses":"write","checks":"read","a":null,"b":1,)"
      R"("c":["write"],"d":{},"":"x","e":"","f g":"x","g":"a b","h\n":"x",)"
      R"("i":"\u00e9","metadata":"read"}})";
  const auto wanted =
      ElementsAre("checks=read", "metadata=read", "statuses=write");
  EXPECT_THAT(ReadInstallation(body)->permissions, wanted);
  EXPECT_THAT(ReadInstallationToken(body)->permissions, wanted);
  for (const char* odd : {"null", "[]", "1", "\"write\"", "{}"}) {
    const auto installation =
        ReadInstallation(absl::StrCat(R"({"id":1,"permissions":)", odd, "}"));
    ASSERT_TRUE(installation.ok()) << odd;
    EXPECT_TRUE(installation->permissions.empty()) << odd;
  }
}

TEST(GitHubAnswersOfAppsTest, PermissionsHaveABound) {
  std::string body =
      R"({"id":1,"permissions":{")" + std::string(65, 'x') + R"(":"write")";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&body, ",\"p", i, "\":\"r\"");
  EXPECT_EQ(ReadInstallation(body + "}}")->permissions.size(), 200u);
}

}  // namespace
}  // namespace signalbox
