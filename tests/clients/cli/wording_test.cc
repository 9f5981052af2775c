#include "clients/cli/wording.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(TookTest, IsShortAtEveryLength) {
  EXPECT_EQ(Took(absl::Milliseconds(0)), "0.0s");
  EXPECT_EQ(Took(absl::Milliseconds(400)), "0.4s");
  EXPECT_EQ(Took(absl::Milliseconds(9999)), "9.9s");
  EXPECT_EQ(Took(absl::Seconds(12)), "12s");
  EXPECT_EQ(Took(absl::Seconds(133)), "2m 13s");
  EXPECT_EQ(Took(absl::Seconds(3900)), "1h 5m");
}

TEST(WordingTest, ValuesOfANewerServerHaveAWordToo) {
  EXPECT_EQ(StateText(static_cast<v1::CommitState>(77), v1::RESULT_SUCCESS),
            "unknown");
  EXPECT_EQ(StateText(v1::COMMIT_STATE_ERROR, static_cast<v1::Result>(77)),
            "error");
}

}  // namespace
}  // namespace signalbox
