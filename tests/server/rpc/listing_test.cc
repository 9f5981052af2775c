// ListStatuses and RetryPosts: what is stuck, and all of it tried again.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/key_report.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Kind = Settlement::Kind;

// The largest message that gRPC's clients take by default.
constexpr size_t kDefaultLimit = 4 << 20;

Sha ShaOf(int number) {
  return *ParseSha(
      absl::StrCat(absl::Hex(number, absl::kZeroPad8), std::string(32, 'a')));
}

class ListingTest : public ServiceTest {
 protected:
  void Report(const std::string& repository, int sha = 1,
              const std::string& context = "ci/build",
              const std::string& description = "",
              const std::string& target_url = "",
              absl::Time now = Clock::System()->Now()) {
    KeyReport report;
    report.repository = *ParseRepository(repository);
    report.sha = ShaOf(sha);
    report.context = context;
    report.result = Result::kSuccess;
    report.description = description;
    report.target_url = target_url;
    ASSERT_TRUE(outbox_->Accept({Of({report})}, now).ok());
  }

  // Takes a due entry of the owner, and ends its try with `kind`.
  void Settle(const std::string& owner, Kind kind,
              const std::string& reason = "") {
    LeaseRequest request;
    request.credential = "github.com/" + owner;
    request.lease_time = absl::Hours(1);
    const auto lease = signalbox::TakeDue(*outbox_, request, Now());
    ASSERT_TRUE(lease.ok() && lease->has_value()) << owner;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = kind;
    settlement.reason = reason;
    settlement.retry_in = absl::Hours(1);
    if (kind == Kind::kPosted) {
      settlement.shown = (*lease)->wanted;
      settlement.status_id = 1;
    }
    ASSERT_TRUE(signalbox::Settle(*outbox_, settlement, Now()).ok());
  }

  void Abandon(const std::string& repository, const std::string& reason,
               int sha = 1, const std::string& context = "ci/build") {
    Report(repository, sha, context);
    Settle(repository.substr(0, repository.find('/')), Kind::kAbandoned,
           reason);
  }

  absl::Time Now() { return Clock::System()->Now(); }

  // One status of each kind, of one owner.
  void ReportAll() {
    Report("acme/posted");
    Settle("acme", Kind::kPosted);
    Report("acme/parked", 1);
    Settle("acme", Kind::kParked, "PERMISSION_MISSING");
    Report("acme/parked", 2);
    Abandon("acme/given-up", "NO_COMMIT_FOUND");
    Report("acme/waits");
    Settle("acme", Kind::kRetry, "SERVER_ERROR");
    Report("acme/due", 1, "ci/lint");
  }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::StatusService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response,
                    const std::string& token = "",
                    std::string* reason = nullptr) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", token);
    const grpc::Status status =
        (stub_.get()->*method)(&context, request, response);
    if (reason != nullptr) *reason = Trailer(context, "signalbox-reason");
    return status;
  }

  grpc::Status List(const v1::ListStatusesRequest& request,
                    v1::ListStatusesResponse* response,
                    const std::string& token = "",
                    std::string* reason = nullptr) {
    return Call(&v1::StatusService::Stub::ListStatuses, request, response,
                token, reason);
  }
  grpc::Status Retry(const v1::RetryPostsRequest& request,
                     v1::RetryPostsResponse* response,
                     const std::string& token = "",
                     std::string* reason = nullptr) {
    return Call(&v1::StatusService::Stub::RetryPosts, request, response, token,
                reason);
  }

  // "REPOSITORY CONTEXT STATE reason" of each, page by page.
  std::vector<std::string> Listed(const v1::StatusFilter& filter = {},
                                  int page_size = 0,
                                  const std::string& token = "") {
    std::vector<std::string> lines;
    v1::ListStatusesRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(page_size);
    for (int pages = 0; pages < 100; ++pages) {
      v1::ListStatusesResponse page;
      const grpc::Status status = List(request, &page, token);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (page_size > 0) {
        EXPECT_LE(page.statuses_size(), page_size);
      }
      for (const v1::ListedStatus& listed : page.statuses()) {
        const v1::Posting& posting = listed.status().posting();
        std::string line = absl::StrCat(
            listed.repository(), " ", listed.status().context(), " ",
            absl::StripPrefix(v1::PostingState_Name(posting.state()),
                              "POSTING_STATE_"));
        if (!posting.reason().empty()) {
          absl::StrAppend(&line, " ", posting.reason());
        }
        lines.push_back(line);
      }
      if (page.next_page_token().empty()) return lines;
      request.set_page_token(page.next_page_token());
    }
    ADD_FAILURE() << "it does not end";
    return lines;
  }

  // How many statuses were tried again, page by page.
  int64_t Retried(const v1::StatusFilter& filter = {}, int page_size = 0,
                  const std::string& token = "") {
    int64_t count = 0;
    v1::RetryPostsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(page_size);
    for (int pages = 0; pages < 100; ++pages) {
      v1::RetryPostsResponse page;
      const grpc::Status status = Retry(request, &page, token);
      EXPECT_TRUE(status.ok()) << status.error_message();
      count += page.retried_count();
      if (page.next_page_token().empty()) return count;
      request.set_page_token(page.next_page_token());
    }
    ADD_FAILURE() << "it does not end";
    return count;
  }

  static v1::StatusFilter OfStates(
      const std::vector<v1::PostingState>& states) {
    v1::StatusFilter filter;
    for (const v1::PostingState state : states) {
      filter.add_posting_states(state);
    }
    return filter;
  }
};

