// The calls that a door with GitHub's REST API needs: the reports of a commit,
// the commit that a ref means, and the repository that has a number.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/rename_repository.h"

namespace signalbox {
namespace {

using testing::IsEmpty;

class RestReadsTest : public ServiceTest {
 protected:
  void SetUp() override {
    Serve({CallerOf("farm", {"acme/*"}, {"ci/*"}, {Right::kReport}),
           CallerOf("reader", {"acme/*"}, {"*"}, {Right::kRead}),
           CallerOf("shim", {"acme/*", "globex/*"}, {"*"},
                    {Right::kReport, Right::kWebhook}),
           CallerOf("other", {"globex/*"}, {"*"}, {Right::kRead})});
  }

  // Makes a call with this token. Returns its code and reason: "OK", or such as
  // "5 NOTHING_REPORTED".
  template <typename Request, typename Response>
  std::string Call(grpc::Status (v1::StatusService::Stub::*method)(
                       grpc::ClientContext*, const Request&, Response*),
                   const Request& request, Response* response,
                   const std::string& token) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    const grpc::Status status =
        (stub_.get()->*method)(&context, request, response);
    if (status.ok()) return "OK";
    return absl::StrCat(status.error_code(), " ",
                        Trailer(context, "signalbox-reason"));
  }

  void ReportResult(const std::string& context, v1::Result result) {
    v1::ReportResultRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    request.set_context(context);
    request.set_result(result);
    v1::ReportResultResponse response;
    ASSERT_EQ(Call(&v1::StatusService::Stub::ReportResult, request, &response,
                   "farm"),
              "OK");
    receipts_.push_back(response.receipt());
  }

  std::string List(const std::string& repository, const std::string& token,
                   const std::string& page_token = "", int page_size = 0) {
    v1::ListReportsRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    request.set_page_token(page_token);
    request.set_page_size(page_size);
    list_.Clear();
    return Call(&v1::StatusService::Stub::ListReports, request, &list_, token);
  }

  // GitHub tells of a push to the branch main.
  void Push(const std::string& repository, int64_t number) {
    v1::ReportPendingRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    request.add_contexts("ci/build");
    request.set_repository_id(number);
    request.mutable_delivery()->set_id(absl::StrCat("push-", number));
    request.mutable_delivery()->set_event("push");
    request.mutable_change()->set_event("push");
    request.mutable_change()->set_base_ref("refs/heads/main");
    request.mutable_change()->mutable_updated_time()->set_seconds(1700000000);
    v1::ReportPendingResponse response;
    ASSERT_EQ(Call(&v1::StatusService::Stub::ReportPending, request, &response,
                   "shim"),
              "OK");
  }

  std::string Resolve(const std::string& repository, const std::string& ref,
                      const std::string& token) {
    v1::ResolveRefRequest request;
    request.set_repository(repository);
    request.set_ref(ref);
    resolved_.Clear();
    return Call(&v1::StatusService::Stub::ResolveRef, request, &resolved_,
                token);
  }

  std::string Find(const v1::GetRepositoryRequest& request,
                   const std::string& token) {
    found_.Clear();
    return Call(&v1::StatusService::Stub::GetRepository, request, &found_,
                token);
  }
  std::string FindNamed(const std::string& repository,
                        const std::string& token) {
    v1::GetRepositoryRequest request;
    request.set_repository(repository);
    return Find(request, token);
  }
  std::string FindNumbered(int64_t number, const std::string& token,
                           const std::string& host = "") {
    v1::GetRepositoryRequest request;
    request.set_repository_id(number);
    request.set_host(host);
    return Find(request, token);
  }

