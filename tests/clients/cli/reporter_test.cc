#include "clients/cli/reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <vector>

#include "tests/clients/fake_server.h"

namespace signalbox {
namespace {

constexpr absl::Duration kNever = absl::Hours(24);

class ReporterTest : public testing::Test {
 protected:
  std::unique_ptr<Reporter> Start(absl::Duration renew_after) {
    v1::ReportPendingRequest pending;
    pending.set_attempt(7);
    pending.add_contexts("ci/build");
    return std::make_unique<Reporter>(
        *Client::Connect(server_.address(), {}), pending,
        [this, renew_after](const v1::ReportPendingResponse& answer) {
          last_receipts_ = answer.receipts_size();
          return renew_after;
        },
        [this](const absl::Status&) { ++refusals_; });
  }

  size_t PendingCount() {
    const auto calls = server_.calls();
    return std::count_if(calls.begin(), calls.end(),
                         [](const FakeCall& call) { return call.IsPending(); });
  }

  std::atomic<int> refusals_ = 0;
  std::atomic<int> last_receipts_ = 0;
  FakeServer server_;
};

// Otherwise a day-long command would be shown as an error after six hours.
TEST_F(ReporterTest, RenewsThePendingUntilTheResult) {
  const auto reporter = Start(absl::Milliseconds(1));
  for (const FakeCall& call : server_.WaitForCalls(5)) {
    EXPECT_TRUE(call.IsPending());
    EXPECT_EQ(call.pending().attempt(), 7);
  }
  reporter->Finish({}, kNever);
  EXPECT_TRUE(reporter->Wait().ok());
  EXPECT_TRUE(server_.calls().back().IsResult());
  EXPECT_EQ(PendingCount(), server_.calls().size() - 1);
  EXPECT_EQ(last_receipts_, 1);
}

// One receipt per context; `seconds` is when it expires, 0: never.
v1::ReportPendingResponse AnswerThatExpires(const std::vector<int>& seconds) {
  v1::ReportPendingResponse answer;
  for (const int second : seconds) {
    v1::Receipt* receipt = answer.add_receipts();
    if (second != 0) receipt->mutable_expire_time()->set_seconds(second);
  }
  return answer;
}

// Otherwise a build of 25 min with an expiry of 10 min would show an error.
TEST(RenewAfterTest, IsHalfOfTheTimeThatIsLeft) {
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  const auto after = [now](const std::vector<int>& from_now) {
    std::vector<int> seconds;
    for (const int second : from_now) {
      seconds.push_back(second == 0 ? 0 : 1'000'000 + second);
    }
    return RenewAfter(AnswerThatExpires(seconds), now);
  };
  EXPECT_EQ(after({600}), absl::Seconds(300));
  EXPECT_EQ(after({60}), absl::Seconds(30));
  EXPECT_EQ(after({6 * 3600}), absl::Minutes(30));
  EXPECT_EQ(after({0}), absl::Minutes(30));
  EXPECT_EQ(after({}), absl::Minutes(30));
  EXPECT_EQ(after({0, 3600, 120, 6 * 3600}), absl::Seconds(60));
  // This machine's clock is ahead of the server's.
  EXPECT_EQ(after({-3600}), absl::Seconds(10));
}

TEST_F(ReporterTest, OnePendingIsEnoughForAWhile) {
  const auto reporter = Start(kNever);
  server_.WaitForCalls(1);
  reporter->Finish({}, kNever);
  EXPECT_TRUE(reporter->Wait().ok());
  EXPECT_EQ(PendingCount(), 1u);
}

TEST_F(ReporterTest, TellsWhenItIsDone) {
  const auto reporter = Start(kNever);
  server_.WaitForCalls(1);
  pollfd done = {reporter->done_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&done, 1, 0), 0);
  reporter->Finish({}, kNever);
  EXPECT_EQ(poll(&done, 1, -1), 1);
}

TEST_F(ReporterTest, ARefusedPendingIsNeitherRepeatedNorRenewed) {
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED, "no"});
  const auto reporter = Start(absl::Milliseconds(1));
  while (refusals_ == 0) std::this_thread::yield();
  reporter->Finish({}, kNever);
  EXPECT_TRUE(reporter->Wait().ok());
  EXPECT_EQ(refusals_, 1);
  EXPECT_EQ(PendingCount(), 1u);
}

TEST_F(ReporterTest, GivingUpEndsTheRepeats) {
  server_.AnswerAll({grpc::StatusCode::UNAVAILABLE, "away"});
  const auto reporter = Start(kNever);
  server_.WaitForCalls(3);
  reporter->Finish({}, kNever);
  while (!server_.WaitForCalls(server_.calls().size() + 1).back().IsResult()) {
  }
  reporter->GiveUp();
  EXPECT_EQ(reporter->Wait().status().message(), "away");
}

TEST_F(ReporterTest, GoesAwayWithoutAResult) {
  server_.AnswerAll({grpc::StatusCode::UNAVAILABLE, "away"});
  const auto reporter = Start(kNever);
  server_.WaitForCalls(2);
}

}  // namespace
}  // namespace signalbox
