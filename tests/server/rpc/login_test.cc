// Who Authorizer takes a caller for that comes with an issued token or a JWT.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/method_rights.h"
#include "server/rpc/token_request.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/app_signer.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LoginTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signer_ = new AppSigner(); }
  static void TearDownTestSuite() { delete signer_; }

  LoginTest() {
    farm_ = CallerOf("farm", {"acme/*", "labs/tool"}, {"ci/*", "lint"},
                     {Right::kReport, Right::kRead, Right::kOperate,
                      Right::kWebhook, Right::kAdmin});
    tool_ = CallerOf("tool", {"acme/app"}, {"*"}, {Right::kReport});
    tool_.tokens.clear();
    tool_.app = *ReadAppKey(7, dir_.Write("public.pem", signer_->PublicPem()));
  }

  Authorizer Make() { return Authorizer({farm_, tool_}, nullptr, &keys_); }

  // A token issued to the farm.
  std::string Issued(const Authorizer& authorizer,
                     const std::function<void(v1::IssueTokenRequest*)>& ask,
                     const std::string& by = "farm") {
    v1::IssueTokenRequest request;
    ask(&request);
    const auto identity = authorizer.Admit("IssueToken", by, now_);
    EXPECT_TRUE(identity.ok()) << identity.status();
    if (!identity.ok()) return "";
    const auto wanted = TokenWanted(request, *identity, ConvertOptions(), now_);
    EXPECT_TRUE(wanted.ok()) << wanted.status();
    return wanted.ok() ? keys_.Issue(*wanted, now_).value_or("") : "";
  }
  std::string Issued(const Authorizer& authorizer,
                     const std::string& by = "farm") {
    return Issued(
        authorizer, [](v1::IssueTokenRequest*) {}, by);
  }

  // The reason for which a token is refused; empty: it is not.
  std::string Refusal(const Authorizer& authorizer, const std::string& token) {
    return ReasonOf(authorizer.Authenticate(token, now_).status());
  }

  std::string Jwt() const { return signer_->Jwt("7", now_, absl::Minutes(9)); }

  static AppSigner* signer_;
  const TempDir dir_;
  TokenKeys keys_{dir_.Path("keys")};
  Caller farm_;
  Caller tool_;
  absl::Time now_ = absl::FromUnixSeconds(1'796'000'000);
};

AppSigner* LoginTest::signer_ = nullptr;

TEST_F(LoginTest, AnIssuedTokenIsThatOfItsCaller) {
  const Authorizer authorizer = Make();
  const std::string token = Issued(authorizer);
  for (const char* const scheme : {"", "Bearer ", "token "}) {
    const auto identity =
        authorizer.Authenticate(absl::StrCat(scheme, token), now_);
    ASSERT_TRUE(identity.ok()) << identity.status();
    EXPECT_EQ(identity->caller->name, "farm");
    EXPECT_EQ(identity->token_expire_time, now_ + absl::Hours(1));
    // The others would need a token of the configuration.
    EXPECT_THAT(identity->caller->rights,
                ElementsAre(Right::kReport, Right::kRead, Right::kOperate));
    EXPECT_TRUE(authorizer.Recheck(*identity, now_).ok());
  }
}

TEST_F(LoginTest, EveryOtherTextIsNoIssuedToken) {
  const Authorizer authorizer = Make();
  const std::string token = Issued(authorizer);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_EQ(Refusal(authorizer, changed), "UNKNOWN_CALLER") << i;
  }
  EXPECT_EQ(Refusal(authorizer, "sbx_"), "UNKNOWN_CALLER");
  EXPECT_EQ(Refusal(Authorizer({farm_, tool_}), token), "UNKNOWN_CALLER");
}

TEST_F(LoginTest, AnIssuedTokenEnds) {
  const Authorizer authorizer = Make();
  const std::string token = Issued(authorizer);
  const Identity identity = *authorizer.Authenticate(token, now_);
  now_ += absl::Hours(1) - absl::Nanoseconds(1);
  EXPECT_EQ(Refusal(authorizer, token), "");
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(Refusal(authorizer, token), "TOKEN_EXPIRED");
  EXPECT_EQ(ReasonOf(authorizer.Recheck(identity, now_)), "TOKEN_EXPIRED");
}

TEST_F(LoginTest, AnIssuedTokenEndsWithTheTokenThatItCameBy) {
  farm_.tokens[0].expire_time = now_ + absl::Minutes(10);
  const Authorizer authorizer = Make();
  const auto identity = authorizer.Authenticate(Issued(authorizer), now_);
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->token_expire_time, now_ + absl::Minutes(10));
}

