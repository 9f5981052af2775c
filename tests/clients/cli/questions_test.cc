// `explain` and `retry`, as their users meet them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class QuestionsTest : public CliFixture {
 protected:
  QuestionsTest() {
    options_.environment["TERM"] = "xterm";
    history_.mutable_status()->set_context("ci/build");
    history_.mutable_status()->set_state(v1::COMMIT_STATE_PENDING);
    history_.mutable_status()->mutable_posting()->set_state(
        v1::POSTING_STATE_ABANDONED);
    history_.set_next_step("Nothing, until something changes.");
    v1::TryRecord* attempted = history_.add_tries();
    attempted->set_http_status(403);
    attempted->set_message("Resource \x1b[31m " + std::string(200, 'm'));
    server_.SetHistory(history_);
  }

  void SetPosting(v1::PostingState before, const v1::Posting& after) {
    history_.mutable_status()->mutable_posting()->set_state(before);
    server_.SetHistory(history_);
    v1::RetryPostResponse retried;
    *retried.mutable_status() = history_.status();
    *retried.mutable_status()->mutable_posting() = after;
    server_.SetRetried(retried);
  }

  // What `retry` prints for a status with these postings before and after.
  std::string Retried(v1::PostingState before, const v1::Posting& after) {
    SetPosting(before, after);
    const Ended ended = RunCli({"retry"});
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_EQ(ended.errors, "");
    const std::string head = "acme/widgets@6dcb09b5 ci/build: ";
    EXPECT_THAT(ended.output, StartsWith(head));
    return ended.output.substr(std::min(head.size(), ended.output.size()));
  }
  std::string Retried(v1::PostingState before, v1::PostingState after) {
    v1::Posting posting;
    posting.set_state(after);
    return Retried(before, posting);
  }

  std::string Shown(const std::vector<std::string>& arguments) {
    const Ended ended = OnTerminal(arguments);
    EXPECT_EQ(ended.exit_code, 0);
    return ended.output;
  }

  v1::ExplainStatusResponse history_;
};

TEST_F(QuestionsTest, ExplainAnswersIntoAPipeUncutAndWithoutColours) {
  const Ended ended = RunCli({"explain"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(
      ended.output,
      AllOf(StartsWith(absl::StrCat("acme/widgets@", kSha,
                                    " ci/build: pending, not posted\n")),
            HasSubstr("What happens next: Nothing, until"), HasSubstr("403"),
            HasSubstr("Resource \\x1b[31m " + std::string(200, 'm')),
            Not(HasSubstr("\x1b"))));
}

TEST_F(QuestionsTest, BothAskForTheKeyThatIsGivenOrFound) {
  // Neither command needs the run, so a bad number of it must not matter.
  options_.environment["GITHUB_RUN_ID"] = "garbage";
  EXPECT_EQ(RunCli({"explain"}).errors, "");
  RunCli({"explain", "--repository", "a/b", "--sha", std::string(40, 'a'),
          "--context", "ci/lint"});
  RunCli({"retry", "--context", "ci/lint"});
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(4));
  const auto found = std::get<v1::ExplainStatusRequest>(calls[0].request);
  EXPECT_EQ(found.repository(), "acme/widgets");
  EXPECT_EQ(found.sha(), kSha);
  EXPECT_EQ(found.context(), "ci/build");
  const auto given = std::get<v1::ExplainStatusRequest>(calls[1].request);
  EXPECT_EQ(given.repository(), "a/b");
  EXPECT_EQ(given.sha(), std::string(40, 'a'));
  EXPECT_EQ(given.context(), "ci/lint");
  const auto retry = std::get<v1::RetryPostRequest>(calls[3].request);
  EXPECT_EQ(retry.repository(), "acme/widgets");
  EXPECT_EQ(retry.sha(), kSha);
  EXPECT_EQ(retry.context(), "ci/lint");
}

TEST_F(QuestionsTest, ATerminalGetsColoursAndLinesThatFit) {
  const std::string output = Shown({"explain"});
  EXPECT_THAT(output, AllOf(HasSubstr("\x1b[33mpending\x1b[0m"),
                            HasSubstr("mm\u2026\r\n"),
                            Not(HasSubstr(std::string(80, 'm')))));
  EXPECT_THAT(output, Not(HasSubstr("\x1b[31m ")));
  EXPECT_THAT(Shown({"explain", "--json"}), Not(HasSubstr("\x1b")));
  options_.environment["NO_COLOR"] = "1";
  EXPECT_THAT(Shown({"explain"}),
              AllOf(Not(HasSubstr("\x1b")), HasSubstr("\u2026")));
}

TEST_F(QuestionsTest, ATerminalShowsTheNewestOfManyEntries) {
  for (int i = 0; i < 500; ++i) {
    v1::TryRecord* attempted = history_.add_tries();
    attempted->mutable_begin_time()->set_seconds(1'000'000 + i);
    attempted->set_reason(absl::StrCat("TRY_", i));
  }
  server_.SetHistory(history_);
  EXPECT_THAT(Shown({"explain"}),
              AllOf(HasSubstr("older entries are left out"),
                    HasSubstr("TRY_499"), Not(HasSubstr("TRY_400"))));
  EXPECT_THAT(RunCli({"explain"}).output,
              AllOf(HasSubstr("TRY_499"), HasSubstr("TRY_0\n")));
}

TEST_F(QuestionsTest, JsonIsTheServersAnswer) {
  Ended ended = RunCli({"explain", "--json"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.output, Not(HasSubstr("\x1b")));
  nlohmann::json json = nlohmann::json::parse(ended.output);
  EXPECT_EQ(json["next_step"], "Nothing, until something changes.");
  EXPECT_EQ(json["status"]["posting"]["state"], "ABANDONED");
  EXPECT_EQ(json["tries"][0]["http_status"], 403);
  EXPECT_THAT(json["reports"], SizeIs(0));

  v1::Posting due;
  due.set_state(v1::POSTING_STATE_DUE);
  SetPosting(v1::POSTING_STATE_ABANDONED, due);
  ended = RunCli({"--json", "retry"});
  EXPECT_EQ(ended.exit_code, 0);
  json = nlohmann::json::parse(ended.output);
  EXPECT_EQ(json["status"]["posting"]["state"], "DUE");
  EXPECT_EQ(json["status"]["context"], "ci/build");
}

TEST_F(QuestionsTest, WhatWasNeverReportedGetsAHint) {
  server_.AnswerAll({grpc::StatusCode::NOT_FOUND, "nothing was reported",
                     "NOTHING_REPORTED"});
  for (const char* subcommand : {"explain", "retry"}) {
    const Ended ended = RunCli({subcommand, "--context", "ci/lint"});
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(
        ended.errors,
        AllOf(HasSubstr("ci/lint"), HasSubstr("acme/widgets@6dcb09b5"),
              HasSubstr("nothing was reported"), HasSubstr("NOTHING_REPORTED"),
              HasSubstr("`signalbox status`")));
  }
}

TEST_F(QuestionsTest, RetrySaysWhatItHasDone) {
  EXPECT_EQ(Retried(v1::POSTING_STATE_ABANDONED, v1::POSTING_STATE_DUE),
            "due again\n");
  // The server was faster than the answer, and GitHub refused again.
  v1::Posting posting;
  posting.set_state(v1::POSTING_STATE_ABANDONED);
  posting.set_reason("PERMISSION_MISSING");
  EXPECT_EQ(Retried(v1::POSTING_STATE_ABANDONED, posting),
            "tried again: not posted: permission missing\n");
  EXPECT_EQ(Retried(v1::POSTING_STATE_ABANDONED, v1::POSTING_STATE_POSTED),
            "tried again: shown at GitHub\n");
}

TEST_F(QuestionsTest, RetrySaysHowItStandsIfNothingWasAbandoned) {
  const std::string nothing = "nothing was abandoned: ";
  EXPECT_EQ(Retried(v1::POSTING_STATE_POSTED, v1::POSTING_STATE_POSTED),
            nothing + "already posted\n");
  EXPECT_EQ(Retried(v1::POSTING_STATE_DUE, v1::POSTING_STATE_DUE),
            nothing + "about to be posted\n");
  EXPECT_EQ(Retried(v1::POSTING_STATE_OBSERVED, v1::POSTING_STATE_OBSERVED),
            nothing + "seen at GitHub\n");
  v1::Posting posting;
  posting.set_state(v1::POSTING_STATE_WAITING);
  posting.set_reason("RATE\x1b_LIMITED");
  EXPECT_EQ(Retried(v1::POSTING_STATE_WAITING, posting),
            nothing + "waits: rate\\x1b limited\n");
  // In the middle of an hour, so that the test may take its time.
  posting.mutable_next_try_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Minutes(150)));
  EXPECT_EQ(Retried(v1::POSTING_STATE_WAITING, posting),
            nothing + "waits: rate\\x1b limited, next try in 2 h\n");
}

