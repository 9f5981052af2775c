#include "server/diagnosis/hook_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/problems.h"

namespace signalbox {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kOurs[] =
    R"({"id":1,"active":true,"events":["*"],"config":{"content_type":"json",)"
    R"("secret":"********","url":"https://ci/event_handler"})";

class HookReportTest : public testing::Test {
 protected:
  HookReportTest() { findings_.repository = {"github.com", "acme", "widgets"}; }

  static Finding Answered(const std::string& body) {
    GitHubReply reply;
    HttpResponse answer;
    answer.status = 200;
    answer.body = body;
    reply.answer = answer;
    reply.verdict.action = Action::kDone;
    return {true, reply};
  }
  static Finding Refused() {
    GitHubReply reply;
    reply.answer = HttpResponse();
    reply.verdict.action = Action::kAbandon;
    reply.verdict.reason = "REPOSITORY_NOT_FOUND";
    return {true, reply};
  }

  Diagnosis WithHook(const std::string& json) {
    findings_.repository_hooks = Answered(absl::StrCat("[", json, "]"));
    return ReportHooks(findings_);
  }

  Findings findings_;
};

TEST_F(HookReportTest, LastResponsesOfEveryKind) {
  const auto with = [&](const std::string& last) {
    return WithHook(absl::StrCat(kOurs, R"(,"last_response":)", last, "}"));
  };
  for (const char* fine :
       {"null", "{}", R"({"code":null,"status":"unused","message":null})",
        R"({"code":200,"status":"active","message":"OK"})",
        R"({"code":202,"status":"active","message":"OK"})", R"({"code":"500"})",
        R"({"code":99999})", R"({"code":-1})"}) {
    EXPECT_THAT(MessagesOf(with(fine).problems), IsEmpty()) << fine;
  }
  for (const char* bad :
       {R"({"code":500,"status":"misconfigured","message":"Invalid"})",
        R"({"code":301,"status":"active"})",
        R"({"code":0,"status":"misconfigured","message":"no route"})",
        R"({"code":null,"status":"timeout","message":"timed out"})"}) {
    EXPECT_THAT(MessagesOf(with(bad).problems), ElementsAre(HasSubstr("last")))
        << bad;
  }
  EXPECT_THAT(
      MessagesOf(
          with(R"({"code":502,"message":"Bad\u001b\n Gateway"})").problems),
      ElementsAre(HasSubstr("last response 502 (Bad?? Gateway)")));
}

TEST_F(HookReportTest, TextOfGitHubsIsPlainAndShort) {
  const std::string event = R"(\u001b[31m\u202e\n)" + std::string(500, 'e');
  std::string events = "\"" + event + "\"";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&events, ",\"e", i, "\"");
  const Diagnosis report = WithHook(absl::StrCat(
      R"({"id":1,"events":[)", events, R"(],"config":{"content_type":")", event,
      R"(","secret":"x","url":"https://\u001b)", std::string(5000, 'h'),
      R"(/event_handler?token=canary"}})"));
  ASSERT_THAT(report.hook_settings, SizeIs(1));
  EXPECT_THAT(report.hook_settings[0],
              AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\n")),
                    Not(HasSubstr("\xe2")), Not(HasSubstr("canary")),
                    HasSubstr("and more")));
  EXPECT_LT(report.hook_settings[0].size(), 1000u);
}

TEST_F(HookReportTest, UrlsAreShownWithoutWhatMayBeSecret) {
  const auto shown = [&](const std::string& url) {
    findings_.hook_urls = {"*"};
    const Diagnosis report =
        WithHook(absl::StrCat(R"({"id":1,"config":{"url":")", url, R"("}})"));
    const std::string& text = report.hook_settings.at(0);
    const size_t begin = text.find(": ") + 2;
    return text.substr(begin, text.find(", ") - begin);
  };
  EXPECT_EQ(shown("https://a/b?c=d"), "https://a/b");
  EXPECT_EQ(shown("https://user:pass@a:1/b"), "https://a:1/b");
  EXPECT_EQ(shown("https://u@v:p@a/b@c"), "https://a/b@c");
  EXPECT_EQ(shown("user:pass@a/b#c"), "a/b");
  EXPECT_EQ(shown("https://a?u:p@b"), "https://a");
}

