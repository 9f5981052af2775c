#include "server/outbox/lookups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/error.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

CodeChange PushOf(const std::string& ref) {
  CodeChange change;
  change.event = "push";
  change.base_ref = ref;
  return change;
}

TEST(LookupsTest, APushMovesItsRef) {
  EXPECT_EQ(HeadRefOf(PushOf("refs/heads/a/b")), "refs/heads/a/b");
  EXPECT_EQ(HeadRefOf(PushOf("refs/tags/v1")), "refs/tags/v1");
  for (const char* const other :
       {"", "refs/heads/", "refs/notes/x", "main", "heads/main"}) {
    EXPECT_EQ(HeadRefOf(PushOf(other)), "") << other;
  }
  const std::string longest = "refs/heads/" + std::string(kMostRefBytes, 'x');
  EXPECT_EQ(HeadRefOf(PushOf(longest)), longest);
  EXPECT_EQ(HeadRefOf(PushOf(longest + "x")), "");
}

TEST(LookupsTest, APullRequestMovesTheBranchOfItsOwnRepository) {
  CodeChange change;
  change.event = "pull_request";
  change.head_ref = "topic";
  change.base_ref = "main";
  EXPECT_EQ(HeadRefOf(change), "refs/heads/topic");
  change.fork = true;
  EXPECT_EQ(HeadRefOf(change), "");
  change.fork = false;
  change.event = "merge_group";
  EXPECT_EQ(HeadRefOf(change), "");
}

TEST(LookupsTest, AHeadIsNeverOfTheFuture) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  CodeChange change = PushOf("refs/heads/main");
  EXPECT_EQ(HeadRefTime(change, now), now);
  change.updated_time = now - absl::Hours(1);
  EXPECT_EQ(HeadRefTime(change, now), now - absl::Hours(1));
  change.updated_time = now + absl::Hours(1);
  EXPECT_EQ(HeadRefTime(change, now), now);
}

TEST(LookupsTest, ABranchComesBeforeATag) {
  EXPECT_THAT(FullRefsOf("x"), ElementsAre("refs/heads/x", "refs/tags/x"));
  EXPECT_THAT(
      FullRefsOf("tags/x"),
      ElementsAre("refs/tags/x", "refs/heads/tags/x", "refs/tags/tags/x"));
  EXPECT_EQ(FullRefsOf("refs/heads/x").front(), "refs/heads/x");
}

TEST(LookupsTest, SevenDigitsBeginAShaAndSixDoNot) {
  const auto range = ShasBeginningWith("6DCB09b");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->first, "\x6d\xcb\x09\xb0");
  EXPECT_EQ(range->last, "\x6d\xcb\x09\xbf" + std::string(28, '\xff'));
  const auto even = ShasBeginningWith("6dcb09b5");
  ASSERT_TRUE(even.has_value());
  EXPECT_EQ(even->first, "\x6d\xcb\x09\xb5");
  for (const std::string& none : {std::string("6dcb09"), std::string("6dcb09g"),
                                  std::string(), std::string(64, 'a')}) {
    EXPECT_FALSE(ShasBeginningWith(none).has_value()) << none;
  }
}

}  // namespace
}  // namespace signalbox
