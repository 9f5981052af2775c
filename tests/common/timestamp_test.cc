#include "common/timestamp.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(TimestampTest, IsAMomentWithAZone) {
  const absl::Time moment = absl::FromUnixSeconds(1795341600);
  for (const char* text :
       {"2026-11-22T10:00:00Z", "2026-11-22T11:00:00.000+01:00",
        "2026-11-22T10:00:00.000000000Z"}) {
    EXPECT_EQ(ParseTimestamp(text), moment) << text;
  }
}

TEST(TimestampTest, NothingElseIs) {
  for (const char* text :
       {"", "2026", "yesterday", "2026-11-22", "2026-11-22T10:00:00",
        "2026-13-22T10:00:00Z", "2026-11-22T10:00:00Z ago", "1795341600",
        // Abseil's parser takes these.
        "infinite-future", "infinite-past", " 2026-11-22T10:00:00Z",
        "12026-11-22T10:00:00Z", "-2026-11-22T10:00:00Z"}) {
    EXPECT_EQ(ParseTimestamp(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signalbox
