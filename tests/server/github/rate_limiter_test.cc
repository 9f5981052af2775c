#include "server/github/rate_limiter.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

constexpr char kId[] = "github.com/acme";
constexpr SteadyTime kStart(absl::Hours(1));
// What the wall clock and GitHub's clock show at kStart.
constexpr absl::Time kWallStart = absl::FromUnixSeconds(1780000000);
constexpr SteadyTime kNever = SteadyTime::InfiniteFuture();

std::string Epoch(absl::Time time) {
  return absl::StrCat(absl::ToUnixSeconds(time));
}

class RateLimiterTest : public testing::Test {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  RateLimiterTest() { Unpaced(); }

  void Unpaced(int max_in_flight = 1) {
    PaceOptions pace;
    pace.per_minute = 0;
    pace.max_in_flight = max_in_flight;
    limiter_->SetPace(kId, pace);
  }

  SteadyTime Result(absl::Duration at) {
    return limiter_->Admit(kId, /*pending=*/false, kStart + at);
  }
  SteadyTime Pending(absl::Duration at) {
    return limiter_->Admit(kId, /*pending=*/true, kStart + at);
  }
  bool Allows(absl::Duration at) { return Result(at) == kStart + at; }

  // A request ends with that answer.
  void End(absl::Duration at, int status, Headers headers = {},
           std::string body = "") {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    const absl::StatusOr<HttpResponse> answer = response;
    limiter_->Observe(kId, answer, Classify(answer, {}),
                      {kWallStart + at, kStart + at});
  }
  void EndWithoutAnswer(absl::Duration at) {
    const absl::StatusOr<HttpResponse> answer = absl::UnavailableError("reset");
    limiter_->Observe(kId, answer, Classify(answer, {}),
                      {kWallStart + at, kStart + at});
  }

  static Headers Left(int remaining, absl::Duration reset, int limit = 5000) {
    return {{"x-ratelimit-limit", absl::StrCat(limit)},
            {"x-ratelimit-remaining", absl::StrCat(remaining)},
            {"x-ratelimit-reset", Epoch(kWallStart + reset)}};
  }

  std::unique_ptr<RateLimiter> limiter_ = std::make_unique<RateLimiter>();
};

TEST_F(RateLimiterTest, PacesWhereGitHubLimits) {
  for (const char* url : {"https://api.github.com", "https://API.GitHub.com/",
                          "https://api.acme.ghe.com"}) {
    EXPECT_EQ(DefaultPace(url).per_minute, 80) << url;
    EXPECT_EQ(DefaultPace(url).burst, 20) << url;
    EXPECT_EQ(DefaultPace(url).max_in_flight, 1) << url;
  }
  for (const char* url :
       {"https://ghes.example.com/api/v3", "http://127.0.0.1:8180",
        "https://evilghe.com", "https://api.github.com.example.com",
        "https://example.com/api.github.com", ""}) {
    EXPECT_EQ(DefaultPace(url).per_minute, 0) << url;
    EXPECT_EQ(DefaultPace(url).max_in_flight, 8) << url;
  }
}

TEST_F(RateLimiterTest, KeepsToTheBurstAndThenToThePace) {
  PaceOptions pace;
  pace.per_minute = 60;
  pace.burst = 3;
  pace.max_in_flight = 1000;
  limiter_->SetPace(kId, pace);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Allows(absl::ZeroDuration()));
  // Exactly one request a second, and the returned time is correct.
  for (int second = 1; second < 200; ++second) {
    EXPECT_EQ(Result(absl::Seconds(second - 1)),
              kStart + absl::Seconds(second));
    EXPECT_FALSE(Allows(absl::Seconds(second) - absl::Nanoseconds(1)));
    EXPECT_TRUE(Allows(absl::Seconds(second)));
  }
  // Idle time earns no more than the burst.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Allows(absl::Hours(1)));
  EXPECT_FALSE(Allows(absl::Hours(1)));
}

// The default of 80 a minute has no round interval.
TEST_F(RateLimiterTest, EveryNamedTimeIsAGoodOne) {
  PaceOptions pace;
  pace.max_in_flight = 1000000;
  limiter_->SetPace(kId, pace);
  SteadyTime now = kStart;
  int posts = 0;
  for (int asked = 0; asked < 2000; ++asked) {
    const SteadyTime at = limiter_->Admit(kId, false, now);
    if (at == now) {
      ++posts;
    } else {
      ASSERT_GT(at, now);
      now = at;
      ASSERT_EQ(limiter_->Admit(kId, false, now), now);
      ++posts;
    }
  }
  const double minutes = absl::ToDoubleMinutes(now - kStart);
  EXPECT_LE(posts, 80 * minutes + 20);
  EXPECT_GE(posts, 80 * minutes + 19);
}

