// The call IssueToken, and calls with what it returns.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/server/rpc/service_test.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;

class IssueTokenTest : public ServiceTest {
 protected:
  void SetUp() override {
    token_keys_ = std::make_unique<TokenKeys>(dir_.Path("issued_token_keys"));
    Serve(
        {CallerOf("farm", {"acme/*"}, {"ci/*"}, {Right::kReport, Right::kRead}),
         CallerOf("reader", {"acme/*"}, {"ci/*"}, {Right::kRead})});
  }

  // Makes a call with this token. Returns the reason of its error; empty: OK.
  template <typename Call>
  std::string ReasonFor(const std::string& token, Call call) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "token " + token);
    const grpc::Status status = call(&context);
    return status.ok() ? "" : Trailer(context, "signalbox-reason");
  }

  std::string Issue(const std::function<void(v1::IssueTokenRequest*)>& ask,
                    const std::string& by = "farm") {
    v1::IssueTokenRequest request;
    ask(&request);
    return ReasonFor(by, [&](grpc::ClientContext* context) {
      return stub_->IssueToken(context, request, &issued_);
    });
  }

  std::string Report(const std::string& token, const std::string& context_name,
                     int64_t attempt = 0) {
    v1::ReportResultRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    request.set_context(context_name);
    request.set_result(v1::RESULT_SUCCESS);
    request.set_attempt(attempt);
    return ReasonFor(token, [&](grpc::ClientContext* context) {
      return stub_->ReportResult(context, request, &reported_);
    });
  }

  v1::IssueTokenResponse issued_;
  v1::ReportResultResponse reported_;
};

TEST_F(IssueTokenTest, SaysWhatTheTokenIs) {
  ASSERT_EQ(Issue([](v1::IssueTokenRequest* request) {
              v1::Narrowing& narrowing = *request->mutable_narrowing();
              narrowing.add_repositories("acme/app");
              narrowing.add_contexts("ci/build");
              narrowing.add_rights("report");
              narrowing.set_attempt(7);
              request->mutable_valid_for()->set_seconds(600);
            }),
            "");
  EXPECT_TRUE(absl::StartsWith(issued_.token(), "sbx_"));
  v1::GetServerInfoResponse info;
  ASSERT_EQ(ReasonFor(issued_.token(),
                      [&](grpc::ClientContext* context) {
                        return stub_->GetServerInfo(context, {}, &info);
                      }),
            "");
  const v1::Grants& grants = info.grants();
  EXPECT_EQ(grants.SerializeAsString(), issued_.grants().SerializeAsString());
  EXPECT_EQ(grants.caller(), "farm");
  EXPECT_THAT(grants.rights(), ElementsAre("report"));
  EXPECT_THAT(grants.repositories(), ElementsAre("acme/*"));
  EXPECT_THAT(grants.narrowing().repositories(), ElementsAre("acme/app"));
  EXPECT_THAT(grants.narrowing().contexts(), ElementsAre("ci/build"));
  EXPECT_EQ(grants.narrowing().attempt(), 7);
  const int64_t left = grants.token_expire_time().seconds() -
                       absl::ToUnixSeconds(Clock::System()->Now());
  EXPECT_GT(left, 500);
  EXPECT_LE(left, 600);
}

TEST_F(IssueTokenTest, AReportGetsTheRunOfItsToken) {
  ASSERT_EQ(Issue([](v1::IssueTokenRequest* request) {
              request->mutable_narrowing()->set_attempt(7);
            }),
            "");
  EXPECT_EQ(Report(issued_.token(), "ci/build"), "");
  EXPECT_EQ(reported_.receipt().newest_attempt(), 7);
  EXPECT_EQ(Report(issued_.token(), "ci/build", 8), "NOT_GRANTED");
  EXPECT_EQ(Report(issued_.token(), "other"), "NOT_GRANTED");
  EXPECT_EQ(Report(issued_.token() + "0", "ci/build"), "UNKNOWN_CALLER");
}

TEST_F(IssueTokenTest, AnIssuedTokenIssuesNone) {
  ASSERT_EQ(Issue([](v1::IssueTokenRequest*) {}), "");
  const std::string token = issued_.token();
  EXPECT_EQ(Issue([](v1::IssueTokenRequest*) {}, token), "NOT_GRANTED");
}

