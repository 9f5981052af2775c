// The door, for tools that authenticate as a GitHub App.

#include "rest/app_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/secret.h"
#include "rest/app_request.h"
#include "tests/rest/fake_status_service.h"

namespace signalbox {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AppDoorTest : public ::testing::Test {
 protected:
  AppDoorTest() {
    server_.SetCaller("argo", {"report", "read"});
    server_.SetApp(7, {"acme/*", "labs/tool"});
  }

  HttpAnswer Ask(const std::string& method, const std::string& path,
                 const std::string& body = "") {
    const RestRoute route = FindRoute(method, path, "");
    RestPlace place;
    place.base = absl::StrCat("http://h", route.prefix);
    place.host = route.host.empty() ? "github.com" : route.host;
    place.owner = route.owner;
    place.name = route.name;
    const ServerCalls calls(server_.stub());
    return AnswerApp(
        route, place,
        {Secret("bearer a.b.c"), "id",
         std::chrono::steady_clock::now() + std::chrono::seconds(30)},
        calls, [&body] { return RestOr<std::string>(body); });
  }
  nlohmann::json Get(const std::string& path) {
    const HttpAnswer answer = Ask("GET", path);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return nlohmann::json::parse(answer.text);
  }
  static std::string TokenPath(int64_t id) {
    return absl::StrCat("/app/installations/", id, "/access_tokens");
  }

  FakeStatusService server_;
  const int64_t acme_ = InstallationIdOf("github.com", "acme");
};

TEST_F(AppDoorTest, ShowsTheApp) {
  const nlohmann::json app = Get("/app");
  EXPECT_EQ(app["id"], 7);
  EXPECT_EQ(app["name"], "argo");
  EXPECT_EQ(app["permissions"]["statuses"], "write");
  EXPECT_THAT(server_.calls(), Each("GetServerInfo:bearer a.b.c"));
}

TEST_F(AppDoorTest, ShowsInstallations) {
  const nlohmann::json list = Get("/api/v3/app/installations");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["id"], acme_);
  EXPECT_EQ(list[0]["account"]["login"], "acme");
  EXPECT_EQ(list[0]["app_id"], 7);
  EXPECT_EQ(list[0]["access_tokens_url"],
            absl::StrCat("http://h/api/v3", TokenPath(acme_)));
  EXPECT_EQ(list[1]["account"]["login"], "labs");
  EXPECT_EQ(Get(absl::StrCat("/app/installations/", acme_))["id"], acme_);
  EXPECT_EQ(Ask("GET", "/app/installations/5").status, 404);
  for (const char* const path :
       {"/orgs/acme/installation", "/users/acme/installation",
        "/repos/acme/app/installation"}) {
    EXPECT_EQ(Get(path)["id"], acme_) << path;
  }
  EXPECT_EQ(Ask("GET", "/orgs/other/installation").status, 404);
}

// The server alone knows what a caller may do.
TEST_F(AppDoorTest, ARepositoryIsInstalledIfTheServerSaysSo) {
  Get("/repos/acme/app/installation");
  ASSERT_EQ(server_.issued().size(), 1u);
  EXPECT_THAT(server_.issued()[0].narrowing().repositories(),
              ElementsAre("github.com/acme/app"));
  server_.Fail("IssueToken", {grpc::StatusCode::PERMISSION_DENIED,
                              "NOT_GRANTED", "repository"});
  EXPECT_EQ(Ask("GET", "/repos/acme/app/installation").status, 404);
}

TEST_F(AppDoorTest, GivesATokenForAnHour) {
  const HttpAnswer answer =
      Ask("POST", TokenPath(acme_),
          R"({"repositories": ["app"], "permissions": {"statuses": "write"}})");
  ASSERT_EQ(answer.status, 201) << answer.text;
  const auto body = nlohmann::json::parse(answer.text);
  EXPECT_EQ(body["token"], "sbx_issued");
  EXPECT_EQ(body["expires_at"], "2023-11-14T23:15:00Z");
  EXPECT_EQ(body["permissions"]["statuses"], "write");
  EXPECT_EQ(body["repository_selection"], "selected");
  ASSERT_EQ(body["repositories"].size(), 1u);
  EXPECT_EQ(body["repositories"][0]["full_name"], "acme/app");
  ASSERT_EQ(server_.issued().size(), 1u);
  const v1::IssueTokenRequest sent = server_.issued()[0];
  EXPECT_EQ(sent.valid_for().seconds(), 3600);
  EXPECT_THAT(sent.narrowing().rights(), ElementsAre("report", "read"));
  EXPECT_THAT(sent.narrowing().repositories(),
              ElementsAre("github.com/acme/app"));
}

// A webhook has the number that GitHub gave the installation.
TEST_F(AppDoorTest, TakesGitHubsOwnNumbers) {
  const HttpAnswer answer = Ask("POST", TokenPath(12345), "{}");
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_FALSE(nlohmann::json::parse(answer.text).contains("repositories"));
  EXPECT_THAT(server_.issued()[0].narrowing().repositories(),
              ElementsAre("github.com/*/*"));
}

TEST_F(AppDoorTest, RefusesInGitHubsWords) {
  const std::string other = R"({"permissions": {"statuses": "none"}})";
  EXPECT_EQ(Ask("POST", TokenPath(acme_), other).status, 422);
  EXPECT_EQ(Ask("POST", TokenPath(acme_), "x").status, 400);
  EXPECT_THAT(server_.issued(), IsEmpty());
  server_.Fail("IssueToken", {grpc::StatusCode::PERMISSION_DENIED,
                              "NOT_GRANTED", "repository"});
  EXPECT_EQ(Ask("POST", TokenPath(acme_), R"({"repositories": ["x"]})").status,
            422);
  server_.Fail("IssueToken",
               {grpc::StatusCode::UNAVAILABLE, "TOO_MANY_READS", ""});
  EXPECT_EQ(Ask("POST", TokenPath(acme_)).status, 503);
  server_.Fail("GetServerInfo",
               {grpc::StatusCode::UNAUTHENTICATED, "INVALID_JWT", ""});
  const HttpAnswer answer = Ask("GET", "/app");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(nlohmann::json::parse(answer.text)["message"],
            "said by the server");
}

TEST_F(AppDoorTest, OtherCallersAreNoApps) {
  server_.SetApp(0, {});
  for (const char* const path : {"/app", "/app/installations"}) {
    EXPECT_EQ(Ask("GET", path).status, 401);
  }
  EXPECT_EQ(Ask("POST", TokenPath(acme_)).status, 401);
  EXPECT_THAT(server_.issued(), IsEmpty());
}

// It would tell the accounts and numbers of the other installations.
TEST_F(AppDoorTest, ATokenOfAnInstallationIsNotTheApp) {
  server_.SetIssued();
  for (const char* const path :
       {"/app", "/app/installations", "/repos/acme/app/installation"}) {
    EXPECT_EQ(Ask("GET", path).status, 401) << path;
  }
  EXPECT_EQ(Ask("POST", TokenPath(acme_)).status, 401);
  EXPECT_THAT(server_.issued(), IsEmpty());
}

}  // namespace
}  // namespace signalbox
