#include "server/diagnosis/diagnostician.h"

#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/github/app_credentials.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/hooks.h"
#include "tests/server/github/questions_fixture.h"
#include "tests/support/problems.h"

namespace signalbox {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kWidgets[] = "acme/widgets";

const AppKey& Key() {
  static const AppKey* const key = new AppKey();
  return *key;
}

// A repository whose hook and token are right: the token's user administers it
// and owns its organisation.
class DiagnosticianTest : public QuestionsFixture {
 protected:
  DiagnosticianTest() {
    rules().AddRepository(kWidgets, 0);
    rules().SetAdmin(kToken, kWidgets);
    rules().SetAdmin(kToken, "acme");
    rules().SetScopes(kToken, "repo, admin:org_hook");
    hook_.repository = kWidgets;
    hook_.secret = "s";
    hook_.url = "https://ci.example.com/event_handler";
    hook_.id = rules().hooks().AddHook(hook_, clock_.Now());
    Make();
  }

  ~DiagnosticianTest() override { diagnostician_.reset(); }

  void Make(Diagnostician::Options options = {}) {
    diagnostician_ = std::make_unique<Diagnostician>(
        std::move(options), outbox_.get(), credentials_.get(), questions_.get(),
        gate_.get(), &clock_);
  }

  void SetHook() { rules().hooks().AddHook(hook_, clock_.Now()); }

  // An App, installed at acme as number 77, instead of the token.
  void UseApp() {
    rules().AddApp({.id = 12,
                    .client_id = "Iv23abc",
                    .slug = "signalbox",
                    .public_key = Key().PublicPem()});
    Install({});
    AppCredential app;
    app.api_url = "https://api.github.com";
    app.accounts = {"*"};
    app.issuer = "Iv23abc";
    app.private_key_file = dir_.Path("app.pem");
    std::ofstream(app.private_key_file) << Key().PrivatePem();
    AppCredentialsOptions options;
    options.transport = github_.get();
    options.clock = &clock_;
    options.user_agent = "signalbox/test";
    options.changed = [this](const std::string&) { wake_up_.Wake(); };
    diagnostician_.reset();
    UseCredentials(*MakeAppCredentials({app}, std::move(options)));
    Make();
  }

  void Install(std::map<std::string, std::string> permissions,
               bool suspended = false) {
    rules().AddInstallation({.id = 77,
                             .app_id = 12,
                             .account = "acme",
                             .suspended = suspended,
                             .permissions = std::move(permissions)});
  }

  void Begin(const std::string& name = kWidgets) {
    begin_ = clock_.Now();
    diagnostician_->Diagnose(*ParseRepository(name), [this](Diagnosis made) {
      made_.push_back(std::move(made));
      took_ = clock_.Now() - begin_;
    });
  }

  void Run(absl::Duration time) {
    RunFor(time, [this] { return diagnostician_->RunOnce(); });
  }

  Diagnosis Diagnose(const std::string& name = kWidgets) {
    made_.clear();
    Begin(name);
    Run(absl::Seconds(15));
    EXPECT_THAT(made_, SizeIs(1));
    return made_.empty() ? Diagnosis() : made_.front();
  }

  // The texts of all problems.
  std::string Problem(const std::string& name = kWidgets) {
    const Diagnosis diagnosis = Diagnose(name);
    return absl::StrJoin(MessagesOf(diagnosis.problems), " | ");
  }