TEST_F(RateLimiterTest, BoundsWhatIsInFlight) {
  Unpaced(2);
  EXPECT_TRUE(Allows(absl::ZeroDuration()));
  EXPECT_TRUE(Allows(absl::ZeroDuration()));
  EXPECT_EQ(Result(absl::ZeroDuration()), kNever);
  End(absl::Seconds(1), 201);
  EXPECT_TRUE(Allows(absl::Seconds(1)));
  EXPECT_EQ(Result(absl::Seconds(1)), kNever);
  limiter_->Return(kId);
  EXPECT_TRUE(Allows(absl::Seconds(1)));
  EndWithoutAnswer(absl::Seconds(2));
  EXPECT_TRUE(Allows(absl::Seconds(2)));
}

TEST_F(RateLimiterTest, AReturnedRequestCostsNoPace) {
  PaceOptions pace;
  pace.per_minute = 60;
  pace.burst = 1;
  limiter_->SetPace(kId, pace);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(Allows(absl::ZeroDuration()));
    limiter_->Return(kId);
  }
  EXPECT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 201);
  EXPECT_FALSE(Allows(absl::ZeroDuration()));
}

TEST_F(RateLimiterTest, KeepsTheReserveForResults) {
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 201, Left(501, absl::Minutes(10)));
  EXPECT_EQ(Pending(absl::Seconds(1)), kStart + absl::Seconds(1));
  End(absl::Seconds(1), 201, Left(500, absl::Minutes(10)));
  EXPECT_EQ(Pending(absl::Seconds(2)),
            kStart + absl::Minutes(10) + absl::Seconds(1));
  EXPECT_TRUE(Allows(absl::Seconds(2)));
  End(absl::Seconds(2), 201, Left(1, absl::Minutes(10)));
  EXPECT_TRUE(Allows(absl::Seconds(3)));
  End(absl::Seconds(3), 201, Left(0, absl::Minutes(10)));
  const absl::Duration reset = absl::Minutes(10) + absl::Seconds(1);
  EXPECT_EQ(Result(absl::Seconds(4)), kStart + reset);
  EXPECT_FALSE(Allows(reset - absl::Nanoseconds(1)));
  EXPECT_EQ(Pending(reset), kStart + reset);
}

// GitHub may not have counted requests in flight yet.
TEST_F(RateLimiterTest, CountsWhatIsInFlightAsSpent) {
  Unpaced(8);
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 201, Left(2, absl::Minutes(10)));
  EXPECT_TRUE(Allows(absl::Seconds(1)));
  EXPECT_TRUE(Allows(absl::Seconds(1)));
  EXPECT_FALSE(Allows(absl::Seconds(1)));
}

TEST_F(RateLimiterTest, AnswersMayOvertakeEachOther) {
  Unpaced(8);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::Seconds(1), 201, Left(0, absl::Minutes(10)));
  End(absl::Seconds(1), 201, Left(100, absl::Minutes(10)));
  EXPECT_FALSE(Allows(absl::Seconds(2)));
  End(absl::Seconds(2), 201, Left(4999, absl::Minutes(70)));
  EXPECT_TRUE(Allows(absl::Seconds(2)));
}

TEST_F(RateLimiterTest, NoHeadersMeanNoBudget) {
  for (int second = 0; second < 10000; ++second) {
    ASSERT_TRUE(Allows(absl::Seconds(second)));
    End(absl::Seconds(second), 201, {{"x-ratelimit-remaining", "-"}});
  }
}

TEST_F(RateLimiterTest, OtherBudgetsAreNotOurs) {
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  auto headers = Left(0, absl::Minutes(10));
  headers.emplace_back("x-ratelimit-resource", "search");
  End(absl::ZeroDuration(), 201, headers);
  EXPECT_TRUE(Allows(absl::Seconds(1)));
}

struct Window {
  std::vector<std::pair<std::string, std::string>> headers;
  absl::Duration wait;
};