TEST_F(IssueTokenTest, NobodyGetsMoreThanItHas) {
  const auto with = [this](const std::function<void(v1::Narrowing*)>& narrow) {
    return Issue(
        [&narrow](v1::IssueTokenRequest* request) {
          narrow(request->mutable_narrowing());
        },
        "reader");
  };
  EXPECT_EQ(with([](auto* n) { n->add_rights("read"); }), "");
  EXPECT_EQ(with([](auto* n) { n->add_rights("report"); }), "NOT_GRANTED");
  EXPECT_EQ(with([](auto* n) { n->add_repositories("other/app"); }),
            "NOT_GRANTED");
  EXPECT_EQ(with([](auto* n) { n->add_contexts("deploy"); }), "NOT_GRANTED");
  // What is left of a pattern shows at the use.
  EXPECT_EQ(with([](auto* n) { n->add_repositories("*"); }), "");
}

TEST_F(IssueTokenTest, WrongRequestsNameTheField) {
  struct Wrong {
    std::string reason;
    std::function<void(v1::IssueTokenRequest*)> ask;
  };
  const auto narrow = [](std::function<void(v1::Narrowing*)> change) {
    return [change](v1::IssueTokenRequest* request) {
      change(request->mutable_narrowing());
    };
  };
  const std::vector<Wrong> wrongs = {
      {"INVALID_PATTERN", narrow([](auto* n) { n->add_repositories("*/"); })},
      {"INVALID_REPOSITORY",
       narrow([](auto* n) { n->add_repositories("acme"); })},
      {"UNKNOWN_HOST", narrow([](auto* n) { n->add_repositories("x.y/a/b"); })},
      {"TOO_MANY_PATTERNS", narrow([](auto* n) {
         for (int i = 0; i < 101; ++i) n->add_contexts("ci/*");
       })},
      {"NARROWING_TOO_LARGE", narrow([](auto* n) {
         for (int i = 0; i < 100; ++i) {
           n->add_contexts(absl::StrCat("*", std::string(50, 'c')));
         }
       })},
      {"INVALID_CONTEXT", narrow([](auto* n) { n->add_contexts("a\nb"); })},
      {"INVALID_RIGHT", narrow([](auto* n) { n->add_rights("webhook"); })},
      {"INVALID_RIGHT", narrow([](auto* n) { n->add_rights(""); })},
      {"INVALID_RIGHT", narrow([](auto* n) {
         n->set_attempt(1);
         n->add_rights("operate");
       })},
      {"INVALID_SHA", narrow([](auto* n) { n->set_sha("abc"); })},
      {"INVALID_SERIES", narrow([](auto* n) { n->set_series("s"); })},
      {"INVALID_SERIES", narrow([](auto* n) {
         n->set_series("s\n");
         n->set_attempt(1);
       })},
      {"INVALID_ATTEMPT", narrow([](auto* n) { n->set_attempt(-1); })},
      {"INVALID_VALID_FOR",
       [](auto* request) { request->mutable_valid_for()->set_seconds(59); }},
      {"INVALID_VALID_FOR", [](auto* request) {
         request->mutable_valid_for()->set_seconds(30 * 86400 + 1);
       }}};
  for (const Wrong& wrong : wrongs) {
    EXPECT_EQ(Issue(wrong.ask), wrong.reason);
  }
}

// A farm whose token was replaced must not go on by one that it had issued.
TEST_F(IssueTokenTest, AStreamEndsWithTheTokenThatIssuedItsToken) {
  ASSERT_EQ(Issue([](v1::IssueTokenRequest*) {}), "");
  grpc::ClientContext context;
  context.AddMetadata("authorization", "token " + issued_.token());
  const auto call = stub_->StreamReports(&context);
  v1::StreamReportsRequest request;
  request.mutable_pending()->set_repository("acme/app");
  request.mutable_pending()->set_sha(kSha);
  request.mutable_pending()->add_contexts("ci/build");
  ASSERT_TRUE(call->Write(request));
  v1::StreamReportsResponse response;
  ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.code(), 0);
  authorizer_->SetTokens("farm", {});
  call->Write(request);
  EXPECT_FALSE(call->Read(&response));
  EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace signalbox