  Hooks::Hook hook_;
  std::unique_ptr<Diagnostician> diagnostician_;
  std::vector<Diagnosis> made_;
  absl::Time begin_;
  absl::Duration took_;
};

TEST_F(DiagnosticianTest, WhereEverythingIsRightNothingIsWrong) {
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_EQ(diagnosis.credential, kCredential);
  EXPECT_THAT(diagnosis.permissions, ElementsAre("repo", "admin:org_hook"));
  EXPECT_EQ(diagnosis.rate_limit, 5000);
  EXPECT_EQ(diagnosis.rate_limit_remaining, 4997);
  ASSERT_TRUE(diagnosis.rate_limit_reset_time.has_value());
  EXPECT_GT(*diagnosis.rate_limit_reset_time, begin_);
  EXPECT_THAT(
      diagnosis.hook_settings,
      ElementsAre(absl::StrCat("Webhook ", hook_.id,
                               " of acme/widgets: "
                               "https://ci.example.com/event_handler, content "
                               "type json, events all, active, with a "
                               "secret.")));
  EXPECT_LT(took_, absl::Seconds(1));
}

TEST_F(DiagnosticianTest, WithoutACredentialItSaysWhatToConfigure) {
  const Diagnosis diagnosis = Diagnose("other/thing");
  EXPECT_EQ(diagnosis.credential, "");
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              ElementsAre(AllOf(HasSubstr("other at github.com"),
                                HasSubstr("token_file"), HasSubstr("app"))));
  EXPECT_EQ(rules().request_count(), 0);
}

TEST_F(DiagnosticianTest, WhatGitHubDoesNotShowHasThreeCauses) {
  EXPECT_THAT(Problem("acme/nothing"),
              AllOf(HasSubstr("acme/nothing"), HasSubstr("does not exist"),
                    HasSubstr("installation"), HasSubstr("no access"),
                    Not(HasSubstr("|"))));
  // The server does not look for hooks there.
  EXPECT_EQ(rules().request_count(), 1);
}

TEST_F(DiagnosticianTest, ARepositoryThatTakesNoStatusesIsAProblem) {
  rules().SetArchived(kWidgets, true);
  EXPECT_THAT(Problem(), HasSubstr("archived"));
  rules().SetArchived(kWidgets, false);
  rules().SetWritable(kWidgets, false);
  EXPECT_THAT(Problem(), HasSubstr("may not write"));
}

TEST_F(DiagnosticianTest, ARenamedRepositoryIsCalledByItsNewName) {
  rules().RenameRepository(kWidgets, "acme/gadgets");
  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("acme/widgets is now called acme/gadgets"),
                    Not(HasSubstr("|"))));
  // The case of names does not matter.
  EXPECT_EQ(Problem("ACME/Gadgets"), "");
}

TEST_F(DiagnosticianTest, AClassicTokenNeedsAScope) {
  for (const char* scopes : {"", "gist, read:user", "repo_deployment"}) {
    rules().SetScopes(kToken, scopes);
    EXPECT_THAT(Problem(), HasSubstr("repo:status")) << scopes;
  }
  for (const char* scopes : {"repo", "repo:status", "public_repo, gist"}) {
    rules().SetScopes(kToken, scopes);
    EXPECT_THAT(Problem(), Not(HasSubstr("may not set statuses"))) << scopes;
  }
}

TEST_F(DiagnosticianTest, EveryFaultOfAHookIsSaid) {
  hook_.active = false;
  hook_.secret = "";
  hook_.insecure_ssl = true;
  hook_.events = {"push", "status"};
  hook_.url = "https://user:password@ci.example.com:8443/event_handler?key=k#f";
  hook_.content_type = "form";
  SetHook();
  const Diagnosis diagnosis = Diagnose();
  const std::string name = absl::StrCat("Webhook ", hook_.id);
  EXPECT_THAT(MessagesOf(diagnosis.problems), Each(HasSubstr(name)));
  EXPECT_THAT(
      MessagesOf(diagnosis.problems),
      ElementsAre(HasSubstr("not active"), HasSubstr("no secret"),
                  HasSubstr("insecure_ssl"), HasSubstr("pull_request")));
  EXPECT_THAT(
      diagnosis.hook_settings,
      ElementsAre(
          AllOf(HasSubstr(": https://ci.example.com:8443/event_handler, "),
                HasSubstr("content type form"), HasSubstr("events push status"),
                HasSubstr("not active"), HasSubstr("without a secret"),
                HasSubstr("certificates not verified"),
                Not(HasSubstr("password")), Not(HasSubstr("key")))));
}

