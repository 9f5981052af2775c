// `signalbox watch`: what it prints, and that it goes on where it was.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "clients/cli/status_text.h"
#include "nlohmann/json.hpp"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

v1::WatchStatusesResponse ChangeTo(v1::CommitState state, int64_t sequence) {
  v1::WatchStatusesResponse change;
  change.set_sequence(sequence);
  change.set_repository("acme/widgets");
  change.set_sha("6dcb09b5b57875f334f61aebed695e2e4193db5e");
  v1::CommitStatus& status = *change.mutable_status();
  status.set_context("ci/build");
  status.set_state(state);
  status.mutable_report_time()->set_seconds(3723);  // 01:02:03.
  status.mutable_posting()->set_state(v1::POSTING_STATE_DUE);
  return change;
}

v1::WatchStatusesResponse Bookmark(int64_t sequence) {
  v1::WatchStatusesResponse bookmark;
  bookmark.set_sequence(sequence);
  return bookmark;
}

std::string Line(const v1::WatchStatusesResponse& change) {
  return WatchLine(change, absl::FromUnixSeconds(7200), absl::UTCTimeZone(),
                   false);
}

TEST(WatchLineTest, SaysWhatChangedWhere) {
  v1::WatchStatusesResponse change = ChangeTo(v1::COMMIT_STATE_PENDING, 7);
  EXPECT_EQ(Line(change),
            "01:02:03 acme/widgets@6dcb09b5 ci/build: pending, about to be "
            "posted\n");
  v1::CommitStatus& status = *change.mutable_status();
  status.set_state(v1::COMMIT_STATE_ERROR);
  status.set_result(v1::RESULT_TIMED_OUT);
  status.set_description("No end\nafter 2 h");
  v1::Posting& posting = *status.mutable_posting();
  posting.set_state(v1::POSTING_STATE_POSTED);
  posting.mutable_post_time()->set_seconds(3725);
  EXPECT_EQ(Line(change),
            "01:02:05 acme/widgets@6dcb09b5 ci/build: error (timed out) (No "
            "end\\x0aafter 2 h), shown at GitHub\n");
  posting.set_state(v1::POSTING_STATE_WAITING);
  posting.set_reason("RATE_LIMIT");
  posting.mutable_next_try_time()->set_seconds(7240);
  EXPECT_THAT(Line(change), StartsWith("02:00:00 "));
  EXPECT_THAT(Line(change), HasSubstr("waiting: rate limit, next try in 40 s"));
}

TEST(WatchLineTest, ColoursTheState) {
  EXPECT_THAT(WatchLine(ChangeTo(v1::COMMIT_STATE_SUCCESS, 1), absl::Now(),
                        absl::UTCTimeZone(), true),
              HasSubstr(": \x1b[32msuccess\x1b[0m, "));
}

class WatchingTest : public CliFixture {
 protected:
  // The sequences after which the program asked for changes; -1: from now on.
  std::vector<int64_t> AskedAfter() {
    std::vector<int64_t> after;
    for (const FakeCall& call : server_.calls()) {
      const auto& request = std::get<v1::WatchStatusesRequest>(call.request);
      after.push_back(request.has_after_sequence() ? request.after_sequence()
                                                   : -1);
    }
    return after;
  }
};

