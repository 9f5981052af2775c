#include "server/outbox/parking.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using EventKind = ParkingEvent::Kind;

const absl::Time kBegin = absl::FromUnixSeconds(1'780'000'000);

ParkingEvent Refusal(int64_t entry = 1,
                     const std::string& reason = "REPOSITORY_NOT_FOUND",
                     absl::Time report_time = kBegin) {
  return {EventKind::kRefused, "github.com/acme", reason, entry, report_time};
}

ParkingEvent EventOf(EventKind kind) {
  ParkingEvent event;
  event.kind = kind;
  return event;
}

TEST(ParkingTest, ARefusalParks) {
  const auto parking = After(std::nullopt, Refusal(7), kBegin);
  ASSERT_TRUE(parking.has_value());
  EXPECT_EQ(parking->credential, "github.com/acme");
  EXPECT_EQ(parking->reason, "REPOSITORY_NOT_FOUND");
  EXPECT_EQ(parking->since, kBegin);
  EXPECT_EQ(parking->step, 0);
  EXPECT_EQ(parking->next_time, kBegin + absl::Seconds(10));
  EXPECT_EQ(parking->probe_entry, 7);
  EXPECT_FALSE(parking->gives_up);
}

TEST(ParkingTest, ProbesAreFurtherAndFurtherApartUpToAnHour) {
  absl::Time now = kBegin;
  auto parking = After(std::nullopt, Refusal(), now);
  std::vector<int64_t> waits;
  for (int i = 0; i < 7; ++i) {
    waits.push_back(absl::ToInt64Seconds(parking->next_time - now));
    now = parking->next_time;
    parking = After(parking, Refusal(), now);
  }
  EXPECT_THAT(waits, ElementsAre(10, 60, 300, 900, 3600, 3600, 3600));
  EXPECT_EQ(parking->since, kBegin);
}

TEST(ParkingTest, TheNewestReasonIsTold) {
  auto parking = After(std::nullopt, Refusal(), kBegin);
  parking = After(parking, Refusal(1, "REPOSITORY_ARCHIVED"),
                  kBegin + absl::Seconds(10));
  EXPECT_EQ(parking->reason, "REPOSITORY_ARCHIVED");
}

// With eight in flight, eight are refused at once.
TEST(ParkingTest, WhatWasUnderWayIsNoProbe) {
  const auto parking = After(std::nullopt, Refusal(1), kBegin);
  EXPECT_EQ(After(parking, Refusal(2), kBegin + absl::Seconds(1)), parking);
}

TEST(ParkingTest, WhatIsTakenEndsIt) {
  const auto parking = After(std::nullopt, Refusal(), kBegin);
  EXPECT_EQ(After(parking, EventOf(EventKind::kTaken), kBegin), std::nullopt);
  EXPECT_EQ(After(std::nullopt, EventOf(EventKind::kTaken), kBegin),
            std::nullopt);
}

TEST(ParkingTest, HopeBringsTheProbeForwardOnceInTenSeconds) {
  for (const EventKind kind : {EventKind::kReported, EventKind::kHoped}) {
    absl::Time now = kBegin;
    auto parking = After(std::nullopt, Refusal(), now);
    for (int i = 0; i < 4; ++i) {
      now = parking->next_time;
      parking = After(parking, Refusal(), now);
    }
    ASSERT_EQ(parking->next_time, now + absl::Hours(1));
    const auto soon = After(parking, EventOf(kind), now + absl::Seconds(3));
    EXPECT_EQ(soon->next_time, now + absl::Seconds(10));
    EXPECT_EQ(After(soon, EventOf(kind), now + absl::Seconds(4))->next_time,
              now + absl::Seconds(10));
    const auto late = After(parking, EventOf(kind), now + absl::Minutes(3));
    EXPECT_EQ(late->next_time, now + absl::Minutes(3));
    // A probe that is due is not delayed.
    EXPECT_EQ(After(late, EventOf(kind), now + absl::Minutes(4))->next_time,
              now + absl::Minutes(3));
    EXPECT_EQ(late->step, parking->step);
    EXPECT_EQ(After(std::nullopt, EventOf(kind), now), std::nullopt);
  }
}

TEST(ParkingTest, SevenDaysAfterTheNewestReportTheNextRefusedProbeGivesUp) {
  auto parking = After(std::nullopt, Refusal(), kBegin);
  const absl::Duration week = absl::Hours(7 * 24);
  parking = After(parking, Refusal(), kBegin + week - absl::Seconds(1));
  EXPECT_FALSE(parking->gives_up);
  const auto over = After(parking, Refusal(), kBegin + week);
  EXPECT_TRUE(over->gives_up);

  // A report restarts the week, even after its end.
  const absl::Time later = kBegin + absl::Hours(24);
  parking = After(parking, EventOf(EventKind::kReported), later);
  EXPECT_FALSE(After(parking, Refusal(), kBegin + week)->gives_up);
  EXPECT_TRUE(After(parking, Refusal(), later + week)->gives_up);
  EXPECT_FALSE(
      After(over, EventOf(EventKind::kReported), kBegin + week)->gives_up);
  EXPECT_TRUE(After(over, EventOf(EventKind::kHoped), kBegin + week)->gives_up);
}

// The report is old: nothing could be posted for a week.
TEST(ParkingTest, TheFirstRefusalIsNoProbe) {
  const absl::Time now = kBegin + absl::Hours(8 * 24);
  const auto parking = After(std::nullopt, Refusal(), now);
  EXPECT_FALSE(parking->gives_up);
  EXPECT_TRUE(After(parking, Refusal(), now + absl::Seconds(10))->gives_up);
}

}  // namespace
}  // namespace signalbox