TEST_F(DiagnosticianTest, ADeliveryThatFailedIsAProblemOfTheHook) {
  const auto record = [&](int status_code) {
    rules().hooks().Record(
        {.name = "ping", .payload = "{}", .hook_id = hook_.id},
        {.status_code = status_code}, clock_.Now());
  };
  record(503);
  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("last response 503"), Not(HasSubstr("|"))));
  record(0);
  EXPECT_THAT(Problem(), HasSubstr("no answer to the last delivery"));
  record(202);
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_THAT(diagnosis.hook_settings,
              ElementsAre(HasSubstr("last response 202")));
}

TEST_F(DiagnosticianTest, AHookOfTheOrganizationServesAsWell) {
  rules().hooks().RemoveHook(hook_.id);
  rules().hooks().AddHook({.organization = "acme",
                           .url = "https://ci.example.com/event_handler",
                           .secret = "s",
                           .events = {"pull_request", "push"}},
                          clock_.Now());
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_THAT(diagnosis.hook_settings,
              ElementsAre(AllOf(HasSubstr("of the organisation acme"),
                                HasSubstr("events pull_request push"))));
}

TEST_F(DiagnosticianTest, WithoutAHookItSaysHowToMakeOne) {
  rules().hooks().RemoveHook(hook_.id);
  // A hook of another receiver.
  rules().hooks().AddHook(
      {.repository = kWidgets, .url = "https://else/hook", .secret = "s"},
      clock_.Now());
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(
      MessagesOf(diagnosis.problems),
      ElementsAre(AllOf(HasSubstr("`gh webhook forward --repo=acme/widgets"),
                        HasSubstr("127.0.0.1:4567/event_handler"))));
  EXPECT_THAT(diagnosis.hook_settings, IsEmpty());
}

TEST_F(DiagnosticianTest, AHookIsOursByTheConfiguration) {
  hook_.url = "https://ci.example.com/github?x=y";
  SetHook();
  EXPECT_THAT(Problem(), HasSubstr("gh webhook forward"));
  Diagnostician::Options options;
  options.hook_urls = {"https://ci.example.com/*"};
  Make(options);
  EXPECT_EQ(Problem(), "");
}

TEST_F(DiagnosticianTest, AHookIsOursWhoseDeliveriesReachUs) {
  hook_.url = "https://ci.example.com/github";
  SetHook();
  Submission submission;
  submission.report.repository = *ParseRepository(kWidgets);
  submission.report.sha = *ParseSha(std::string(40, 'a'));
  submission.report.from_webhook = true;
  submission.contexts = {"ci/build"};
  submission.delivery = Delivery{"id", "", "ping", "", hook_.id};
  ASSERT_TRUE(outbox_->Accept({submission}, clock_.Now()).ok());
  EXPECT_EQ(Problem(), "");
}

TEST_F(DiagnosticianTest, HooksThatCannotBeReadAreNoProblem) {
  rules().SetAdmin(kToken, kWidgets, false);
  rules().SetAdmin(kToken, "acme", false);
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_THAT(diagnosis.hook_settings,
              ElementsAre(AllOf(HasSubstr("repository_hooks=read"),
                                HasSubstr("admin:repo_hook")),
                          AllOf(HasSubstr("organization_hooks=read"),
                                HasSubstr("admin:org_hook"))));
}

// Apps.

TEST_F(DiagnosticianTest, AnAppHasPermissionsAndOneHook) {
  UseApp();
  Install({{"statuses", "write"},
           {"pull_requests", "read"},
           {"repository_hooks", "read"},
           {"organization_hooks", "read"}});
  rules().hooks().RemoveHook(hook_.id);
  rules().hooks().AddHook({.app_id = 12,
                           .url = "https://ci.example.com/event_handler",
                           .secret = "s"},
                          clock_.Now());
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems), IsEmpty());
  EXPECT_EQ(diagnosis.credential, "github.com/acme");
  EXPECT_THAT(diagnosis.permissions,
              ElementsAre("metadata=read", "organization_hooks=read",
                          "pull_requests=read", "repository_hooks=read",
                          "statuses=write"));
  EXPECT_THAT(
      diagnosis.hook_settings,
      ElementsAre("The App's webhook: https://ci.example.com/event_handler, "
                  "content type json, events pull_request push, with a "
                  "secret."));
}