  v1::ResolveRefResponse resolved_;
  v1::GetRepositoryResponse found_;
  std::vector<v1::Receipt> receipts_;
  v1::ListReportsResponse list_;
};

// A call that does not want the name does not pay for it.
TEST_F(RestReadsTest, NamesTheUserThatPosts) {
  v1::ReportResultRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.set_context("ci/build");
  request.set_result(v1::RESULT_SUCCESS);
  const auto report = [&] {
    v1::ReportResultResponse response;
    EXPECT_EQ(Call(&v1::StatusService::Stub::ReportResult, request, &response,
                   "farm"),
              "OK");
    return response;
  };
  request.set_with_creator(true);
  EXPECT_FALSE(report().has_creator());
  EXPECT_EQ(List("acme/app", "reader"), "OK");
  EXPECT_FALSE(list_.has_creator());
  creator_ = StatusCreator{"octocat", 583231, "User"};
  EXPECT_EQ(report().creator().login(), "octocat");
  EXPECT_EQ(report().creator().id(), 583231);
  EXPECT_EQ(report().creator().type(), "User");
  EXPECT_EQ(List("acme/app", "reader"), "OK");
  EXPECT_EQ(list_.creator().login(), "octocat");
  request.set_with_creator(false);
  EXPECT_FALSE(report().has_creator());
}

TEST_F(RestReadsTest, ListsTheReportsOfACommitByPages) {
  ReportResult("ci/build", v1::RESULT_CANCELLED);
  ReportResult("ci/lint", v1::RESULT_SUCCESS);
  ReportResult("ci/build", v1::RESULT_FAILURE);
  ASSERT_EQ(List("acme/app", "reader", "", 2), "OK");
  ASSERT_EQ(list_.reports_size(), 2);
  EXPECT_EQ(list_.repository(), "acme/app");
  EXPECT_EQ(list_.sha(), kSha);
  EXPECT_EQ(list_.reports(0).context(), "ci/build");
  EXPECT_EQ(list_.reports(0).state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(list_.reports(0).result(), v1::RESULT_FAILURE);
  EXPECT_EQ(list_.reports(0).caller(), "farm");
  EXPECT_EQ(list_.reports(0).status_id(), 0);
  EXPECT_EQ(list_.reports(0).sequence(), receipts_[2].sequence());
  EXPECT_EQ(list_.reports(0).accept_time().seconds(),
            receipts_[2].report_time().seconds());
  EXPECT_EQ(list_.reports(1).context(), "ci/lint");
  const std::string next = list_.next_page_token();
  ASSERT_EQ(List("acme/app", "reader", next, 2), "OK");
  ASSERT_EQ(list_.reports_size(), 1);
  EXPECT_EQ(list_.reports(0).description(), "Cancelled");
  EXPECT_EQ(list_.next_page_token(), "");
  EXPECT_EQ(List("acme/app", "reader", "12"), "3 INVALID_PAGE_TOKEN");
}

TEST_F(RestReadsTest, AnUnknownCommitHasNoReports) {
  EXPECT_EQ(List("acme/app", "reader"), "OK");
  EXPECT_EQ(list_.repository(), "acme/app");
  EXPECT_THAT(list_.reports(), IsEmpty());
}

TEST_F(RestReadsTest, ShowsReportsOnlyToReadersOfTheRepository) {
  ReportResult("ci/build", v1::RESULT_SUCCESS);
  EXPECT_EQ(List("acme/app", "farm"), "7 NOT_GRANTED");
  EXPECT_EQ(List("acme/app", "other"), "7 NOT_GRANTED");
  EXPECT_EQ(List("globex/app", "reader"), "7 NOT_GRANTED");
  EXPECT_EQ(List("acme", "reader"), "3 INVALID_REPOSITORY");
}

TEST_F(RestReadsTest, ResolvesRefs) {
  Push("acme/app", 7);
  for (const char* const ref : {"main", "heads/main", "refs/heads/main"}) {
    ASSERT_EQ(Resolve("acme/app", ref, "reader"), "OK") << ref;
    EXPECT_EQ(resolved_.repository(), "acme/app");
    EXPECT_EQ(resolved_.sha(), kSha);
    EXPECT_EQ(resolved_.full_ref(), "refs/heads/main");
    EXPECT_EQ(resolved_.update_time().seconds(), 1700000000);
  }
  for (const std::string& sha :
       {std::string(kSha), std::string(kSha).substr(0, 7)}) {
    ASSERT_EQ(Resolve("acme/app", sha, "reader"), "OK") << sha;
    EXPECT_EQ(resolved_.sha(), kSha);
    EXPECT_EQ(resolved_.full_ref(), "");
    EXPECT_FALSE(resolved_.has_update_time());
  }
  EXPECT_EQ(Resolve("acme/app", "other", "reader"), "5 REF_UNKNOWN");
  EXPECT_EQ(Resolve("acme/other", "main", "reader"), "5 REF_UNKNOWN");
  for (const std::string& bad :
       {std::string(), std::string("a\nb"), std::string(256, 'x')}) {
    EXPECT_EQ(Resolve("acme/app", bad, "reader"), "3 INVALID_REF") << bad;
  }
  EXPECT_EQ(Resolve("acme/app", "main", "farm"), "7 NOT_GRANTED");
  EXPECT_EQ(Resolve("acme/app", "main", "other"), "7 NOT_GRANTED");
}

TEST_F(RestReadsTest, FindsARepositoryByNameAndNumber) {
  Push("acme/app", 7);
  ASSERT_EQ(FindNamed("ACME/App", "reader"), "OK");
  EXPECT_EQ(found_.repository(), "acme/app");
  EXPECT_EQ(found_.repository_id(), 7);
  ASSERT_EQ(FindNumbered(7, "reader"), "OK");
  EXPECT_EQ(found_.repository(), "acme/app");
  EXPECT_EQ(found_.repository_id(), 7);
  EXPECT_EQ(FindNumbered(7, "reader", "GitHub.com"), "OK");
  // A name that is granted exists, as far as the server knows.
  ASSERT_EQ(FindNamed("acme/new", "reader"), "OK");
  EXPECT_EQ(found_.repository(), "acme/new");
  EXPECT_EQ(found_.repository_id(), 0);
  EXPECT_EQ(FindNumbered(0, "reader"), "3 INVALID_REPOSITORY_ID");
  EXPECT_EQ(FindNumbered(-7, "reader"), "3 INVALID_REPOSITORY_ID");
  EXPECT_EQ(FindNumbered(7, "reader", "ghe.example"), "3 UNKNOWN_HOST");
  EXPECT_EQ(FindNamed("", "reader"), "3 INVALID_REPOSITORY");
  EXPECT_EQ(Find({}, "reader"), "3 INVALID_REPOSITORY_ID");
  v1::GetRepositoryRequest both;
  both.set_repository("acme/app");
  both.set_host("github.com");
  EXPECT_EQ(Find(both, "reader"), "3 INVALID_HOST");
}

// A number is public. Whether the server knows a repository is not.
TEST_F(RestReadsTest, ANumberOfSomebodyElseIsLikeAnUnknownOne) {
  Push("acme/app", 7);
  EXPECT_EQ(FindNumbered(7, "other"), "5 REPOSITORY_UNKNOWN");
  EXPECT_EQ(FindNumbered(8, "other"), "5 REPOSITORY_UNKNOWN");
  EXPECT_EQ(FindNamed("acme/app", "other"), "7 NOT_GRANTED");
  EXPECT_EQ(FindNumbered(7, "farm"), "7 NOT_GRANTED");
}

// The old name is granted, and the repository is somebody else's now.
TEST_F(RestReadsTest, AnOldNameTellsNothingOfTheNewOne) {
  Push("acme/app", 7);
  ReportResult("ci/build", v1::RESULT_SUCCESS);
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/app"),
                               *ParseRepository("globex/site"), 7,
                               Clock::System()->Now())
                  .ok());
  EXPECT_EQ(List("acme/app", "reader"), "OK");
  EXPECT_EQ(list_.repository(), "acme/app");
  EXPECT_THAT(list_.reports(), IsEmpty());
  EXPECT_EQ(List("globex/site", "other"), "OK");
  EXPECT_EQ(list_.reports_size(), 2);
  EXPECT_EQ(Resolve("acme/app", "main", "reader"), "5 REF_UNKNOWN");
  EXPECT_EQ(Resolve("acme/app", "6dcb09b", "reader"), "5 REF_UNKNOWN");
  ASSERT_EQ(Resolve("acme/app", kSha, "reader"), "OK");
  EXPECT_EQ(resolved_.repository(), "acme/app");
  EXPECT_EQ(Resolve("globex/site", "main", "other"), "OK");
  ASSERT_EQ(FindNamed("acme/app", "reader"), "OK");
  EXPECT_EQ(found_.repository(), "acme/app");
  EXPECT_EQ(found_.repository_id(), 0);
  EXPECT_EQ(FindNumbered(7, "reader"), "5 REPOSITORY_UNKNOWN");
  EXPECT_EQ(FindNumbered(7, "other"), "OK");
}

}  // namespace
}  // namespace signalbox
