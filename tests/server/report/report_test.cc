#include "server/report/report.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace signalbox {
namespace {

TEST(ResultTest, IsShownAsOneOfFourStates) {
  const std::map<Result, std::pair<CommitState, std::string>> shown = {
      {Result::kSuccess, {CommitState::kSuccess, ""}},
      {Result::kFailure, {CommitState::kFailure, ""}},
      {Result::kError, {CommitState::kError, ""}},
      {Result::kCancelled, {CommitState::kError, "Cancelled"}},
      {Result::kSkipped, {CommitState::kSuccess, "Skipped"}},
      {Result::kTimedOut, {CommitState::kError, "Timed out"}},
      {Result::kNeutral, {CommitState::kSuccess, "Neutral"}}};
  EXPECT_EQ(shown.size(), static_cast<size_t>(LastOf(Result())));
  for (const auto& [result, expected] : shown) {
    EXPECT_EQ(CommitStateOf(result), expected.first);
    EXPECT_EQ(DefaultDescription(result), expected.second);
    Report report;
    EXPECT_EQ(report.State(), CommitState::kPending);
    report.result = result;
    EXPECT_EQ(report.State(), expected.first);
  }
}

TEST(CommitStateTest, NamesAndStatesBelongTogether) {
  for (const char* const name : {"error", "failure", "pending", "success"}) {
    const std::optional<CommitState> state = ParseCommitState(name);
    ASSERT_TRUE(state.has_value()) << name;
    EXPECT_EQ(CommitStateName(*state), name);
  }
  for (const char* const name : {"", "Success", "error ", "cancelled"}) {
    EXPECT_FALSE(ParseCommitState(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace signalbox