TEST_F(DiagnosticianTest, AnAppThatMayTooLittleIsAProblem) {
  UseApp();
  Install({{"statuses", "read"}, {"contents", "read"}});
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              testing::IsSupersetOf({HasSubstr("statuses=write"),
                                     HasSubstr("pull_requests=read")}));
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              Not(testing::Contains(HasSubstr("push"))));
}

TEST_F(DiagnosticianTest, AnAppWhoseHookLeadsElsewhereIsSaid) {
  UseApp();
  rules().hooks().AddHook(
      {.app_id = 12, .url = "http://else.example.com/x?secret=y"},
      clock_.Now());
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(diagnosis.hook_settings,
              testing::Contains(AllOf(HasSubstr("else.example.com/x;"),
                                      HasSubstr("does not know this URL"),
                                      Not(HasSubstr("secret=y")))));
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              ElementsAre(HasSubstr("gh webhook forward")));
}

TEST_F(DiagnosticianTest, AnAppThatIsNotInstalledIsAProblem) {
  UseApp();
  rules().AddRepository("labs/web", 0);
  const Diagnosis diagnosis = Diagnose("labs/web");
  EXPECT_EQ(diagnosis.credential, "github.com/labs");
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              testing::Contains(AllOf(HasSubstr("not installed"),
                                      HasSubstr("owns labs/web"))));
  Install({}, /*suspended=*/true);
  EXPECT_THAT(Problem(), HasSubstr("suspended"));
}

TEST_F(DiagnosticianTest, AKeyThatGitHubRefusesIsAProblem) {
  UseApp();
  rules().apps().SetAppKeys(12, {AppKey().PublicPem()});
  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("private_key_file"), HasSubstr("clock")));
}

// Troubles.

TEST_F(DiagnosticianTest, ARefusedTokenIsAProblem) {
  Fail("unauthorized", /*count=*/-1);
  EXPECT_THAT(Problem(), HasSubstr("refuses the credential's token"));
  const int count = rules().request_count();
  // The server does not ask GitHub again: many 401s lock out.
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Problem(), HasSubstr("refuses the credential's token"));
  EXPECT_EQ(rules().request_count(), count);
}

TEST_F(DiagnosticianTest, ALimitIsSaidWithItsEnd) {
  Fail("secondary_limit", /*count=*/1, /*seconds=*/120);
  EXPECT_THAT(Problem(), AllOf(HasSubstr("limits the credential until 2026-"),
                               Not(HasSubstr("|"))));
  const int count = rules().request_count();
  clock_.Advance(absl::Seconds(60));
  EXPECT_THAT(Problem(), HasSubstr("limits the credential until 2026-"));
  EXPECT_EQ(rules().request_count(), count);
  EXPECT_EQ(took_, absl::ZeroDuration());
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(Problem(), "");
}

TEST_F(DiagnosticianTest, AGitHubThatCannotBeReachedIsSaidBeforeTheTimeIsOver) {
  github_->SetReachable(false);
  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("cannot reach GitHub: "), Not(HasSubstr("|"))));
  EXPECT_LT(took_, absl::Seconds(8));
}

TEST_F(DiagnosticianTest, AHostThatIsDownIsSaid) {
  github_->SetReachable(false);
  // The pauses between requests grow longer than a diagnosis waits.
  std::string problem = Problem();
  for (int i = 0; i < 20 && absl::StrContains(problem, "cannot reach"); ++i) {
    problem = Problem();
  }
  EXPECT_THAT(problem, AllOf(HasSubstr("has not answered for a while"),
                             Not(HasSubstr("|"))));
  EXPECT_LT(took_, absl::Seconds(8));
}

