#include "rest/app_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "rest/status_request.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Statuses = AppTokenRequest::Statuses;

v1::Grants GrantsFor(const std::vector<std::string>& repositories,
                     const std::vector<std::string>& rights) {
  v1::Grants grants;
  for (const std::string& one : repositories) grants.add_repositories(one);
  for (const std::string& one : rights) grants.add_rights(one);
  return grants;
}

AppTokenRequest ReadApp(const std::string& body) {
  const auto read = ReadAppTokenRequest(body);
  EXPECT_TRUE(std::holds_alternative<AppTokenRequest>(read)) << body;
  const auto* const request = std::get_if<AppTokenRequest>(&read);
  return request == nullptr ? AppTokenRequest() : *request;
}

int RefusedApp(const std::string& body) {
  const auto read = ReadAppTokenRequest(body);
  const auto* const refusal = std::get_if<RestRefusal>(&read);
  return refusal == nullptr ? 0 : refusal->status;
}

TEST(AppRequestTest, ReadsWhatToolsSend) {
  for (const char* const body :
       {"", "null\n", "{}", R"({"repositories": null, "permissions": null})",
        R"({"permissions": {}})"}) {
    EXPECT_THAT(ReadApp(body).repositories, IsEmpty());
    EXPECT_EQ(ReadApp(body).statuses, Statuses::kAll);
  }
  const AppTokenRequest request = ReadApp(
      R"({"repositories": ["app", "lib.js"],
          "permissions": {"statuses": "write", "contents": "read"}})");
  EXPECT_THAT(request.repositories, ElementsAre("app", "lib.js"));
  EXPECT_EQ(request.statuses, Statuses::kWrite);
  EXPECT_EQ(ReadApp(R"({"permissions": {"statuses": "read"}})").statuses,
            Statuses::kRead);
}

// What the door cannot narrow to must not become a token for everything.
TEST(AppRequestTest, RefusesWhatItCannotNarrowTo) {
  for (const char* const body :
       {R"({"repositories": []})", R"({"repositories": [1]})",
        R"({"repositories": "app"})", R"({"repositories": ["acme/app"]})",
        R"({"repositories": ["*"]})", R"({"repositories": {}})",
        R"({"repository_ids": [1]})", R"({"repository_ids": []})",
        R"({"permissions": []})", R"({"permissions": "write"})",
        R"({"permissions": {"contents": "read"}})",
        R"({"permissions": {"statuses": "admin"}})",
        R"({"permissions": {"statuses": null}})"}) {
    EXPECT_EQ(RefusedApp(body), 422) << body;
  }
  for (const char* const body : {"x", "[]", "{", R"({"a":1,"a":2})"}) {
    EXPECT_EQ(RefusedApp(body), 400) << body;
  }
}

TEST(AppRequestTest, AccountsAreThoseOfTheGrants) {
  const v1::Grants grants = GrantsFor(
      {"acme/*", "ACME/app", "labs/t*", "ghe.example/tools/*", "x*/y"}, {});
  EXPECT_THAT(AccountsOf(grants, "github.com"), ElementsAre("acme", "labs"));
  EXPECT_THAT(AccountsOf(grants, "GHE.example"), ElementsAre("tools"));
  EXPECT_THAT(AccountsOf(GrantsFor({"*"}, {}), "github.com"), IsEmpty());
  EXPECT_TRUE(CoversAccount(grants, "github.com", "Acme"));
  EXPECT_TRUE(CoversAccount(grants, "github.com", "xyz"));
  EXPECT_TRUE(CoversAccount(grants, "ghe.example", "tools"));
  EXPECT_FALSE(CoversAccount(GrantsFor({"acme/*"}, {}), "github.com", "x"));
  EXPECT_FALSE(CoversAccount(GrantsFor({"acme/*"}, {}), "x.y", "acme"));
  EXPECT_TRUE(CoversAccount(GrantsFor({"*"}, {}), "x.y", "acme"));
}

TEST(AppRequestTest, AnInstallationKeepsItsNumber) {
  EXPECT_EQ(InstallationIdOf("github.com", "acme"),
            InstallationIdOf("GitHub.com", "ACME"));
  std::set<int64_t> ids;
  for (const char* const account : {"acme", "labs", "a", "b"}) {
    for (const char* const host : {"github.com", "ghe.example"}) {
      const int64_t id = InstallationIdOf(host, account);
      EXPECT_GT(id, 0);
      EXPECT_LT(id, int64_t{1} << 31);
      ids.insert(id);
    }
  }
  EXPECT_EQ(ids.size(), 8u);
}

TEST(AppRequestTest, ATokenIsForWhatIsAskedAndGranted) {
  const auto ask = [](const std::string& body,
                      const std::vector<std::string>& rights,
                      const std::string& account) {
    return IssueRequestOf(ReadApp(body), GrantsFor({"acme/*"}, rights),
                          "github.com", account);
  };
  const auto narrowing = [&ask](const std::string& body,
                                const std::vector<std::string>& rights,
                                const std::string& account) {
    const auto request = ask(body, rights, account);
    EXPECT_TRUE(std::holds_alternative<v1::IssueTokenRequest>(request)) << body;
    return std::get<v1::IssueTokenRequest>(request).narrowing();
  };
  const std::vector<std::string> all = {"report", "read", "operate", "webhook"};
  const std::string write = R"({"permissions": {"statuses": "write"}})";
  const std::string read = R"({"permissions": {"statuses": "read"}})";
  EXPECT_THAT(narrowing("", all, "acme").rights(),
              ElementsAre("report", "read"));
  EXPECT_THAT(narrowing(write, {"report"}, "acme").rights(),
              ElementsAre("report"));
  EXPECT_THAT(narrowing(read, all, "acme").rights(), ElementsAre("read"));
  EXPECT_THAT(narrowing("", {"read"}, "acme").rights(), ElementsAre("read"));
  const std::string app = R"({"repositories": ["app"]})";
  EXPECT_THAT(narrowing("", all, "acme").repositories(),
              ElementsAre("github.com/acme/*"));
  EXPECT_THAT(narrowing(app, all, "acme").repositories(),
              ElementsAre("github.com/acme/app"));
  EXPECT_THAT(narrowing(app, all, "").repositories(),
              ElementsAre("github.com/*/app"));
  EXPECT_THAT(narrowing("", all, "").repositories(),
              ElementsAre("github.com/*/*"));
  for (const auto& refused :
       {ask(write, {"read"}, "acme"), ask(read, {"report"}, "acme"),
        ask("", {"operate"}, "acme")}) {
    ASSERT_TRUE(std::holds_alternative<RestRefusal>(refused));
    EXPECT_EQ(std::get<RestRefusal>(refused).status, 422);
  }
}

}  // namespace
}  // namespace signalbox