// A thief of a token may have got others by it.
TEST_F(LoginTest, AReplacedTokenTakesThoseIssuedByItAlong) {
  Authorizer authorizer = Make();
  const std::string token = Issued(authorizer);
  const Identity identity = *authorizer.Authenticate(token, now_);
  CallerToken sooner = farm_.tokens[0];
  sooner.expire_time = now_ + absl::Minutes(1);
  authorizer.SetTokens("farm", {sooner});
  EXPECT_EQ(Refusal(authorizer, token), "");
  now_ += absl::Minutes(1);
  EXPECT_EQ(Refusal(authorizer, token), "TOKEN_EXPIRED");
  authorizer.SetTokens("farm", tool_.tokens);
  EXPECT_EQ(Refusal(authorizer, token), "UNKNOWN_CALLER");
  EXPECT_EQ(ReasonOf(authorizer.Recheck(identity, now_)), "UNKNOWN_CALLER");
}

// The token says less than the configuration of today, or the reverse.
TEST_F(LoginTest, TheCallersGrantsAreThoseOfTheUse) {
  const std::string token = Issued(Make());
  EXPECT_EQ(Refusal(Authorizer({tool_}, nullptr, &keys_), token),
            "UNKNOWN_CALLER");
  farm_.repositories = {"acme/app"};
  farm_.rights = {Right::kRead};
  const Authorizer narrowed = Make();
  const CallerRef caller = narrowed.Authenticate(token, now_)->caller;
  EXPECT_THAT(caller->rights, ElementsAre(Right::kRead));
  EXPECT_TRUE(Authorizer::Authorize(caller, Right::kRead,
                                    *ParseRepository("acme/app"), {})
                  .ok());
  EXPECT_FALSE(Authorizer::Authorize(caller, Right::kRead,
                                     *ParseRepository("acme/lib"), {})
                   .ok());
}

TEST_F(LoginTest, ANarrowedTokenNeedsBothGrants) {
  const Authorizer authorizer = Make();
  const std::string token =
      Issued(authorizer, [](v1::IssueTokenRequest* request) {
        v1::Narrowing& narrowing = *request->mutable_narrowing();
        narrowing.add_repositories("*/app");
        narrowing.add_repositories("labs/tool");
        narrowing.add_contexts("*i/build");
        narrowing.add_rights("report");
      });
  const CallerRef caller = authorizer.Authenticate(token, now_)->caller;
  const auto lacks = [&caller](const char* repository, const char* context,
                               Right right = Right::kReport) {
    return NotGrantedOf(Authorizer::Authorize(
        caller, right, *ParseRepository(repository), {context}));
  };
  EXPECT_EQ(lacks("acme/app", "ci/build"), "");
  EXPECT_EQ(lacks("LABS/tool", "CI/build"), "");
  EXPECT_EQ(lacks("acme/lib", "ci/build"), "repository");
  EXPECT_EQ(lacks("labs/app", "ci/build"), "repository");
  EXPECT_EQ(lacks("acme/app", "ci/test"), "context");
  EXPECT_EQ(lacks("acme/app", "hi/build"), "context");
  EXPECT_EQ(lacks("acme/app", "other"), "context");
  EXPECT_EQ(lacks("acme/app", "ci/build", Right::kRead), "right");
  EXPECT_EQ(lacks("acme/app", "ci/build", Right::kOperate), "right");
}

// The caller of the token exists only during the call, but the outbox asks
// later.
TEST_F(LoginTest, AReportKeepsItsCaller) {
  Authorizer authorizer = Make();
  Converted converted;
  {
    const std::string token =
        Issued(authorizer, [](v1::IssueTokenRequest* request) {
          request->mutable_narrowing()->add_repositories("acme/*");
        });
    Report& report = converted.submission.report;
    report.repository = *ParseRepository("acme/app");
    converted.submission.contexts = {"ci/build"};
    converted.submission.with_all_reported = true;
    ASSERT_TRUE(Authorizer::AuthorizeReports(
                    authorizer.Authenticate(token, now_)->caller, &converted)
                    .ok());
  }
  const Submission& submission = converted.submission;
  EXPECT_EQ(submission.caller, "farm");
  EXPECT_TRUE(submission.may_report(*ParseRepository("acme/new")).ok());
  EXPECT_FALSE(submission.may_report(*ParseRepository("labs/tool")).ok());
  EXPECT_TRUE(submission.may_report_context("lint"));
  EXPECT_FALSE(submission.may_report_context("other"));
}