TEST_F(RateLimiterTest, WaitsAsLongAsGitHubSays) {
  const auto reset = [](absl::Duration in) { return Epoch(kWallStart + in); };
  const Window kWindows[] = {
      {{{"retry-after", "30"}}, absl::Seconds(31)},
      {{{"retry-after", "3600"}}, absl::Seconds(3601)},
      // Believed up to an hour.
      {{{"retry-after", "3601"}}, absl::Seconds(3601)},
      {{{"retry-after", "99999999999999999999999"}}, absl::Seconds(3601)},
      {{{"retry-after", "soon"}}, absl::Seconds(60)},
      {{}, absl::Seconds(60)},
      {{{"x-ratelimit-remaining", "0"},
        {"x-ratelimit-reset", reset(absl::Minutes(40))}},
       absl::Minutes(40) + absl::Seconds(1)},
      // Believed up to 65 minutes.
      {{{"x-ratelimit-remaining", "0"},
        {"x-ratelimit-reset", reset(absl::Hours(24))}},
       absl::Minutes(65) + absl::Seconds(1)},
      {{{"x-ratelimit-remaining", "0"},
        {"x-ratelimit-reset", "9223372036854775807"}},
       absl::Minutes(65) + absl::Seconds(1)},
      // A reset in the past says nothing.
      {{{"x-ratelimit-remaining", "0"},
        {"x-ratelimit-reset", reset(-absl::Minutes(1))}},
       absl::Seconds(60)},
      // Another limit than the hourly one was hit.
      {{{"x-ratelimit-remaining", "4000"},
        {"x-ratelimit-reset", reset(absl::Minutes(40))}},
       absl::Seconds(60)},
      // By GitHub's clock, which is ten minutes ahead of ours here.
      {{{"x-ratelimit-remaining", "0"},
        {"x-ratelimit-reset", reset(absl::Minutes(40))},
        {"date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                  kWallStart + absl::Minutes(10),
                                  absl::UTCTimeZone())}},
       absl::Minutes(30) + absl::Seconds(1)},
  };
  for (const int status : {403, 429}) {
    for (const Window& window : kWindows) {
      limiter_ = std::make_unique<RateLimiter>();
      Unpaced();
      ASSERT_TRUE(Allows(absl::ZeroDuration()));
      End(absl::ZeroDuration(), status, window.headers,
          R"({"message":"API rate limit exceeded"})");
      EXPECT_EQ(Result(absl::Milliseconds(1)), kStart + window.wait);
      EXPECT_EQ(Pending(absl::Milliseconds(1)), kStart + window.wait);
      EXPECT_FALSE(Allows(window.wait - absl::Nanoseconds(1)));
      EXPECT_TRUE(Allows(window.wait));
    }
  }
}

TEST_F(RateLimiterTest, DoublesBlindWaitsUntilASuccess) {
  absl::Duration now;
  for (const int seconds : {60, 120, 240, 480, 900, 900}) {
    ASSERT_TRUE(Allows(now));
    End(now, 429);
    EXPECT_EQ(Result(now), kStart + now + absl::Seconds(seconds));
    now += absl::Seconds(seconds);
  }
  ASSERT_TRUE(Allows(now));
  End(now, 201);
  ASSERT_TRUE(Allows(now));
  End(now, 429);
  EXPECT_EQ(Result(now), kStart + now + absl::Seconds(60));
}

TEST_F(RateLimiterTest, SendsOneProbeUntilAnAnswerIsNoLimit) {
  Unpaced(8);
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 429, {{"retry-after", "9"}});
  EXPECT_TRUE(Allows(absl::Seconds(10)));
  EXPECT_EQ(Result(absl::Seconds(10)), kNever);
  EXPECT_EQ(Result(absl::Seconds(11)), kNever);
  // A probe without an answer proves nothing.
  EndWithoutAnswer(absl::Seconds(20));
  EXPECT_TRUE(Allows(absl::Seconds(20)));
  EXPECT_EQ(Result(absl::Seconds(20)), kNever);
  // Neither does one that was not sent.
  limiter_->Return(kId);
  EXPECT_TRUE(Allows(absl::Seconds(21)));
  EXPECT_EQ(Result(absl::Seconds(21)), kNever);
  End(absl::Seconds(22), 404);
  EXPECT_TRUE(Allows(absl::Seconds(22)));
  EXPECT_TRUE(Allows(absl::Seconds(22)));
}

// Eight requests can be under way when the first of them hits the limit.
TEST_F(RateLimiterTest, WhatWasSentBeforeALimitDoesNotEndIt) {
  Unpaced(8);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::Seconds(1), 429);
  End(absl::Seconds(1), 201);
  EXPECT_EQ(Result(absl::Seconds(1)), kStart + absl::Seconds(61));
  // Further requests that hit it do not double the pause.
  for (int i = 0; i < 5; ++i) End(absl::Seconds(2), 429);
  EXPECT_EQ(Result(absl::Seconds(2)), kStart + absl::Seconds(62));
  // The last of them is still under way: the probe waits for it.
  EXPECT_EQ(Result(absl::Seconds(62)), kNever);
  End(absl::Seconds(63), 201);
  EXPECT_TRUE(Allows(absl::Seconds(63)));
  EXPECT_EQ(Result(absl::Seconds(63)), kNever);
}

TEST_F(RateLimiterTest, AShorterWordDoesNotShortenAWindow) {
  Unpaced(8);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 429, {{"retry-after", "600"}});
  End(absl::ZeroDuration(), 429, {{"retry-after", "1"}});
  EXPECT_EQ(Result(absl::Seconds(1)), kStart + absl::Seconds(601));
}

