#include "server/rpc/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/error.h"
#include "server/rpc/method_rights.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {
namespace {

constexpr absl::Time kLoginTime = absl::FromUnixSeconds(1'796'000'000);

CallerToken TokenOf(absl::string_view text,
                    absl::Time expire_time = absl::InfiniteFuture()) {
  return {Sha256(text), expire_time};
}

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

Repository Repo(absl::string_view text) { return *ParseRepository(text); }

class AuthorizerTest : public testing::Test {
 protected:
  const Caller farm_ = {"linux-farm",
                        {TokenOf("farm-token")},
                        {"acme/*", "ghes.example.com/tools/*"},
                        {"ci/*"},
                        {Right::kReport, Right::kRead}};
  const Caller shim_ = {"shim",
                        {TokenOf("shim-token")},
                        {"acme/*", "solo/app"},
                        {"ci/*"},
                        {Right::kReport, Right::kWebhook}};
  const Caller reader_ = {
      "screen", {TokenOf("screen-token")}, {"*/*"}, {"*"}, {Right::kRead}};
  const Authorizer authorizer_{{farm_, reader_}};
};

TEST_F(AuthorizerTest, KnowsCallersByTheirToken) {
  EXPECT_EQ(
      authorizer_.Authenticate("Bearer farm-token", kLoginTime)->caller->name,
      "linux-farm");
  EXPECT_EQ(
      authorizer_.Authenticate("bearer screen-token", kLoginTime)->caller->name,
      "screen");
  EXPECT_EQ(authorizer_.Authenticate("screen-token", kLoginTime)->caller->name,
            "screen");
  EXPECT_EQ(
      authorizer_.Authenticate("token screen-token", kLoginTime)->caller->name,
      "screen");
  EXPECT_EQ(
      authorizer_
          .Authenticate(
              absl::StrCat("Basic ", absl::Base64Escape("u:screen-token")),
              kLoginTime)
          ->caller->name,
      "screen");
}

// A caller changes from one token to the other while both are valid.
TEST_F(AuthorizerTest, KnowsACallerByEachOfItsTokensUntilTheyEnd) {
  const absl::Time end = kLoginTime + absl::Hours(1);
  const Authorizer authorizer({Caller{
      "farm", {TokenOf("old", end), TokenOf("new")}, {"*/*"}, {"*"}, {}}});
  const auto as = [&authorizer](const char* token, absl::Time now) {
    return authorizer.Authenticate(token, now);
  };
  EXPECT_EQ(as("old", kLoginTime)->caller->name, "farm");
  EXPECT_EQ(as("old", kLoginTime)->token_expire_time, end);
  EXPECT_TRUE(as("old", end - absl::Nanoseconds(1)).ok());
  for (const absl::Duration late : {absl::ZeroDuration(), absl::Hours(1)}) {
    const absl::Status refused = as("old", end + late).status();
    EXPECT_TRUE(absl::IsUnauthenticated(refused));
    EXPECT_EQ(ReasonOf(refused), "TOKEN_EXPIRED");
    EXPECT_THAT(std::string(refused.message()),
                AllOf(HasSubstr("caller farm"), HasSubstr(" UTC; send")));
    EXPECT_EQ(as("new", end + late)->caller->name, "farm");
  }
  EXPECT_EQ(as("new", end)->token_expire_time, absl::InfiniteFuture());
}

// A call that has begun must not meet a caller that is gone.
TEST_F(AuthorizerTest, AnotherTokenLeavesTheCallerAsItWas) {
  Authorizer authorizer({farm_, reader_});
  const Caller* const farm =
      authorizer.Authenticate("farm-token", kLoginTime)->caller;
  authorizer.SetTokens("linux-farm", {TokenOf("newer")});
  authorizer.SetTokens("nobody", {TokenOf("nobodys")});
  EXPECT_EQ(authorizer.Authenticate("newer", kLoginTime)->caller, farm);
  EXPECT_FALSE(authorizer.Authenticate("farm-token", kLoginTime).ok());
  EXPECT_FALSE(authorizer.Authenticate("nobodys", kLoginTime).ok());
  EXPECT_EQ(authorizer.Authenticate("screen-token", kLoginTime)->caller->name,
            "screen");
  EXPECT_EQ(farm->name, "linux-farm");
}

TEST_F(AuthorizerTest, ACallThatLastsNeedsATokenThatIsStillValid) {
  const absl::Time end = kLoginTime + absl::Hours(1);
  Authorizer authorizer({Caller{
      "farm", {TokenOf("old", end), TokenOf("new")}, {"*/*"}, {"*"}, {}}});
  const Identity as_old = *authorizer.Authenticate("old", kLoginTime);
  const Identity as_new = *authorizer.Authenticate("new", kLoginTime);
  EXPECT_TRUE(authorizer.Recheck(as_old, kLoginTime).ok());
  EXPECT_EQ(ReasonOf(authorizer.Recheck(as_old, end)), "TOKEN_EXPIRED");
  EXPECT_TRUE(authorizer.Recheck(as_new, end).ok());
  authorizer.SetTokens("farm", {TokenOf("newest"), TokenOf("new")});
  EXPECT_EQ(ReasonOf(authorizer.Recheck(as_old, kLoginTime)), "UNKNOWN_CALLER");
  EXPECT_TRUE(authorizer.Recheck(as_new, kLoginTime).ok());
  EXPECT_TRUE(Authorizer({}).Recheck(Identity(), kLoginTime).ok());
}

// Somebody gave a tool our address and left its old token.
TEST_F(AuthorizerTest, CountsGitHubsTokensAndNeverShowsThem) {
  Metrics metrics;
  const Authorizer authorizer({farm_}, &metrics);
  for (const char* const value :
       {"Bearer ghp_hidden", "token ghp_hidden", "Bearer unknown"}) {
    const absl::Status refused =
        authorizer.Authenticate(value, kLoginTime).status();
    EXPECT_EQ(ReasonOf(refused), "UNKNOWN_CALLER");
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("hidden")));
  }
  EXPECT_THAT(metrics.Text(),
              HasSubstr("\nsignalbox_github_tokens_refused_total 2\n"));
}