TEST_F(WatchingTest, PrintsChangesUntilTheServerSaysNo) {
  server_.AddWatch({Bookmark(3), ChangeTo(v1::COMMIT_STATE_PENDING, 4),
                    Bookmark(4), ChangeTo(v1::COMMIT_STATE_SUCCESS, 5)},
                   {grpc::StatusCode::PERMISSION_DENIED, "no longer"});
  const Ended ended = RunCli({"watch"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.output, MatchesRegex(".*ci/build: pending, [^\n]*\n.*"
                                         "ci/build: success, [^\n]*\n"));
  EXPECT_THAT(ended.errors,
              StartsWith("signalbox: the watch ended after sequence 5: "));
}

// Servers end streams when they restart, and each connection after a while.
TEST_F(WatchingTest, ResumesWhereItWas) {
  const FakeAnswer no = {grpc::StatusCode::OUT_OF_RANGE, "forgotten"};
  server_.AddWatch({Bookmark(3), ChangeTo(v1::COMMIT_STATE_PENDING, 4)},
                   {grpc::StatusCode::UNAVAILABLE, "restarting"});
  server_.AddWatch({}, {grpc::StatusCode::UNAVAILABLE, "starting"});
  server_.AddWatch({Bookmark(9)}, {});
  server_.AddWatch({Bookmark(9), ChangeTo(v1::COMMIT_STATE_SUCCESS, 10)}, no);
  const Ended ended = RunCli({"watch", "--json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(AskedAfter(), ElementsAre(-1, 4, 4, 9));
  std::vector<std::string> sequences;
  for (const auto& line :
       std::vector<std::string>(absl::StrSplit(ended.output, '\n'))) {
    if (line.empty()) continue;
    const auto change = nlohmann::json::parse(line);
    sequences.push_back(change["sequence"]);
    EXPECT_EQ(change["status"]["context"], "ci/build");
  }
  EXPECT_THAT(sequences, ElementsAre("4", "10"));
  EXPECT_THAT(ended.errors, HasSubstr("after sequence 10: forgotten"));
}

TEST_F(WatchingTest, AsksForWhatIsWanted) {
  server_.AddWatch({}, {grpc::StatusCode::OUT_OF_RANGE, "forgotten"});
  EXPECT_EQ(RunCli({"watch", "--repository", "acme/*", "--repository", "b/c",
                    "--context", "ci/*", "--state", "failure", "--state",
                    "Error", "--after", "0"})
                .exit_code,
            1);
  const auto request =
      std::get<v1::WatchStatusesRequest>(server_.calls()[0].request);
  EXPECT_THAT(request.repositories(), ElementsAre("acme/*", "b/c"));
  EXPECT_THAT(request.contexts(), ElementsAre("ci/*"));
  EXPECT_THAT(request.states(),
              ElementsAre(v1::COMMIT_STATE_FAILURE, v1::COMMIT_STATE_ERROR));
  EXPECT_TRUE(request.has_after_sequence());
  EXPECT_EQ(request.after_sequence(), 0);
}

TEST_F(WatchingTest, AWrongAddressShowsAtOnce) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  const Ended ended = RunCli({"watch"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.errors, StartsWith("signalbox: could not watch: no answer "
                                       "from"));
}

TEST_F(WatchingTest, PatienceIsTheCallersIfItSaysOne) {
  server_.AddWatch({Bookmark(3)}, {grpc::StatusCode::UNAVAILABLE, "going"});
  for (int i = 0; i < 100; ++i) {
    server_.AddWatch({}, {grpc::StatusCode::UNAVAILABLE, "away"});
  }
  EXPECT_EQ(RunCli({"watch", "--retry-for", "200ms"}).exit_code, 3);
}

TEST_F(WatchingTest, EndsWithTheReaderOfItsOutput) {
  const std::string fifo = directory_.Path("go");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // The reader ends before the program begins.
  const std::string script =
      absl::StrCat("{ read go < ", fifo, "; exec ", SIGNALBOX_PROGRAM,
                   " watch; } | { exec <&-; echo go > ", fifo, "; }");
  // The program notices at a change, or at a bookmark if nothing changes.
  for (const auto& message :
       {ChangeTo(v1::COMMIT_STATE_PENDING, 2), Bookmark(2)}) {
    server_.AddWatch({message}, {grpc::StatusCode::UNAVAILABLE, "later"});
    Process process({"/bin/bash", "-o", "pipefail", "-c", script}, options_);
    EXPECT_EQ(process.Wait(), 0);
  }
}

TEST_F(WatchingTest, WrongUsageIsClear) {
  for (const auto& [flag, value] :
       std::vector<std::pair<std::string, std::string>>{
           {"--state", "green"}, {"--after", "-1"}, {"--after", "now"}}) {
    const Ended ended = RunCli({"watch", flag, value});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.errors, HasSubstr(absl::StrCat(flag, ": \"", value)));
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

}  // namespace
}  // namespace signalbox
