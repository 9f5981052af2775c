// `list` and `retry --all`, as their users meet them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/status_text.h"
#include "nlohmann/json.hpp"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

v1::ListedStatus Listed(const std::string& repository,
                        const std::string& context, v1::PostingState state,
                        const std::string& reason = "") {
  v1::ListedStatus listed;
  listed.set_repository(repository);
  listed.set_sha("6dcb09b5b57875f334f61aebed695e2e4193db5e");
  listed.mutable_status()->set_context(context);
  listed.mutable_status()->set_state(v1::COMMIT_STATE_SUCCESS);
  listed.mutable_status()->mutable_posting()->set_state(state);
  listed.mutable_status()->mutable_posting()->set_reason(reason);
  return listed;
}

class CliListingTest : public CliFixture {
 protected:
  // The commands need no commit: no checkout or CI system matters.
  CliListingTest() {
    options_.environment.erase("GITHUB_REPOSITORY");
    options_.environment.erase("GITHUB_SHA");
    options_.environment["TERM"] = "xterm";
  }

  // One page for each list.
  void SetPages(const std::vector<std::vector<v1::ListedStatus>>& pages) {
    std::vector<v1::ListStatusesResponse> answers;
    for (const auto& page : pages) {
      v1::ListStatusesResponse& answer = answers.emplace_back();
      for (const v1::ListedStatus& listed : page) {
        *answer.add_statuses() = listed;
      }
    }
    server_.SetListPages(answers);
  }

  void SetRetried(const std::vector<int>& counts) {
    std::vector<v1::RetryPostsResponse> pages;
    for (const int count : counts) {
      pages.emplace_back().set_retried_count(count);
    }
    server_.SetRetriedPages(pages);
  }

  v1::ListStatusesRequest ListCall(size_t index) {
    return std::get<v1::ListStatusesRequest>(server_.calls().at(index).request);
  }
  v1::RetryPostsRequest RetryCall(size_t index) {
    return std::get<v1::RetryPostsRequest>(server_.calls().at(index).request);
  }

  Ended Good(const std::vector<std::string>& arguments) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended.errors;
    EXPECT_EQ(ended.errors, "");
    return ended;
  }
};

TEST_F(CliListingTest, ListsALinePerStatusAndSumsUp) {
  v1::ListedStatus parked =
      Listed("acme/widgets", "ci/build", v1::POSTING_STATE_WAITING,
             "PERMISSION_MISSING");
  // In the middle of an hour, so that the test may take its time.
  parked.mutable_status()
      ->mutable_posting()
      ->mutable_next_try_time()
      ->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Minutes(150)));
  SetPages({{parked,
             Listed("acme/widgets", "ci/lint", v1::POSTING_STATE_WAITING,
                    "RATE_LIMIT"),
             Listed("acme/gadgets-and-more", "ci/build",
                    v1::POSTING_STATE_ABANDONED, "NO_COMMIT_FOUND"),
             Listed("other/lib", "ci/build", v1::POSTING_STATE_DUE)}});
  EXPECT_EQ(Good({"list"}).output,
            "REPOSITORY             COMMIT                                    "
            "CONTEXT   STATE    POSTING\n"
            "acme/widgets           6dcb09b5b57875f334f61aebed695e2e4193db5e  "
            "ci/build  success  waiting: permission missing, next try in 2 h\n"
            "acme/widgets           6dcb09b5b57875f334f61aebed695e2e4193db5e  "
            "ci/lint   success  waiting: rate limit\n"
            "acme/gadgets-and-more  6dcb09b5b57875f334f61aebed695e2e4193db5e  "
            "ci/build  success  not posted: no commit found\n"
            "other/lib              6dcb09b5b57875f334f61aebed695e2e4193db5e  "
            "ci/build  success  about to be posted\n"
            "\n"
            "4 statuses: 1 due, 2 waiting (1 permission missing, 1 rate "
            "limit), 1 abandoned (1 no commit found)\n");
}