// A caller may still have a token that only looks like GitHub's.
TEST_F(AuthorizerTest, AKnownTokenMayLookLikeGitHubs) {
  Metrics metrics;
  const Authorizer authorizer(
      {Caller{"tool", {TokenOf("ghp_own")}, {"*/*"}, {"*"}, {}}}, &metrics);
  EXPECT_EQ(authorizer.Authenticate("token ghp_own", kLoginTime)->caller->name,
            "tool");
  EXPECT_THAT(metrics.Text(),
              HasSubstr("\nsignalbox_github_tokens_refused_total 0\n"));
}

TEST_F(AuthorizerTest, RefusesEveryOtherToken) {
  for (const char* value : {"", "Bearer ", "Bearer", "Bearer farm-toke",
                            "Bearer farm-token2", "Basic farm-token"}) {
    const auto caller = authorizer_.Authenticate(value, kLoginTime);
    EXPECT_EQ(caller.status().code(), absl::StatusCode::kUnauthenticated)
        << value;
    EXPECT_EQ(ReasonOf(caller.status()), "UNKNOWN_CALLER");
  }
}

// An empty digest file must not admit the empty token or any other.
TEST_F(AuthorizerTest, ACallerWithoutADigestIsNobody) {
  const Authorizer authorizer(
      {Caller{"broken", {CallerToken{}}, {"*/*"}, {"*"}, {}}});
  EXPECT_FALSE(authorizer.Authenticate("", kLoginTime).ok());
  EXPECT_FALSE(authorizer.Authenticate("Bearer x", kLoginTime).ok());
}

TEST_F(AuthorizerTest, WithoutCallersEverybodyMayDoEverything) {
  const Authorizer open({});
  const auto caller = open.Authenticate("", kLoginTime);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->caller, nullptr);
  EXPECT_TRUE(
      Authorizer::Authorize(nullptr, Right::kReport, Repo("a/b"), {"x"}).ok());
}

// A new method fails here until kMethodRights says who may call it.
TEST(MethodRightsTest, EveryMethodOfTheServiceHasOneRow) {
  std::vector<std::string> methods;
  const auto* const service =
      v1::ReportPendingRequest::descriptor()->file()->FindServiceByName(
          "StatusService");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    methods.push_back(service->method(i)->name());
  }
  std::vector<std::string> rows;
  for (const MethodRight& row : kMethodRights) rows.emplace_back(row.method);
  EXPECT_THAT(rows, UnorderedElementsAreArray(methods));
}

