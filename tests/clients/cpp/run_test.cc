#include "clients/cpp/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/clients/fake_server.h"

namespace signalbox {
namespace {

using ::testing::SizeIs;

v1::ReportPendingRequest PendingOfARun() {
  v1::ReportPendingRequest pending;
  pending.set_repository("acme/widgets");
  pending.set_sha("6dcb09b5b57875f334f61aebed695e2e4193db5e");
  pending.add_contexts("ci/test");
  pending.set_attempt(7);
  pending.set_series("night");
  pending.set_target_url("https://ci.example.com/7");
  pending.set_newest_text_wins(true);
  return pending;
}

class RunTest : public testing::Test {
 protected:
  RunTest() : client_(*Client::Connect(server_.address(), NoPatience())) {}

  static ClientOptions NoPatience() {
    ClientOptions options;
    options.retry_for = absl::ZeroDuration();
    return options;
  }

  FakeServer server_;
  Client client_;
};

TEST_F(RunTest, ReportsPendingAndThenTheResult) {
  auto run = Run::Begin(client_, PendingOfARun());
  ASSERT_TRUE(run.ok()) << run.status();
  run->Set(v1::RESULT_FAILURE, "2 tests failed",
           "https://ci.example.com/7/log");
  ASSERT_TRUE(run->End().ok());
  ASSERT_TRUE(run->End().ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].pending().SerializeAsString(),
            PendingOfARun().SerializeAsString());
  const v1::ReportResultRequest& result = calls[1].result();
  EXPECT_EQ(result.repository(), "acme/widgets");
  EXPECT_EQ(result.sha(), PendingOfARun().sha());
  EXPECT_EQ(result.context(), "ci/test");
  EXPECT_EQ(result.attempt(), 7);
  EXPECT_EQ(result.series(), "night");
  EXPECT_TRUE(result.newest_text_wins());
  EXPECT_EQ(run->receipt().context(), "ci/test");
  EXPECT_EQ(result.result(), v1::RESULT_FAILURE);
  EXPECT_EQ(result.description(), "2 tests failed");
  EXPECT_EQ(result.target_url(), "https://ci.example.com/7/log");
}

TEST_F(RunTest, WithoutAResultItEndsWithAnError) {
  {
    const auto run = Run::Begin(client_, PendingOfARun());
    ASSERT_TRUE(run.ok()) << run.status();
  }
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[1].result().result(), v1::RESULT_ERROR);
  EXPECT_EQ(calls[1].result().description(), "ended without a result");
  EXPECT_EQ(calls[1].result().target_url(), "https://ci.example.com/7");
}

TEST_F(RunTest, AMovedRunReportsOnce) {
  {
    auto run = Run::Begin(client_, PendingOfARun());
    ASSERT_TRUE(run.ok()) << run.status();
    auto moved = *std::move(run);
    moved.Set(v1::RESULT_SUCCESS);
  }
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[1].result().result(), v1::RESULT_SUCCESS);
}

TEST_F(RunTest, WithoutAContextItIsTheDefaultOne) {
  v1::ReportPendingRequest pending = PendingOfARun();
  pending.clear_contexts();
  ASSERT_TRUE(Run::Begin(client_, pending).ok());
  const auto calls = server_.calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[0].pending().contexts(), testing::ElementsAre("ci/build"));
  EXPECT_EQ(calls[1].result().context(), "ci/build");
}

TEST_F(RunTest, SeveralContextsAreNoRun) {
  v1::ReportPendingRequest pending = PendingOfARun();
  pending.add_contexts("ci/lint");
  EXPECT_TRUE(absl::IsInvalidArgument(Run::Begin(client_, pending).status()));
  EXPECT_THAT(server_.calls(), SizeIs(0));
}

TEST_F(RunTest, WithoutItsPendingTheRunDoesNotBegin) {
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED, "no"});
  EXPECT_TRUE(
      absl::IsPermissionDenied(Run::Begin(client_, PendingOfARun()).status()));
  EXPECT_THAT(server_.calls(), SizeIs(1));
}

TEST_F(RunTest, TheEndSaysWhyTheResultIsNotReported) {
  auto run = Run::Begin(client_, PendingOfARun());
  ASSERT_TRUE(run.ok()) << run.status();
  server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "away"});
  EXPECT_TRUE(absl::IsUnavailable(run->End()));
}

}  // namespace
}  // namespace signalbox