TEST_F(LoginTest, AReportWithATokenForOneRunIsOfThisRun) {
  const Authorizer authorizer = Make();
  const std::string sha(40, 'a');
  const std::string token =
      Issued(authorizer, [](v1::IssueTokenRequest* request) {
        v1::Narrowing& narrowing = *request->mutable_narrowing();
        narrowing.set_sha(std::string(40, 'A'));
        narrowing.set_series("nightly");
        narrowing.set_attempt(9);
      });
  const CallerRef caller = authorizer.Authenticate(token, now_)->caller;
  EXPECT_THAT(caller->rights, ElementsAre(Right::kReport, Right::kRead));
  struct Run {
    std::string sha;
    std::string series;
    int64_t attempt;
    std::string lacks;
  };
  for (const Run& run :
       {Run{sha, "", 0, ""}, Run{sha, "nightly", 9, ""},
        Run{std::string(40, 'b'), "", 0, "sha"},
        Run{sha, "nightly", 8, "attempt"}, Run{sha, "nightly", 10, "attempt"},
        Run{sha, "", 9, "series"}, Run{sha, "other", 9, "series"}}) {
    Converted converted;
    Report& report = converted.submission.report;
    report.repository = *ParseRepository("acme/app");
    report.sha = *ParseSha(run.sha);
    report.series = run.series;
    report.attempt = run.attempt;
    converted.submission.contexts = {"ci/build"};
    const absl::Status status =
        Authorizer::AuthorizeReports(caller, &converted);
    EXPECT_EQ(NotGrantedOf(status), run.lacks) << run.series << run.attempt;
    if (!run.lacks.empty()) {
      EXPECT_TRUE(absl::IsPermissionDenied(status));
      EXPECT_EQ(ReasonOf(status), "NOT_GRANTED");
      continue;
    }
    EXPECT_EQ(report.series, "nightly");
    EXPECT_EQ(report.attempt, 9);
  }
}

TEST_F(LoginTest, AnIssuedTokenIssuesNoOthers) {
  const Authorizer authorizer = Make();
  const std::string token = Issued(authorizer);
  for (const MethodRight& row : kMethodRights) {
    const auto admitted = authorizer.Admit(row.method, token, now_);
    const bool is_fit =
        row.method != "IssueToken" && row.right != Right::kWebhook;
    EXPECT_EQ(admitted.ok(), is_fit) << row.method;
    EXPECT_EQ(NotGrantedOf(admitted.status()), is_fit ? "" : "right");
  }
}

// A JWT cannot be narrowed, so it is only good for a token.
TEST_F(LoginTest, AJwtIsForATokenAlone) {
  const Authorizer authorizer = Make();
  std::vector<std::string> admitted;
  for (const MethodRight& row : kMethodRights) {
    const auto identity = authorizer.Admit(row.method, "bearer " + Jwt(), now_);
    if (!identity.ok()) {
      EXPECT_EQ(NotGrantedOf(identity.status()), "right") << row.method;
      continue;
    }
    admitted.emplace_back(row.method);
    EXPECT_EQ(identity->caller->name, "tool");
    EXPECT_TRUE(authorizer.Recheck(*identity, now_).ok());
  }
  EXPECT_THAT(admitted,
              testing::UnorderedElementsAre("GetServerInfo", "IssueToken"));
}

TEST_F(LoginTest, ATokenGotByAJwtOutlivesIt) {
  const std::string token = Issued(Make(), Jwt());
  now_ += absl::Minutes(59);
  EXPECT_EQ(Refusal(Make(), Jwt()), "");
  const auto identity = Make().Authenticate(token, now_);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_THAT(identity->caller->rights, ElementsAre(Right::kReport));
  // With another key of the tool, it ends.
  const AppSigner other;
  tool_.app = *ReadAppKey(7, dir_.Write("other.pem", other.PublicPem()));
  EXPECT_EQ(Refusal(Make(), token), "UNKNOWN_CALLER");
}

TEST_F(LoginTest, OtherJwtsAreRefused) {
  const Authorizer authorizer = Make();
  const AppSigner other;
  EXPECT_EQ(Refusal(authorizer, other.Jwt("7", now_, absl::Minutes(9))),
            "INVALID_JWT");
  EXPECT_EQ(Refusal(authorizer, signer_->Jwt("8", now_, absl::Minutes(9))),
            "UNKNOWN_CALLER");
  EXPECT_EQ(Refusal(authorizer, signer_->Jwt("7", now_, absl::Minutes(11))),
            "INVALID_JWT");
  // The key itself, which everybody may know, is no token.
  EXPECT_EQ(Refusal(authorizer, tool_.app->der), "UNKNOWN_CALLER");
}

TEST_F(LoginTest, WithoutCallersThereIsNothingToIssue) {
  const Authorizer open({}, nullptr, &keys_);
  const auto wanted = TokenWanted({}, *open.Admit("IssueToken", "", now_),
                                  ConvertOptions(), now_);
  EXPECT_EQ(ReasonOf(wanted.status()), "NO_CALLERS");
}

}  // namespace
}  // namespace signalbox