// Each method with a caller for each right: only the method's right admits.
TEST_F(AuthorizerTest, AdmitsWhoHasTheRightOfTheMethod) {
  std::vector<Right> rights;
  std::vector<Caller> callers;
  for (const Right right : Authorizer::GrantsOf(nullptr).rights) {
    rights.push_back(right);
    const std::string name(NameOf(right));
    callers.push_back(Caller{name, {TokenOf(name)}, {"*"}, {"*"}, {right}});
  }
  ASSERT_EQ(rights.size(), 5u);
  const Authorizer authorizer(callers);
  for (const MethodRight& row : kMethodRights) {
    for (const Right right : rights) {
      const auto admitted =
          authorizer.Admit(row.method, NameOf(right), kLoginTime);
      EXPECT_EQ(admitted.ok(), !row.right.has_value() || row.right == right)
          << row.method << " " << NameOf(right);
      EXPECT_EQ(NotGrantedOf(admitted.status()), admitted.ok() ? "" : "right");
    }
    EXPECT_TRUE(absl::IsUnauthenticated(
        authorizer.Admit(row.method, "nobody", kLoginTime).status()));
    EXPECT_EQ(Authorizer({}).Admit(row.method, "", kLoginTime)->caller,
              nullptr);
  }
}

TEST_F(AuthorizerTest, NobodyMayCallAMethodWithoutARow) {
  EXPECT_TRUE(absl::IsPermissionDenied(
      authorizer_.Admit("DropEverything", "farm-token", kLoginTime).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(
      Authorizer({}).Admit("DropEverything", "", kLoginTime).status()));
}

TEST_F(AuthorizerTest, GrantsByRepositoryContextAndRight) {
  struct Case {
    const Caller* caller;
    Right right;
    const char* repository;
    std::vector<std::string> contexts;
    bool granted;
  };
  for (const Case& c : std::vector<Case>{
           {&farm_, Right::kReport, "acme/app", {"ci/build"}, true},
           {&farm_, Right::kReport, "ACME/App", {"CI/Build"}, true},
           {&farm_, Right::kReport, "acme/app", {"ci/gr\u00fcn"}, true},
           {&farm_, Right::kReport, "acme/app", {"gr\u00fcn/ci"}, false},
           {&farm_, Right::kReport, "acme/app", {"ci/build", "deploy"}, false},
           {&farm_, Right::kReport, "acme2/app", {"ci/build"}, false},
           {&farm_,
            Right::kReport,
            "ghes.example.com/acme/app",
            {"ci/a"},
            false},
           {&farm_, Right::kReport, "ghes.example.com/tools/x", {"ci/a"}, true},
           {&farm_, Right::kReport, "tools/x", {"ci/a"}, false},
           {&farm_, Right::kRead, "acme/app", {}, true},
           {&farm_, Right::kRead, "other/app", {}, false},
           {&reader_, Right::kRead, "other/app", {}, true},
           {&reader_, Right::kReport, "other/app", {"ci/build"}, false},
       }) {
    const absl::Status status = Authorizer::Authorize(
        c.caller, c.right, Repo(c.repository), c.contexts);
    EXPECT_EQ(status.ok(), c.granted) << c.caller->name << " " << c.repository;
    if (!c.granted) {
      EXPECT_EQ(ReasonOf(status), "NOT_GRANTED");
    }
  }
}

TEST_F(AuthorizerTest, SaysWhetherATokenIsMissingOrWrong) {
  const absl::Status none = authorizer_.Authenticate("", kLoginTime).status();
  const absl::Status wrong =
      authorizer_.Authenticate("Bearer x", kLoginTime).status();
  EXPECT_THAT(std::string(none.message()), HasSubstr("no token was sent"));
  EXPECT_THAT(std::string(wrong.message()),
              HasSubstr("belongs to no configured caller"));
}

TEST_F(AuthorizerTest, RightsHaveTheNamesOfTheConfiguration) {
  EXPECT_EQ(RightNamed("report"), Right::kReport);
  EXPECT_EQ(RightNamed("read"), Right::kRead);
  EXPECT_EQ(RightNamed("operate"), Right::kOperate);
  EXPECT_EQ(RightNamed("webhook"), Right::kWebhook);
  EXPECT_EQ(RightNamed("admin"), Right::kAdmin);
  EXPECT_EQ(RightNamed("Read"), std::nullopt);
}

TEST_F(AuthorizerTest, SaysWhatWasNotGranted) {
  const auto what = [](const Caller& caller, Right right,
                       absl::string_view repository,
                       const std::vector<std::string>& contexts) {
    return NotGrantedOf(
        Authorizer::Authorize(&caller, right, Repo(repository), contexts));
  };
  EXPECT_EQ(what(reader_, Right::kReport, "acme/app", {}), "right");
  EXPECT_EQ(what(farm_, Right::kReport, "other/app", {"x"}), "repository");
  EXPECT_EQ(what(farm_, Right::kReport, "acme/app", {"x"}), "context");
  EXPECT_EQ(what(farm_, Right::kReport, "acme/app", {"ci/x"}), "");
  EXPECT_EQ(NotGrantedOf(absl::PermissionDeniedError("x")), "");
}

// Only a caller with the right may send what GitHub alone can say.
TEST_F(AuthorizerTest, SpeakingAsGitHubIsARightOfItsOwn) {
  const auto reports = [](const std::function<void(Submission*)>& change) {
    Converted converted;
    converted.submission.report.repository = Repo("acme/app");
    converted.submission.contexts = {"ci/build", "ci/lint"};
    change(&converted.submission);
    return converted;
  };
  const std::vector<std::function<void(Submission*)>> as_github = {
      [](Submission* s) { s->delivery.emplace(); },
      [](Submission* s) { s->change.emplace(); },
      [](Submission* s) { s->observed.emplace(); }};
  for (const auto& change : as_github) {
    Converted converted = reports(change);
    const absl::Status refused =
        Authorizer::AuthorizeReports(&farm_, &converted);
    EXPECT_EQ(ReasonOf(refused), "NOT_GRANTED");
    EXPECT_EQ(NotGrantedOf(refused), "right");
    converted = reports(change);
    EXPECT_TRUE(Authorizer::AuthorizeReports(&shim_, &converted).ok());
    EXPECT_EQ(converted.submission.caller, "shim");
    converted = reports(change);
    EXPECT_TRUE(Authorizer::AuthorizeReports(nullptr, &converted).ok());
  }
}

// A farm that fills it in loses no report, but its number is dropped.
TEST_F(AuthorizerTest, ANumberOfSomebodyWhoDoesNotSpeakAsGitHubIsLeftOut) {
  for (const bool is_shim : {false, true}) {
    Converted converted;
    Report& report = converted.submission.report;
    report.repository = Repo("acme/app");
    report.repository_id = 7;
    converted.submission.contexts = {"ci/build", "ci/lint"};
    converted.warnings = {"repaired"};
    ASSERT_TRUE(
        Authorizer::AuthorizeReports(is_shim ? &shim_ : &farm_, &converted)
            .ok());
    EXPECT_EQ(report.repository_id, is_shim ? 7 : 0);
    ASSERT_EQ(converted.warnings.size(), is_shim ? 1u : 2u);
    if (!is_shim) {
      EXPECT_THAT(converted.warnings[1], HasSubstr("repository_id left out"));
    }
  }
}

// A caller without a grant must not learn that a repository has no contexts.
TEST_F(AuthorizerTest, ReportsOfNothingNeedAGrantToo) {
  Converted converted;
  converted.submission.report.repository = Repo("other/app");
  EXPECT_EQ(NotGrantedOf(Authorizer::AuthorizeReports(&farm_, &converted)),
            "repository");
}

// A caller that has lost a repository must not learn its new name.
TEST_F(AuthorizerTest, AnotherNameIsAskedForAndNotTold) {
  Converted converted;
  converted.submission.report.repository = Repo("acme/app");
  ASSERT_TRUE(Authorizer::AuthorizeReports(&farm_, &converted).ok());
  const auto& may_report = converted.submission.may_report;
  EXPECT_TRUE(may_report(Repo("acme/new")).ok());
  const absl::Status refused = may_report(Repo("other/secret"));
  EXPECT_EQ(NotGrantedOf(refused), "repository");
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("acme/app"), Not(HasSubstr("other"))));
}