TEST_F(HookReportTest, ManyHooksAreCut) {
  std::string hooks;
  for (int i = 1; i <= 100; ++i) {
    absl::StrAppend(&hooks, i == 1 ? "" : ",", R"({"id":)", i,
                    R"(,"config":{"url":"https://ci/event_handler"}})");
  }
  EXPECT_THAT(WithHook(hooks).hook_settings, SizeIs(20));
}

TEST_F(HookReportTest, WhatMakesNoSenseIsSaid) {
  for (const char* body : {"", "{}", "<html>", "7"}) {
    findings_.repository_hooks = Answered(body);
    EXPECT_THAT(ReportHooks(findings_).hook_settings,
                ElementsAre(HasSubstr("did not understand")));
    EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), IsEmpty());
  }
  // None of these is a hook.
  EXPECT_THAT(MessagesOf(WithHook(R"(7, null, {"id":"1"}, {"id":1}, {"id":-1,
                           "config":{"url":"https://ci/event_handler"}})")
                             .problems),
              ElementsAre(HasSubstr("gh webhook forward")));
}

// A hook that the server cannot read may exist.
TEST_F(HookReportTest, WhetherOneIsMissingDependsOnWhatCanBeRead) {
  findings_.repository_hooks = Answered("[]");
  findings_.organization_hooks = Refused();
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems),
              ElementsAre(HasSubstr("gh webhook forward")));
  findings_.seen_hooks = {{"ghes", 5}};
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), SizeIs(1));
  findings_.seen_hooks = {{"github.com", 5}};
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), IsEmpty());
  EXPECT_THAT(
      ReportHooks(findings_).hook_settings,
      Contains(HasSubstr("None of the webhooks that the server can read")));
  findings_.organization_hooks = Answered("[]");
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), SizeIs(1));

  findings_.repository_hooks = findings_.organization_hooks = Refused();
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), IsEmpty());
  EXPECT_THAT(ReportHooks(findings_).hook_settings, SizeIs(2));
}

// Two hosts can have the same number for a hook.
TEST_F(HookReportTest, AHookOfAnotherHostIsNotOurs) {
  const std::string hook =
      R"({"id":5,"events":["*"],"config":{"url":"https://x",
                               "secret":"y"}})";
  findings_.seen_hooks = {{"ghes", 5}, {"github.com", 6}};
  findings_.organization_hooks = Answered("[]");
  EXPECT_THAT(MessagesOf(WithHook(hook).problems), SizeIs(1));
  findings_.seen_hooks = {{"github.com", 5}};
  EXPECT_THAT(MessagesOf(WithHook(hook).problems), IsEmpty());
}

TEST_F(HookReportTest, TheCommandNamesTheHost) {
  findings_.repository.host = "ghes.example.com";
  EXPECT_THAT(MessagesOf(WithHook("").problems),
              ElementsAre(HasSubstr(
                  "forward --github-host=ghes.example.com --repo=acme/")));
}

TEST_F(HookReportTest, AnAppsHookHasTheAppsEvents) {
  findings_.repository_hooks = findings_.organization_hooks = Refused();
  const std::string config =
      R"({"content_type":"form","insecure_ssl":"1","url":"https://ci/event_handler"})";
  findings_.app_hook = Answered(config);
  findings_.app = Answered(R"({"events":["push"]})");
  Diagnosis report = ReportHooks(findings_);
  EXPECT_THAT(MessagesOf(report.problems),
              ElementsAre(HasSubstr("pull_request"), HasSubstr("no secret"),
                          HasSubstr("insecure_ssl")));
  EXPECT_THAT(CodesOf(report.problems),
              ElementsAre("HOOK_WITHOUT_PULL_REQUEST", "HOOK_WITHOUT_SECRET",
                          "HOOK_WITHOUT_TLS_CHECK"));
  EXPECT_THAT(report.hook_settings,
              Contains(AllOf(HasSubstr("events push"), HasSubstr("form"))));
  // Without the App's answer the report names no events.
  findings_.app = Refused();
  report = ReportHooks(findings_);
  EXPECT_THAT(MessagesOf(report.problems), SizeIs(2));
  EXPECT_THAT(report.hook_settings, Each(Not(HasSubstr("events"))));
}

TEST_F(HookReportTest, AnAppWithoutAHookIsSaid) {
  findings_.repository_hooks = findings_.organization_hooks = Refused();
  findings_.app_hook = Answered(R"({"url":""})");
  EXPECT_THAT(ReportHooks(findings_).hook_settings,
              Contains(HasSubstr("has no webhook")));
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems),
              ElementsAre(HasSubstr("gh webhook forward")));
  findings_.app_hook = Refused();
  EXPECT_THAT(ReportHooks(findings_).hook_settings,
              Contains(HasSubstr("cannot read")));
  EXPECT_THAT(MessagesOf(ReportHooks(findings_).problems), IsEmpty());
}

}  // namespace
}  // namespace signalbox