TEST_F(ListingTest, ListsWhatGitHubDoesNotShowByRepositoryAndAge) {
  ReportAll();
  const std::vector<std::string> all = {
      "acme/parked ci/build WAITING PERMISSION_MISSING",
      "acme/parked ci/build WAITING PERMISSION_MISSING",
      "acme/given-up ci/build ABANDONED NO_COMMIT_FOUND",
      "acme/waits ci/build WAITING SERVER_ERROR", "acme/due ci/lint DUE"};
  for (const int page_size : {0, 1, 2, 5, 1000, 5000}) {
    EXPECT_EQ(Listed({}, page_size), all) << page_size;
  }
}

// Otherwise it would be due for ever, without a reason.
TEST_F(ListingTest, WithoutACredentialAStatusWaitsForOne) {
  Report("nobody/app");
  const std::vector<std::string> waits = {
      "nobody/app ci/build WAITING NO_CREDENTIAL"};
  EXPECT_EQ(Listed(), waits);
  EXPECT_EQ(Listed(OfStates({v1::POSTING_STATE_WAITING})), waits);
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_DUE})), IsEmpty());
  v1::StatusFilter filter;
  filter.add_reasons("NO_CREDENTIAL");
  EXPECT_EQ(Listed(filter), waits);
  v1::GetCommitStatusRequest request;
  request.set_repository("nobody/app");
  request.set_sha(ShaOf(1).Hex());
  v1::GetCommitStatusResponse commit;
  ASSERT_TRUE(
      Call(&v1::StatusService::Stub::GetCommitStatus, request, &commit).ok());
  EXPECT_EQ(commit.statuses(0).posting().state(), v1::POSTING_STATE_WAITING);
  EXPECT_EQ(commit.statuses(0).posting().reason(), "NO_CREDENTIAL");
  const auto counts = outbox_->CountPostings(Now());
  ASSERT_TRUE(counts.ok());
  EXPECT_THAT(
      counts->by_reason,
      ElementsAre(testing::Pair(
          testing::FieldsAre(PostingState::kWaiting, "", "NO_CREDENTIAL"), 1)));
}