TEST_F(CliListingTest, PagesAreFollowedToTheEnd) {
  SetPages({{Listed("a/a", "c", v1::POSTING_STATE_DUE)},
            {},
            {Listed("a/b", "c", v1::POSTING_STATE_DUE),
             Listed("a/c", "c", v1::POSTING_STATE_DUE)}});
  EXPECT_THAT(Good({"list"}).output,
              AllOf(HasSubstr("a/a"), HasSubstr("a/b"), HasSubstr("a/c"),
                    HasSubstr("\n3 statuses: 3 due\n")));
  ASSERT_THAT(server_.calls(), SizeIs(3));
  EXPECT_EQ(ListCall(0).page_token(), "");
  EXPECT_NE(ListCall(2).page_token(), "");
  EXPECT_GT(ListCall(0).page_size(), 0);
}

TEST_F(CliListingTest, AsksForWhatTheOptionsSay) {
  Good({"list"});
  EXPECT_EQ(ListCall(0).filter().DebugString(), "");
  Good({"list", "--stuck"});
  EXPECT_THAT(
      ListCall(1).filter().posting_states(),
      ElementsAre(v1::POSTING_STATE_WAITING, v1::POSTING_STATE_ABANDONED));
  Good({"list", "--repository", "acme/*", "--context", "ci/*", "--posting",
        "due", "--posting", "Posted", "--reason", "rate_limit", "--reason",
        "permission missing"});
  const v1::StatusFilter filter = ListCall(2).filter();
  EXPECT_EQ(filter.repository(), "acme/*");
  EXPECT_EQ(filter.context(), "ci/*");
  EXPECT_THAT(filter.posting_states(),
              ElementsAre(v1::POSTING_STATE_DUE, v1::POSTING_STATE_POSTED));
  EXPECT_THAT(filter.reasons(),
              ElementsAre("RATE_LIMIT", "PERMISSION_MISSING"));
}

// The directory and the CI system do not narrow what is listed or retried.
TEST_F(CliListingTest, TheSurroundingsDoNotMatter) {
  options_.environment["GITHUB_REPOSITORY"] = "acme/widgets";
  options_.environment["GITHUB_SHA"] = "garbage";
  options_.environment["GITHUB_RUN_ID"] = "garbage";
  Good({"list"});
  EXPECT_EQ(ListCall(0).filter().DebugString(), "");
  Good({"retry", "--all"});
  EXPECT_EQ(RetryCall(1).filter().DebugString(), "");
}

TEST_F(CliListingTest, SaysWhenThereIsNothing) {
  EXPECT_EQ(Good({"list"}).output,
            "nothing is left to post: GitHub shows every status\n");
  EXPECT_EQ(Good({"list", "--stuck"}).output, "nothing is stuck\n");
  EXPECT_EQ(Good({"list", "--stuck", "--repository", "acme/*"}).output,
            "no status fits\n");
  EXPECT_EQ(Good({"list", "--posting", "posted"}).output, "no status fits\n");
  EXPECT_EQ(Good({"retry", "--all"}).output, "no status to retry\n");
}

TEST_F(CliListingTest, JsonIsAllPagesAsOneDocument) {
  SetPages({{Listed("a/a", "c", v1::POSTING_STATE_WAITING, "RATE_LIMIT")},
            {Listed("a/b", "c", v1::POSTING_STATE_DUE)}});
  nlohmann::json json = nlohmann::json::parse(Good({"list", "--json"}).output);
  ASSERT_THAT(json["statuses"], SizeIs(2));
  EXPECT_EQ(json["statuses"][0]["repository"], "a/a");
  EXPECT_EQ(json["statuses"][0]["status"]["posting"]["state"], "WAITING");
  EXPECT_EQ(json["next_page_token"], "");
  SetPages({{}});
  json = nlohmann::json::parse(Good({"list", "--json"}).output);
  EXPECT_THAT(json["statuses"], IsEmpty());
  SetRetried({2, 3});
  json = nlohmann::json::parse(Good({"retry", "--all", "--json"}).output);
  EXPECT_EQ(json["retried_count"], "5");
}

TEST_F(CliListingTest, OnlyATerminalGetsColours) {
  SetPages({{Listed("a/\x1b[31ma", "c", v1::POSTING_STATE_WAITING,
                    "RATE\x1b_LIMIT")}});
  EXPECT_THAT(Good({"list"}).output,
              AllOf(Not(HasSubstr("\x1b")), HasSubstr("a/\\x1b[31ma")));
  const Ended ended = OnTerminal({"list"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("\x1b[32msuccess\x1b[0m"),
                                  Not(HasSubstr("\x1b[31m"))));
}