// GitHub refuses the whole repository. The retry only asks sooner.
TEST_F(QuestionsTest, RetrySaysThatAParkedRepositoryIsTriedSooner) {
  v1::Posting before;
  before.set_state(v1::POSTING_STATE_WAITING);
  before.set_reason("PERMISSION_MISSING");
  before.mutable_next_try_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Minutes(50)));
  v1::Posting after = before;
  after.mutable_next_try_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() - absl::Minutes(1)));
  *history_.mutable_status()->mutable_posting() = before;
  EXPECT_EQ(Retried(v1::POSTING_STATE_WAITING, after),
            "tried sooner: waits: permission missing, next try in 0 s\n");
  EXPECT_THAT(Retried(v1::POSTING_STATE_WAITING, before),
              StartsWith("nothing was abandoned: waits"));
}

// The right to report does not include the right to read.
TEST_F(QuestionsTest, RetryWorksForWhoMayNotRead) {
  v1::Posting due;
  due.set_state(v1::POSTING_STATE_DUE);
  SetPosting(v1::POSTING_STATE_ABANDONED, due);
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED, "no"});
  const Ended ended = RunCli({"retry"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.output,
            "acme/widgets@6dcb09b5 ci/build: about to be posted\n");
  EXPECT_EQ(ended.errors, "");
}

// The program asks once, since a person waits for a retry.
TEST_F(QuestionsTest, AServerThatIsAwayIsAskedOnceUnlessToldOtherwise) {
  for (const char* subcommand : {"explain", "retry"}) {
    const size_t before = server_.calls().size();
    server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
    EXPECT_EQ(RunCli({subcommand}).exit_code, 3);
    EXPECT_EQ(server_.calls().size() - before, 1u);
    server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
    EXPECT_EQ(RunCli({subcommand, "--retry-for", "1m"}).exit_code, 0);
  }
}

// The read before the retry succeeded, the retry itself failed.
TEST_F(QuestionsTest, ARetryThatTheServerRefusesExitsWith1) {
  server_.AnswerNext({});
  server_.AnswerNext(
      {grpc::StatusCode::PERMISSION_DENIED, "may not report", "NOT_GRANTED"});
  const Ended ended = RunCli({"retry"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("could not retry the status of ci/build"),
                    HasSubstr("may not report"), HasSubstr("NOT_GRANTED")));
}

}  // namespace
}  // namespace signalbox
