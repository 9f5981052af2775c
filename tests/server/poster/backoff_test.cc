#include "server/poster/backoff.h"

#include <climits>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace signalbox {
namespace {

Verdict Of(Action action) {
  Verdict verdict;
  verdict.action = action;
  return verdict;
}

// The waits after consecutive refusals, until there is none.
std::vector<absl::Duration> Waits(Action action) {
  std::vector<absl::Duration> waits;
  for (int refusal = 1; refusal < 100; ++refusal) {
    const auto wait = Backoff(Of(action), refusal, refusal);
    if (!wait.has_value()) break;
    waits.push_back(*wait);
  }
  return waits;
}

std::vector<absl::Duration> Seconds(const std::vector<int>& seconds) {
  std::vector<absl::Duration> waits;
  for (const int s : seconds) waits.push_back(absl::Seconds(s));
  return waits;
}

TEST(BackoffTest, ACommitNotYetSeenIsWorthHalfAMinute) {
  EXPECT_EQ(Waits(Action::kHold), Seconds({1, 2, 4, 8, 15}));
}

TEST(BackoffTest, AYoungTokenIsWorthThreeTriesMore) {
  EXPECT_EQ(Waits(Action::kRetryBriefly), Seconds({3, 10, 30}));
}

TEST(BackoffTest, ARewordedPostIsTriedAtOnceAndNotForever) {
  EXPECT_EQ(Waits(Action::kFitDescription), Seconds({0, 0}));
  EXPECT_EQ(Waits(Action::kDropTargetUrl), Seconds({0, 0}));
}

TEST(BackoffTest, WhatPassesIsNeverGivenUp) {
  for (const Action action :
       {Action::kRetry, Action::kRetryAmbiguous, Action::kReauthenticate}) {
    absl::Duration wanted = absl::Seconds(1);
    for (int tries = 1; tries <= 100; ++tries) {
      // Earlier refusals do not shorten it.
      EXPECT_EQ(Backoff(Of(action), tries, 3), wanted) << tries;
      wanted = std::min(wanted * 2, absl::Minutes(5));
    }
    EXPECT_EQ(Backoff(Of(action), INT_MAX, 0), absl::Minutes(5));
  }
}

// The limit is the credential's, so the rate limiter sets the wait.
TEST(BackoffTest, ALimitCostsTheEntryNothing) {
  EXPECT_EQ(Backoff(Of(Action::kWait), 1000, 1000), absl::ZeroDuration());
}

TEST(BackoffTest, WhatIsOverIsNotTriedAgain) {
  for (const Action action :
       {Action::kDone, Action::kRedirect, Action::kAbandon}) {
    EXPECT_EQ(Backoff(Of(action), 1, 1), std::nullopt);
  }
}

}  // namespace
}  // namespace signalbox