TEST_F(AuthorizerTest, EventsNeedAGrantOfAllThatTheyName) {
  struct Case {
    Event event;
    const char* lacks;  // Empty: granted.
  };
  const auto moved = [](const char* from, const char* to) {
    return RepositoryMoved{Repo(from), Repo(to), 7};
  };
  const auto rerun = [](const char* repository,
                        std::vector<std::string> contexts) {
    RerunRequested wanted;
    wanted.repository = Repo(repository);
    wanted.contexts = std::move(contexts);
    return wanted;
  };
  for (const Case& c : std::vector<Case>{
           {moved("acme/a", "acme/b"), ""},
           {moved("acme/a", "other/b"), "repository"},
           {moved("other/a", "acme/b"), "repository"},
           {RepositoryArchived{Repo("acme/a"), 7, true}, ""},
           {RepositoryArchived{Repo("other/a"), 7, true}, "repository"},
           {InstallationChanged{"github.com", "Acme", 1, 1, "created"}, ""},
           {InstallationChanged{"github.com", "solo", 1, 1, "created"},
            "account"},
           {InstallationChanged{"ghes.example.com", "acme", 1, 1, "created"},
            "account"},
           {rerun("acme/a", {}), ""},
           {rerun("acme/a", {"ci/x"}), ""},
           {rerun("acme/a", {"ci/x", "lint"}), "context"},
           {rerun("other/a", {"ci/x"}), "repository"},
       }) {
    EventSubmission submission;
    submission.event = c.event;
    const absl::Status status = Authorizer::AuthorizeEvent(&shim_, &submission);
    EXPECT_EQ(NotGrantedOf(status), c.lacks) << c.event.index() << status;
    EXPECT_EQ(status.ok(), *c.lacks == '\0') << status;
    EXPECT_EQ(NotGrantedOf(Authorizer::AuthorizeEvent(&farm_, &submission)),
              "right");
    EXPECT_TRUE(Authorizer::AuthorizeEvent(nullptr, &submission).ok());
  }
}