TEST_F(DiagnosticianTest, AnErrorOfGitHubsIsSaid) {
  Fail("server_error_html", /*count=*/-1);
  EXPECT_THAT(Problem(), HasSubstr("a server error"));
}

TEST_F(DiagnosticianTest, WhatIsNotAnsweredInTimeIsNotWaitedFor) {
  Fail("hang", /*count=*/-1);
  EXPECT_EQ(Problem(), "GitHub did not answer in time.");
  EXPECT_EQ(took_, absl::Seconds(8));
}

// The diagnosis has what was known by then.
TEST_F(DiagnosticianTest, HooksThatAreNotAnsweredInTimeAreMissing) {
  Fail("hang", /*count=*/-1, 60, "/hooks");
  const Diagnosis diagnosis = Diagnose();
  EXPECT_THAT(MessagesOf(diagnosis.problems),
              ElementsAre("GitHub did not answer in time."));
  EXPECT_THAT(diagnosis.permissions, Not(IsEmpty()));
  EXPECT_EQ(took_, absl::Seconds(8));
}

// Answers that come after the deadline change nothing.
TEST_F(DiagnosticianTest, LateAnswersAreDropped) {
  Fail("slow", /*count=*/-1);
  EXPECT_EQ(Problem(), "GitHub did not answer in time.");
  Run(absl::Minutes(1));
  EXPECT_THAT(made_, SizeIs(1));
  EXPECT_EQ(rules().request_count(), 1);
}

// The App is not asked about its hook either, so the caller need not wait.
TEST_F(DiagnosticianTest, AfterATroubleNothingMoreIsAsked) {
  UseApp();
  Diagnose();
  Fail("server_error_html", /*count=*/-1);
  EXPECT_EQ(Problem(), "GitHub answered with a server error (5xx).");
  EXPECT_LT(took_, absl::Seconds(6));
}

// Several who ask.

TEST_F(DiagnosticianTest, WhoAsksForTheSameSharesTheAnswer) {
  Begin();
  Begin("ACME/widgets");
  Run(absl::Seconds(1));
  Begin();
  EXPECT_THAT(made_, SizeIs(3));
  EXPECT_EQ(rules().request_count(), 3);
  EXPECT_THAT(made_, Each(testing::Field(&Diagnosis::problems, IsEmpty())));
  rules().SetArchived(kWidgets, true);
  Run(absl::Seconds(9));
  EXPECT_THAT(Problem(), HasSubstr("archived"));
}

TEST_F(DiagnosticianTest, TooManyAtATimeAreRefused) {
  Diagnostician::Options options;
  options.max_at_once = 2;
  Make(options);
  rules().AddRepository("acme/two", 0);
  for (const char* name : {kWidgets, "acme/two", "acme/three"}) Begin(name);
  ASSERT_THAT(made_, SizeIs(1));
  EXPECT_THAT(MessagesOf(made_[0].problems),
              ElementsAre(HasSubstr("too many")));
  Begin("acme/two");
  EXPECT_THAT(made_, SizeIs(1));
  Run(absl::Seconds(1));
  EXPECT_THAT(made_, SizeIs(4));
  Begin("acme/three");
  EXPECT_THAT(made_, SizeIs(4));
  Run(absl::Seconds(1));
  EXPECT_THAT(made_, SizeIs(5));
}

TEST_F(DiagnosticianTest, ClosingAnswersAllWhoWait) {
  github_->SetDelay(absl::Seconds(1));
  Begin();
  Run(absl::Milliseconds(500));
  Begin();
  EXPECT_THAT(made_, IsEmpty());
  diagnostician_->Close();
  EXPECT_THAT(made_, SizeIs(2));
  Begin();
  EXPECT_THAT(made_, SizeIs(3));
  for (const Diagnosis& made : made_) {
    EXPECT_THAT(CodesOf(made.problems), ElementsAre("SHUTTING_DOWN"));
  }
  Run(absl::Seconds(20));
  EXPECT_THAT(made_, SizeIs(3));
}

}  // namespace
}  // namespace signalbox