TEST_F(CliListingTest, RetryAllTriesEveryPageAgain) {
  SetRetried({2, 0, 3});
  EXPECT_EQ(Good({"retry", "--all"}).output,
            "5 statuses will be tried again; `signalbox list --stuck` shows "
            "those that "
            "GitHub still refuses\n");
  EXPECT_THAT(server_.calls(), SizeIs(3));
  SetRetried({1});
  EXPECT_THAT(Good({"retry", "--all", "--reason", "permission_missing",
                    "--repository", "acme/*", "--context", "ci/*"})
                  .output,
              testing::StartsWith("1 status will be tried again"));
  const v1::StatusFilter filter = RetryCall(3).filter();
  EXPECT_EQ(filter.repository(), "acme/*");
  EXPECT_EQ(filter.context(), "ci/*");
  EXPECT_THAT(filter.reasons(), ElementsAre("PERMISSION_MISSING"));
}

TEST_F(CliListingTest, WhatIsWrongIsSaidBeforeAnythingIsAsked) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"list", "--posting", "lost"},
       "--posting: \"lost\" is not due, waiting"},
      {{"list", "--posting", "posting_state_unspecified"}, "--posting"},
      {{"list", "--stuck", "--posting", "due"}, "--stuck and --posting"},
      {{"list", "--sha", kSha}, "--sha"},
      {{"list", "acme/widgets"}, "acme/widgets"},
      {{"list", "--reason"}, "--reason"},
      {{"retry", "--reason", "RATE_LIMIT"}, "--reason goes with --all only"},
      {{"retry", "--all", "--sha", kSha}, "--sha and --all"},
      {{"retry", "--all", "--stuck"}, "--stuck"}};
  for (const auto& [arguments, text] : wrong) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 2) << text;
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, HasSubstr(text));
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(CliListingTest, WhatTheServerRefusesIsPassedOn) {
  server_.AnswerAll({grpc::StatusCode::PERMISSION_DENIED,
                     "caller ann does not have the right read", "NOT_GRANTED"});
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"list"}, {"list", "--json"}, {"retry", "--all"}}) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors,
                AllOf(HasSubstr("right read"), HasSubstr("NOT_GRANTED")));
  }
}

TEST_F(CliListingTest, AServerThatIsAwayIsNamed) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"list", "--server", Nowhere()},
           {"retry", "--all", "--server", Nowhere()}}) {
    const Ended ended = RunCli(arguments);
    EXPECT_EQ(ended.exit_code, 3);
    EXPECT_THAT(ended.errors, HasSubstr(Nowhere()));
  }
}

// Half a list would look complete. Retries that were made stay made.
TEST_F(CliListingTest, APageThatFailsIsSaid) {
  SetPages({{Listed("a/a", "c", v1::POSTING_STATE_DUE)},
            {Listed("a/b", "c", v1::POSTING_STATE_DUE)}});
  server_.AnswerNext({});
  server_.AnswerNext({grpc::StatusCode::INTERNAL, "broken"});
  Ended ended = RunCli({"list"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, HasSubstr("broken"));
  SetRetried({4, 4});
  server_.AnswerNext({});
  server_.AnswerNext({grpc::StatusCode::INTERNAL, "broken"});
  ended = RunCli({"retry", "--all"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("stopped after retrying 4 statuses"),
                    HasSubstr("broken")));
}

TEST_F(CliListingTest, HelpSaysWhatToType) {
  EXPECT_THAT(Good({"--help"}).output,
              HasSubstr("List the statuses that GitHub does not show"));
  EXPECT_THAT(
      Good({"list", "--help"}).output,
      AllOf(HasSubstr("--stuck"), HasSubstr("--repository PATTERN"),
            HasSubstr("--posting POSTING"), HasSubstr("--reason REASON"),
            HasSubstr("signalbox list --stuck"), HasSubstr("--json")));
  EXPECT_THAT(Good({"retry", "--help"}).output,
              AllOf(HasSubstr("--all"), HasSubstr("--reason REASON"),
                    HasSubstr("signalbox retry --all")));
}

}  // namespace
}  // namespace signalbox