TEST_F(RateLimiterTest, ThereIsNoBurstAfterALimit) {
  PaceOptions pace;
  pace.per_minute = 60;
  pace.burst = 20;
  pace.max_in_flight = 100;
  limiter_->SetPace(kId, pace);
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 429, {{"retry-after", "99"}});
  ASSERT_TRUE(Allows(absl::Seconds(100)));
  End(absl::Seconds(100), 201);
  EXPECT_EQ(Result(absl::Seconds(100)), kStart + absl::Seconds(101));
}

TEST_F(RateLimiterTest, CredentialsDoNotWaitForEachOther) {
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 429);
  EXPECT_EQ(limiter_->Admit("github.com/other", false, kStart), kStart);
}

// An earlier process met the limit.
TEST_F(RateLimiterTest, ABlockedCredentialProbesOnceItIsOver) {
  Unpaced(8);
  limiter_->Block(kId, kStart + absl::Seconds(30));
  EXPECT_EQ(Result(absl::Seconds(1)), kStart + absl::Seconds(30));
  EXPECT_EQ(limiter_->BlockedUntil(kId), kStart + absl::Seconds(30));
  EXPECT_EQ(limiter_->WaitsFor(kId, false, kStart), "RATE_LIMITED");
  limiter_->Block(kId, kStart + absl::Seconds(10));
  EXPECT_FALSE(Allows(absl::Seconds(29)));
  EXPECT_TRUE(Allows(absl::Seconds(30)));
  EXPECT_EQ(Result(absl::Seconds(30)), kNever);
  End(absl::Seconds(31), 200);
  EXPECT_TRUE(Allows(absl::Seconds(31)));
  EXPECT_TRUE(Allows(absl::Seconds(31)));
}

TEST_F(RateLimiterTest, KnowsACredentialOnceGitHubHasAnswered) {
  EXPECT_FALSE(limiter_->Knows(kId));
  Allows(absl::ZeroDuration());
  EXPECT_FALSE(limiter_->Knows(kId));
  EndWithoutAnswer(absl::Seconds(1));
  EXPECT_FALSE(limiter_->Knows(kId));
  // A broken front end says nothing about the budget.
  End(absl::Seconds(2), 502);
  EXPECT_FALSE(limiter_->Knows(kId));
  End(absl::Seconds(3), 404);
  EXPECT_TRUE(limiter_->Knows(kId));
}

// GitHub counts requests that fail with 500, too.
TEST_F(RateLimiterTest, AFailureTellsOfTheBudgetToo) {
  ASSERT_TRUE(Allows(absl::ZeroDuration()));
  End(absl::ZeroDuration(), 201, Left(501, absl::Minutes(10)));
  ASSERT_TRUE(Allows(absl::Seconds(1)));
  End(absl::Seconds(1), 500, Left(500, absl::Minutes(10)));
  EXPECT_EQ(Pending(absl::Seconds(2)),
            kStart + absl::Minutes(10) + absl::Seconds(1));
}

TEST_F(RateLimiterTest, SaysWhatItWaitsFor) {
  EXPECT_EQ(limiter_->WaitsFor("unknown", false, kStart), "");
  Allows(absl::ZeroDuration());
  EXPECT_EQ(limiter_->WaitsFor(kId, false, kStart), "");
  End(absl::ZeroDuration(), 201, Left(500, absl::Minutes(30)));
  EXPECT_EQ(limiter_->WaitsFor(kId, false, kStart), "");
  EXPECT_EQ(limiter_->WaitsFor(kId, true, kStart), "BUDGET_RESERVED");
  Allows(absl::ZeroDuration());
  End(absl::ZeroDuration(), 201, Left(0, absl::Minutes(30)));
  EXPECT_EQ(limiter_->WaitsFor(kId, true, kStart), "BUDGET_SPENT");
  PaceOptions pace;
  pace.burst = 1;
  limiter_->SetPace("slow", pace);
  limiter_->Admit("slow", false, kStart);
  EXPECT_EQ(limiter_->WaitsFor("slow", false, kStart), "PACE");
}

// Accounts under "*" become known one by one.
TEST_F(RateLimiterTest, AsksForThePaceOfACredentialItMeets) {
  RateLimiter limiter([](absl::string_view credential) {
    PaceOptions pace;
    pace.per_minute = 0;
    pace.max_in_flight = credential == "github.com/wide" ? 3 : 1;
    return pace;
  });
  const auto allowed = [&limiter](const char* credential) {
    int count = 0;
    while (limiter.Admit(credential, false, kStart) == kStart) ++count;
    return count;
  };
  EXPECT_EQ(allowed("github.com/wide"), 3);
  EXPECT_EQ(allowed("github.com/narrow"), 1);
}

}  // namespace
}  // namespace signalbox
