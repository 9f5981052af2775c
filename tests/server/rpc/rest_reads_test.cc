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
           CallerOf("shim", {"*"}, {"*"}, {Right::kReport, Right::kWebhook}),
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

  std::vector<v1::Receipt> receipts_;
  v1::ListReportsResponse list_;
};

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

// The old name is granted, and the repository is somebody else's now.
TEST_F(RestReadsTest, AnOldNameTellsNothingOfTheNewOne) {
  ReportResult("ci/build", v1::RESULT_SUCCESS);
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/app"),
                               *ParseRepository("globex/site"), 7,
                               Clock::System()->Now())
                  .ok());
  EXPECT_EQ(List("acme/app", "reader"), "OK");
  EXPECT_EQ(list_.repository(), "acme/app");
  EXPECT_THAT(list_.reports(), IsEmpty());
  EXPECT_EQ(List("globex/site", "other"), "OK");
  EXPECT_EQ(list_.reports_size(), 1);
}

}  // namespace
}  // namespace signalbox
