#include "server/base/token_bucket.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

int TakeAll(TokenBucket* bucket, absl::Duration now) {
  bucket->Refill(SteadyTime(now));
  int taken = 0;
  for (; !bucket->IsEmpty(); ++taken) bucket->Take();
  return taken;
}

TEST(TokenBucketTest, GivesABurstAndThenSoManyASecond) {
  TokenBucket bucket(10, 3);
  EXPECT_EQ(TakeAll(&bucket, absl::Hours(5)), 3);
  EXPECT_EQ(TakeAll(&bucket, absl::Hours(5)), 0);
  EXPECT_EQ(TakeAll(&bucket, absl::Hours(5) + absl::Milliseconds(250)), 2);
  // The fraction of a token is kept.
  EXPECT_EQ(TakeAll(&bucket, absl::Hours(5) + absl::Milliseconds(350)), 1);
}

TEST(TokenBucketTest, SilenceFillsItToTheBrimOnly) {
  TokenBucket bucket(1000, 3);
  EXPECT_EQ(TakeAll(&bucket, absl::ZeroDuration()), 3);
  EXPECT_EQ(TakeAll(&bucket, absl::Hours(1)), 3);
}

}  // namespace
}  // namespace signalbox