TEST_F(ListingTest, NothingIsListedWhereNothingIs) {
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_POSTED})), IsEmpty());
  EXPECT_EQ(Retried(), 0);
  EXPECT_EQ(became_due_, 0);
}

TEST_F(ListingTest, ListsByPostingState) {
  ReportAll();
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_DUE})),
              ElementsAre("acme/due ci/lint DUE"));
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_WAITING})),
              testing::SizeIs(3));
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_ABANDONED})),
              ElementsAre("acme/given-up ci/build ABANDONED NO_COMMIT_FOUND"));
  EXPECT_THAT(Listed(OfStates(
                  {v1::POSTING_STATE_WAITING, v1::POSTING_STATE_ABANDONED})),
              testing::SizeIs(4));
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_POSTED})),
              ElementsAre("acme/posted ci/build POSTED"));
  const v1::StatusFilter all =
      OfStates({v1::POSTING_STATE_DUE, v1::POSTING_STATE_POSTED,
                v1::POSTING_STATE_WAITING, v1::POSTING_STATE_ABANDONED,
                v1::POSTING_STATE_OBSERVED});
  for (const int page_size : {1, 2, 100}) {
    EXPECT_THAT(Listed(all, page_size), testing::SizeIs(6));
  }
}

TEST_F(ListingTest, ListsByRepositoryContextAndReason) {
  ReportAll();
  Report("other/due", 3, "CI/Lint");
  v1::StatusFilter filter;
  filter.set_repository("ACME/d*");
  EXPECT_THAT(Listed(filter), ElementsAre("acme/due ci/lint DUE"));
  filter.set_repository("*/due");
  EXPECT_THAT(Listed(filter),
              ElementsAre("acme/due ci/lint DUE", "other/due CI/Lint DUE"));
  filter.Clear();
  filter.set_context("ci/L*");
  EXPECT_THAT(Listed(filter, 1),
              ElementsAre("acme/due ci/lint DUE", "other/due CI/Lint DUE"));
  Report("other/due", 4, "CI \u00bb Gr\u00fcn");
  filter.set_context("ci \u00bb *\u00fcn");
  EXPECT_THAT(Listed(filter), ElementsAre("other/due CI \u00bb Gr\u00fcn DUE"));
  filter.Clear();
  filter.add_reasons("SERVER_ERROR");
  filter.add_reasons("NO_COMMIT_FOUND");
  EXPECT_THAT(Listed(filter),
              ElementsAre("acme/given-up ci/build ABANDONED NO_COMMIT_FOUND",
                          "acme/waits ci/build WAITING SERVER_ERROR"));
  filter.add_posting_states(v1::POSTING_STATE_WAITING);
  EXPECT_THAT(Listed(filter),
              ElementsAre("acme/waits ci/build WAITING SERVER_ERROR"));
}

TEST_F(ListingTest, AStatusIsShownAsGetCommitStatusShowsIt) {
  Report("Acme/Parked", 1, "ci/build", "It works", "https://ci.example/1");
  Settle("Acme", Kind::kParked, "PERMISSION_MISSING");
  Report("Acme/Parked", 2);
  v1::ListStatusesResponse page;
  ASSERT_TRUE(List({}, &page).ok());
  ASSERT_EQ(page.statuses_size(), 2);
  for (const v1::ListedStatus& listed : page.statuses()) {
    EXPECT_EQ(listed.repository(), "Acme/Parked");
    v1::GetCommitStatusRequest request;
    request.set_repository(listed.repository());
    request.set_sha(listed.sha());
    v1::GetCommitStatusResponse commit;
    ASSERT_TRUE(
        Call(&v1::StatusService::Stub::GetCommitStatus, request, &commit).ok());
    ASSERT_EQ(commit.statuses_size(), 1);
    EXPECT_EQ(listed.status().DebugString(), commit.statuses(0).DebugString());
    EXPECT_EQ(listed.status().posting().state(), v1::POSTING_STATE_WAITING);
    EXPECT_EQ(listed.status().posting().reason(), "PERMISSION_MISSING");
    EXPECT_TRUE(listed.status().posting().has_next_try_time());
  }
  EXPECT_EQ(page.statuses(0).status().description(), "It works");
}