// A deferred action needs the grants of the configuration at that time.
TEST_F(AuthorizerTest, ACallerIsAskedForLaterByName) {
  const auto may = [this](absl::string_view name, absl::string_view repository,
                          const std::string& context) {
    return authorizer_
        .AuthorizeLater(name, Right::kReport, Repo(repository), {context})
        .ok();
  };
  EXPECT_TRUE(may("linux-farm", "acme/app", "ci/build"));
  EXPECT_FALSE(may("linux-farm", "acme/app", "deploy"));
  EXPECT_FALSE(may("linux-farm", "other/app", "ci/build"));
  EXPECT_FALSE(may("screen", "acme/app", "ci/build"));
  EXPECT_FALSE(may("gone", "acme/app", "ci/build"));
  EXPECT_FALSE(may("", "acme/app", "ci/build"));
  EXPECT_TRUE(authorizer_.MayReport("linux-farm", Repo("acme/app"), "ci/x"));
  EXPECT_FALSE(authorizer_.MayReport("linux-farm", Repo("acme/app"), "deploy"));
  EXPECT_TRUE(authorizer_.MayReport("linux-farm", Repo("acme/app"), ""));
  EXPECT_FALSE(authorizer_.MayReport("linux-farm", Repo("other/app"), ""));
  EXPECT_TRUE(Authorizer({})
                  .AuthorizeLater("", Right::kReport, Repo("a/b"), {"x"})
                  .ok());
}

// `sha256sum farm.token` includes the line end. The caller's token does not.
TEST_F(AuthorizerTest, ADigestMayBeMadeWithALineEnd) {
  for (const char* line_end : {"", "\n", "\r\n"}) {
    const Authorizer authorizer(
        {farm_, Caller{"new",
                       {TokenOf(absl::StrCat("hello", line_end))},
                       {"*/*"},
                       {"*"},
                       {}}});
    const auto caller = authorizer.Authenticate("Bearer hello", kLoginTime);
    ASSERT_TRUE(caller.ok()) << caller.status();
    EXPECT_EQ(caller->caller->name, "new");
    EXPECT_EQ(
        authorizer.Authenticate("Bearer farm-token", kLoginTime)->caller->name,
        "linux-farm");
    EXPECT_FALSE(authorizer.Authenticate("Bearer hell", kLoginTime).ok());
    EXPECT_FALSE(authorizer.Authenticate("\n", kLoginTime).ok());
  }
  const Authorizer empty(
      {Caller{"empty", {TokenOf("\n")}, {"*/*"}, {"*"}, {}}});
  EXPECT_FALSE(empty.Authenticate("", kLoginTime).ok());
  EXPECT_FALSE(empty.Authenticate("Bearer \n", kLoginTime).ok());
}

}  // namespace
}  // namespace signalbox
