#include "server/diagnosis/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/problems.h"

namespace signalbox {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// An answer to `GET /repos/acme/widgets`, and the conclusions from it.
class FindingsTest : public testing::Test {
 protected:
  FindingsTest() {
    findings_.repository = {"github.com", "acme", "widgets"};
    findings_.credential = "github.com/acme";
    findings_.now = absl::FromUnixSeconds(1'780'000'000);
    Answer(200, R"({"full_name":"acme/widgets"})");
  }

  GitHubReply& reply() { return *findings_.repository_answer.reply; }

  void Answer(int status, const std::string& body) {
    HttpResponse answer;
    answer.status = status;
    answer.body = body;
    GitHubReply reply;
    RequestContext context;
    context.is_read = true;
    reply.answer = answer;
    reply.verdict = Classify(reply.answer, context);
    findings_.repository_answer = {true, reply};
  }

  void NoAnswer(const std::string& reason, const std::string& message,
                Action action = Action::kRetry) {
    GitHubReply reply;
    reply.answer = absl::UnavailableError(message);
    reply.verdict.action = action;
    reply.verdict.reason = reason;
    reply.verdict.message = message;
    findings_.repository_answer = {true, reply};
  }

  void SetScopes(const std::string& scopes) {
    reply().answer->headers = {{"X-OAuth-Scopes", scopes}};
  }

  std::string Problems() const {
    return absl::StrJoin(MessagesOf(Conclude(findings_).problems), " | ");
  }

  Findings findings_;
};

TEST_F(FindingsTest, ATokenThatTellsNoScopesIsBelieved) {
  EXPECT_EQ(Problems(), "");
  EXPECT_THAT(Conclude(findings_).permissions, IsEmpty());
}

TEST_F(FindingsTest, PublicRepoIsEnoughForWhatIsPublic) {
  const auto with = [&](const std::string& member) {
    Answer(200, absl::StrCat(R"({"full_name":"acme/widgets")", member, "}"));
    SetScopes("public_repo");
    return Problems();
  };
  EXPECT_EQ(with(R"(,"private":false)"), "");
  EXPECT_THAT(with(R"(,"private":true)"), HasSubstr("repo:status"));
  // Without the field the server claims nothing.
  EXPECT_EQ(with(""), "");
  EXPECT_EQ(with(R"(,"private":"yes")"), "");
}

TEST_F(FindingsTest, ScopesAreReadHoweverTheyAreWritten) {
  SetScopes(" repo:status ,,admin:repo_hook, \x01 , caf\xc3\xa9, " +
            std::string(101, 'x'));
  EXPECT_THAT(Conclude(findings_).permissions,
              ElementsAre("repo:status", "admin:repo_hook"));
  EXPECT_EQ(Problems(), "");
  std::string many = "repo";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&many, ",s", i);
  SetScopes(many);
  EXPECT_EQ(Conclude(findings_).permissions.size(), 50u);
  // Other scopes that begin alike are not enough.
  for (const char* scopes : {"repo:invite", "repository", "REPO", "repo:"}) {
    SetScopes(scopes);
    EXPECT_THAT(Problems(), HasSubstr("may not set statuses")) << scopes;
  }
}

// Such a token may set statuses of repositories that it cannot see.
TEST_F(FindingsTest, A404ForRepoStatusAloneProvesNothing) {
  Answer(404, R"({"message":"Not Found"})");
  SetScopes("repo:status");
  EXPECT_THAT(Problems(), AllOf(HasSubstr("the repository does not exist"),
                                HasSubstr("may still set")));
  SetScopes("repo");
  EXPECT_THAT(Problems(), Not(HasSubstr("may still set")));
}

TEST_F(FindingsTest, AnAppsPermissionsAreThoseOfItsToken) {
  findings_.state.app = "github.com/app:1";
  const auto with = [&](std::vector<std::string> permissions) {
    findings_.state.permissions = std::move(permissions);
    return Problems();
  };
  const std::string metadata = "metadata=read";
  EXPECT_EQ(with({metadata, "pull_requests=read", "statuses=write"}), "");
  EXPECT_EQ(with({metadata, "pull_requests=write", "statuses=admin"}), "");
  EXPECT_EQ(with({}), "");  // An old GHES leaves it out.
  for (const std::vector<std::string>& permissions :
       std::vector<std::vector<std::string>>{
           {metadata, "pull_requests=read", "statuses=read"},
           {metadata, "pull_requests=read", "statuses_x=write"},
           {metadata, "pull_requests=read"}}) {
    EXPECT_THAT(with(permissions),
                AllOf(HasSubstr("statuses=write"), HasSubstr("accept it"),
                      Not(HasSubstr("|"))));
  }
  EXPECT_THAT(with({metadata, "statuses=write"}),
              AllOf(HasSubstr("pull_requests=read"), Not(HasSubstr("|"))));
  EXPECT_THAT(with({"pull_requests=read", "statuses=write"}),
              AllOf(HasSubstr("metadata=read"), Not(HasSubstr("|"))));
}

TEST_F(FindingsTest, WhatARepositoryIsToAnAppSaysNothingOfPushing) {
  Answer(200, R"({"full_name":"acme/widgets","permissions":{"push":false}})");
  EXPECT_THAT(Problems(), HasSubstr("may not write"));
  findings_.state.app = "github.com/app:1";
  EXPECT_EQ(Problems(), "");
}

TEST_F(FindingsTest, AnswersAreNotTrusted) {
  for (const char* body : {"", "[]", "<html>", "{}", R"({"full_name":7})",
                           R"({"full_name":""})", "{\"full_name\":\"\xff\"}"}) {
    Answer(200, body);
    EXPECT_THAT(Problems(), HasSubstr("did not understand")) << body;
  }
  for (const char* body :
       {R"({"full_name":"x","archived":1,"disabled":"yes","permissions":[]})",
        R"({"full_name":"\u001b[31m/x","permissions":{"push":null}})",
        R"({"full_name":"a/b/c","permissions":7,"owner":[]})"}) {
    Answer(200, body);
    EXPECT_EQ(Problems(), "") << body;
  }
  Answer(200,
         R"({"full_name":"acme/widgets","archived":true,"disabled":true})");
  EXPECT_THAT(Problems(), AllOf(HasSubstr("archived"), HasSubstr("disabled")));
}

TEST_F(FindingsTest, RefusalsAreSaidInWords) {
  const std::pair<int, std::string> refusals[] = {
      {403, "Resource protected by organization SAML enforcement"},
      {403, "organization has an IP allow list enabled"},
      {403, "Repository access blocked"},
      {403, "Resource not accessible by integration"},
      {404, "Not Found"},
      {410, "Gone"},
      {451, "Legal"},
  };
  for (const auto& [status, message] : refusals) {
    Answer(status, absl::StrCat(R"({"message":")", message, R"("})"));
    EXPECT_THAT(Problems(), AllOf(Not(HasSubstr("(")), Not(HasSubstr("%")),
                                  Not(HasSubstr("|")), Not(IsEmpty())))
        << message;
  }
  Answer(418, R"({"message":"teapot \u001b[31m"})");
  EXPECT_THAT(Problems(), AllOf(HasSubstr("HTTP 418"), HasSubstr("teapot"),
                                Not(HasSubstr("\x1b"))));
}

TEST_F(FindingsTest, A404ForAYoungTokenMayPass) {
  Answer(404, "{}");
  reply().verdict.action = Action::kRetryBriefly;
  EXPECT_THAT(Problems(), HasSubstr("may accept it within a minute"));
}

TEST_F(FindingsTest, EveryStopIsSaidInWords) {
  for (const char* reason :
       {"CREDENTIAL_REFUSED", "ACCOUNT_SUSPENDED", "APP_REFUSED",
        "APP_NOT_INSTALLED", "INSTALLATION_SUSPENDED", "IP_NOT_ALLOWED"}) {
    // Both the credential's state and the answer have it: one problem.
    findings_.state.stop_reason = reason;
    NoAnswer(reason, "", Action::kStop);
    EXPECT_THAT(Problems(), AllOf(Not(HasSubstr(reason)), Not(HasSubstr("|")),
                                  Not(HasSubstr("%")), Not(IsEmpty())));
  }
  findings_.state.stop_reason = "SOMETHING_NEW";
  EXPECT_THAT(Problems(), HasSubstr("SOMETHING_NEW"));
}

TEST_F(FindingsTest, TroublesAreSaidInWordsAndOnce) {
  for (const char* reason :
       {"NOT_ASKED", "TIMEOUT", "SERVER_ERROR", "HOST_DOWN", "BUDGET_SPENT",
        "BUDGET_RESERVED", "PACE", "NOT_SENT", "CREDENTIAL_NOT_READY"}) {
    NoAnswer(reason, "words");
    EXPECT_THAT(Problems(), AllOf(Not(HasSubstr(reason)), Not(HasSubstr("|")),
                                  Not(IsEmpty())))
        << reason;
  }
  NoAnswer("CONNECTION_LOST", "reset");
  EXPECT_THAT(Problems(), HasSubstr("reset"));
}

TEST_F(FindingsTest, ACertificateThatIsNotTrustedIsNamed) {
  NoAnswer("NOT_SENT",
           "ghes: SSL peer certificate or SSH remote key was not OK");
  EXPECT_THAT(Problems(),
              AllOf(HasSubstr("SSL peer certificate"), HasSubstr("ca_file")));
  NoAnswer("NOT_SENT", "ghes: Could not resolve hostname");
  EXPECT_THAT(Problems(),
              AllOf(HasSubstr("resolve hostname"), Not(HasSubstr("ca_file"))));
}

TEST_F(FindingsTest, LimitsAndBudgets) {
  findings_.limited_until = findings_.now + absl::Seconds(1);
  NoAnswer("RATE_LIMITED", "slow down", Action::kWait);
  EXPECT_EQ(Problems(),
            "GitHub limits the credential until 2026-05-28 20:26:41 UTC: "
            "the server posts nothing with it until then.");
  NoAnswer("RATE_LIMITED", "");
  EXPECT_THAT(Problems(), Not(HasSubstr("|")));
  findings_.limited_until = findings_.now;
  Answer(200, R"({"full_name":"acme/widgets"})");
  EXPECT_EQ(Problems(), "");

  findings_.budget = {5000, 0, findings_.now + absl::Seconds(1)};
  EXPECT_THAT(Problems(), HasSubstr("hourly rate limit until 2026-05-28"));
  findings_.budget.reset_time = findings_.now;
  EXPECT_EQ(Problems(), "");
  findings_.budget = {};
  EXPECT_EQ(Conclude(findings_).rate_limit, 0);
  EXPECT_FALSE(Conclude(findings_).rate_limit_reset_time.has_value());
}

TEST_F(FindingsTest, NothingIsSaidOfWhatWasNotAsked) {
  findings_.repository_answer = {};
  const Diagnosis diagnosis = Conclude(findings_);
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_THAT(diagnosis.hook_settings, IsEmpty());
}

}  // namespace
}  // namespace signalbox