// A stopped credential makes its due statuses wait.
TEST_F(ListingTest, WhatACredentialKeepsWaitingIsWaiting) {
  trouble_.reason = "APP_NOT_INSTALLED";
  Report("acme/due");
  v1::StatusFilter filter = OfStates({v1::POSTING_STATE_WAITING});
  filter.add_reasons("APP_NOT_INSTALLED");
  EXPECT_THAT(Listed(filter),
              ElementsAre("acme/due ci/build WAITING APP_NOT_INSTALLED"));
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_DUE})), IsEmpty());
  EXPECT_EQ(Retried(filter), 0);
}

// With the longest texts everywhere.
TEST_F(ListingTest, APageStaysBelowWhatClientsTake) {
  std::string context;
  while (context.size() + 4 <= 240 * 3) context += "\u20ac";
  const std::string url = "https://ci.example/" + std::string(2048 - 19, 'u');
  for (int i = 0; i < 700; ++i) {
    Report("acme/" + std::string(100, 'r'), i / 50, absl::StrCat(i, context),
           std::string(4096, 'd'), url);
  }
  v1::ListStatusesRequest request;
  request.set_page_size(1000);
  std::set<std::pair<std::string, std::string>> seen;
  for (;;) {
    v1::ListStatusesResponse page;
    ASSERT_TRUE(List(request, &page).ok());
    EXPECT_LT(page.ByteSizeLong(), kDefaultLimit * 3 / 4);
    EXPECT_GT(page.statuses_size(), 0);
    for (const v1::ListedStatus& listed : page.statuses()) {
      EXPECT_TRUE(
          seen.insert({listed.sha(), listed.status().context()}).second);
    }
    request.set_page_token(page.next_page_token());
    if (request.page_token().empty()) break;
  }
  EXPECT_EQ(seen.size(), 700u);
}

TEST_F(ListingTest, ErrorsNameTheFieldTheValueAndWhatWasWanted) {
  const auto expect = [&](const v1::ListStatusesRequest& request,
                          const std::string& field, const std::string& value,
                          const std::string& wanted,
                          const std::string& wanted_reason) {
    v1::ListStatusesResponse listed;
    std::string reason;
    grpc::Status status = List(request, &listed, "", &reason);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(),
                AllOf(HasSubstr(field), HasSubstr(value), HasSubstr(wanted)));
    EXPECT_EQ(reason, wanted_reason);
    v1::RetryPostsRequest retry;
    *retry.mutable_filter() = request.filter();
    retry.set_page_size(request.page_size());
    retry.set_page_token(request.page_token());
    v1::RetryPostsResponse retried;
    status = Retry(retry, &retried, "", &reason);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(reason, wanted_reason);
  };
  v1::ListStatusesRequest request;
  request.mutable_filter()->set_repository("acme");
  expect(request, "filter.repository", "\"acme\"", "[HOST/]OWNER/NAME",
         "INVALID_PATTERN");
  request.Clear();
  request.mutable_filter()->set_context(std::string(1025, 'c'));
  expect(request, "filter.context", "ccc", "1024 bytes", "INVALID_PATTERN");
  request.Clear();
  request.mutable_filter()->add_posting_states(
      static_cast<v1::PostingState>(77));
  expect(request, "filter.posting_states", "77", "WAITING",
         "INVALID_POSTING_STATE");
  request.mutable_filter()->clear_posting_states();
  request.mutable_filter()->add_posting_states(v1::POSTING_STATE_UNSPECIFIED);
  expect(request, "filter.posting_states", "0", "WAITING",
         "INVALID_POSTING_STATE");
  request.Clear();
  request.mutable_filter()->add_reasons("permission missing");
  expect(request, "filter.reasons", "\"permission missing\"",
         "PERMISSION_MISSING", "INVALID_REASON");
  request.Clear();
  for (int i = 0; i < 101; ++i) request.mutable_filter()->add_reasons("A");
  expect(request, "filter.reasons", "101", "100", "INVALID_REASON");
  request.Clear();
  request.set_page_size(-1);
  expect(request, "page_size", "-1", "negative", "INVALID_PAGE_SIZE");
  request.Clear();
  for (const char* token : {"!", "1.2", "gICA", "MS4yLjMu"}) {
    request.set_page_token(token);
    expect(request, "page_token", token, "next_page_token",
           "INVALID_PAGE_TOKEN");
  }
  request.set_page_token(std::string(100'000, 'A'));
  expect(request, "page_token", "AAA", "next_page_token", "INVALID_PAGE_TOKEN");
}

TEST_F(ListingTest, ATokenGoesWithItsFilter) {
  ReportAll();
  v1::ListStatusesRequest request;
  *request.mutable_filter() =
      OfStates({v1::POSTING_STATE_WAITING, v1::POSTING_STATE_ABANDONED});
  request.mutable_filter()->add_reasons("A");
  request.mutable_filter()->add_reasons("PERMISSION_MISSING");
  request.set_page_size(1);
  v1::ListStatusesResponse page;
  ASSERT_TRUE(List(request, &page).ok());
  ASSERT_NE(page.next_page_token(), "");
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(List(request, &page).ok());
  // Filters that want the same are the same filter.
  v1::ListStatusesRequest same = request;
  same.mutable_filter()->clear_reasons();
  same.mutable_filter()->add_reasons("PERMISSION_MISSING");
  same.mutable_filter()->add_reasons("A");
  EXPECT_TRUE(List(same, &page).ok());
  for (int i = 0; i < 4; ++i) {
    v1::ListStatusesRequest other = request;
    if (i == 0)
      other.mutable_filter()->add_posting_states(v1::POSTING_STATE_POSTED);
    if (i == 1) other.mutable_filter()->add_reasons("B");
    if (i == 2) other.mutable_filter()->set_repository("acme/*");
    if (i == 3) other.mutable_filter()->set_context("*");
    std::string reason;
    EXPECT_EQ(List(other, &page, "", &reason).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << i;
    EXPECT_EQ(reason, "INVALID_PAGE_TOKEN") << i;
  }
}

TEST_F(ListingTest, RetryPostsMakesDueWhatTheFilterFinds) {
  ReportAll();
  Abandon("other/given-up", "PERMISSION_MISSING");
  v1::StatusFilter filter;
  filter.add_reasons("NO_COMMIT_FOUND");
  EXPECT_EQ(Retried(filter), 1);
  EXPECT_EQ(became_due_, 1);
  EXPECT_THAT(
      Listed(OfStates({v1::POSTING_STATE_DUE})),
      ElementsAre("acme/given-up ci/build DUE", "acme/due ci/lint DUE"));
  EXPECT_EQ(Retried(filter), 0);
  EXPECT_EQ(became_due_, 1);
}

// A status that is due, posted or in back-off is not tried sooner.
TEST_F(ListingTest, RetryPostsCountsWhatIsTriedSooner) {
  ReportAll();
  for (const int page_size : {1, 100}) {
    v1::StatusFilter filter =
        OfStates({v1::POSTING_STATE_DUE, v1::POSTING_STATE_POSTED,
                  v1::POSTING_STATE_WAITING, v1::POSTING_STATE_ABANDONED,
                  v1::POSTING_STATE_OBSERVED});
    if (page_size == 100) Abandon("acme/given-up", "NO_COMMIT_FOUND", 5);
    // Two of the parked repository, and one that was abandoned.
    EXPECT_EQ(Retried(filter, page_size), 3) << page_size;
  }
  EXPECT_EQ(
      Retried(OfStates({v1::POSTING_STATE_DUE, v1::POSTING_STATE_POSTED})), 0);
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_WAITING})),
              testing::SizeIs(3));
}

TEST_F(ListingTest, RetryPostsLeavesOutWhatWasDamaged) {
  Abandon("acme/damaged", "ROW_DAMAGED");
  Abandon("acme/given-up", "NO_COMMIT_FOUND");
  EXPECT_EQ(Retried({}), 1);
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_ABANDONED})),
              ElementsAre("acme/damaged ci/build ABANDONED ROW_DAMAGED"));
}

TEST_F(ListingTest, RetryPostsBringsTheProbeOfAParkedRepositoryForward) {
  // GitHub refused the post two hours ago, and the probe a moment ago.
  absl::Time now = Now() - absl::Hours(2);
  Report("acme/parked", 1, "ci/build", "", "", now);
  for (int i = 0; i < 2; ++i) {
    LeaseRequest request;
    request.credential = "github.com/acme";
    request.lease_time = absl::Minutes(1);
    request.may_probe = true;
    const auto lease = signalbox::TakeDue(*outbox_, request, now);
    ASSERT_TRUE(lease.ok() && lease->has_value()) << i;
    if (i == 1) now = Now() - absl::Seconds(20);
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = Kind::kParked;
    settlement.reason = "PERMISSION_MISSING";
    ASSERT_TRUE(signalbox::Settle(*outbox_, settlement, now).ok());
    now += absl::Seconds(10);
  }
  const auto next = [&] {
    v1::ListStatusesResponse page;
    EXPECT_TRUE(List({}, &page).ok());
    EXPECT_EQ(page.statuses_size(), 1);
    return absl::FromUnixSeconds(
        page.statuses(0).status().posting().next_try_time().seconds());
  };
  EXPECT_GT(next(), Now() + absl::Seconds(20));
  v1::StatusFilter filter = OfStates({v1::POSTING_STATE_WAITING});
  filter.set_repository("acme/parked");
  EXPECT_EQ(Retried(filter), 1);
  EXPECT_LE(next(), Now());
  EXPECT_EQ(became_due_, 1);
}

// Two callers of one server see and retry what they are granted.
class GrantedListingTest : public ListingTest {
 protected:
  void SetUp() override {
    const std::vector<Right> farm = {Right::kReport, Right::kRead,
                                     Right::kOperate};
    Serve({CallerOf("ann", {"ann/*", "shared/app"}, {"ann/*"}, farm),
           CallerOf("bob", {"bob/*", "shared/*"}, {"bob/*"}, farm),
           CallerOf("reader", {"*/*"}, {"*"}, {Right::kRead}),
           CallerOf("reporter", {"*/*"}, {"*"}, {Right::kReport})});
    for (const char* owner : {"ann", "bob"}) {
      Abandon(absl::StrCat(owner, "/app"), "NO_COMMIT_FOUND", 1,
              absl::StrCat(owner, "/build"));
      Abandon("shared/app", "NO_COMMIT_FOUND", 1,
              absl::StrCat(owner, "/build"));
    }
    Abandon("shared/secret", "NO_COMMIT_FOUND", 1, "bob/build");
  }
};

TEST_F(GrantedListingTest, EveryoneListsWhatIsGranted) {
  for (const int page_size : {0, 1}) {
    // As in all reads, a grant of contexts does not narrow what a caller sees
    // of a repository.
    EXPECT_THAT(Listed({}, page_size, "ann"),
                ElementsAre("ann/app ann/build ABANDONED NO_COMMIT_FOUND",
                            "shared/app ann/build ABANDONED NO_COMMIT_FOUND",
                            "shared/app bob/build ABANDONED NO_COMMIT_FOUND"));
    EXPECT_THAT(Listed({}, page_size, "bob"), testing::SizeIs(4));
    EXPECT_THAT(Listed({}, page_size, "reader"), testing::SizeIs(5));
    EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_ABANDONED,
                                 v1::POSTING_STATE_POSTED}),
                       page_size, "ann"),
                testing::SizeIs(3));
  }
}

TEST_F(GrantedListingTest, EveryoneRetriesWhatIsGranted) {
  EXPECT_EQ(Retried({}, 1, "ann"), 2);
  // The other caller's statuses have not changed.
  EXPECT_THAT(Listed(OfStates({v1::POSTING_STATE_ABANDONED}), 0, "reader"),
              UnorderedElementsAre(
                  "bob/app bob/build ABANDONED NO_COMMIT_FOUND",
                  "shared/app bob/build ABANDONED NO_COMMIT_FOUND",
                  "shared/secret bob/build ABANDONED NO_COMMIT_FOUND"));
  EXPECT_EQ(Retried({}, 0, "ann"), 0);
  EXPECT_EQ(Retried({}, 0, "bob"), 3);
}

TEST_F(GrantedListingTest, AFilterThatNamesAnothersFindsNothing) {
  for (const char* repository :
       {"bob/*", "bob/app", "shared/secret", "none/x"}) {
    v1::StatusFilter filter;
    filter.set_repository(repository);
    EXPECT_THAT(Listed(filter, 0, "ann"), IsEmpty()) << repository;
    EXPECT_EQ(Retried(filter, 0, "ann"), 0) << repository;
  }
}

// A token says where to go on, not what may be seen there.
TEST_F(GrantedListingTest, TheTokenOfOneShowsNothingToAnother) {
  v1::ListStatusesRequest request;
  request.set_page_size(1);
  std::vector<std::string> tokens;
  for (;;) {
    v1::ListStatusesResponse page;
    ASSERT_TRUE(List(request, &page, "reader").ok());
    if (page.next_page_token().empty()) break;
    tokens.push_back(page.next_page_token());
    request.set_page_token(tokens.back());
  }
  ASSERT_GE(tokens.size(), 4u);
  for (const std::string& token : tokens) {
    v1::ListStatusesRequest ask;
    ask.set_page_token(token);
    v1::ListStatusesResponse page;
    ASSERT_TRUE(List(ask, &page, "ann").ok());
    for (const v1::ListedStatus& listed : page.statuses()) {
      EXPECT_THAT(listed.repository(), testing::AnyOf("ann/app", "shared/app"));
    }
    v1::RetryPostsRequest retry;
    retry.set_page_token(token);
    v1::RetryPostsResponse retried;
    ASSERT_TRUE(Retry(retry, &retried, "ann").ok());
  }
  EXPECT_EQ(Retried({}, 0, "bob"), 3);
}

// After the caller's last status only a full page has a next one. The caller
// must not learn how much others have.
TEST_F(GrantedListingTest, WhatIsAnothersTakesNoPlaceOnAPage) {
  for (int i = 0; i < 900; ++i) {
    Report(absl::StrCat("bob/more-", i), 1, "bob/build");
  }
  v1::ListStatusesResponse page;
  ASSERT_TRUE(List({}, &page, "ann").ok());
  EXPECT_EQ(page.statuses_size(), 3);
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(GrantedListingTest, EachNeedsItsRight) {
  v1::ListStatusesResponse listed;
  v1::RetryPostsResponse retried;
  std::string reason;
  EXPECT_EQ(List({}, &listed, "reporter", &reason).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reason, "NOT_GRANTED");
  for (const char* token : {"reporter", "reader"}) {
    EXPECT_EQ(Retry({}, &retried, token, &reason).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(reason, "NOT_GRANTED");
  }
  for (const char* token : {"", "nobody"}) {
    EXPECT_EQ(List({}, &listed, token, &reason).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(Retry({}, &retried, token, &reason).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(reason, "UNKNOWN_CALLER");
  }
}

}  // namespace
}  // namespace signalbox
