#include "server/base/recent_map.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(RecentMapTest, KeepsWhatIsInUseAndDropsTheOldest) {
  RecentMap<int, int> map(100);
  for (int i = 0; i < 10'000; ++i) {
    map.Put(i, -i);
    ASSERT_LE(map.size(), 100u);
    // 7 is looked up in every round.
    if (i < 7) continue;
    int* const found = map.Find(7);
    ASSERT_NE(found, nullptr) << i;
    ASSERT_EQ(*found, -7);
    // The last 40 were put lately.
    for (int j = std::max(0, i - 40); j < i; ++j) {
      ASSERT_NE(map.Find(j), nullptr) << i << " " << j;
    }
  }
  EXPECT_EQ(map.Find(5000), nullptr);
}

TEST(RecentMapTest, KeepsOneValueOfAKey) {
  RecentMap<int, int> map(4);
  map.Put(1, 10);
  map.Put(2, 20);
  map.Put(3, 30);  // 1 and 2 are old now.
  map.Put(1, 11);
  EXPECT_EQ(*map.Find(1), 11);
  EXPECT_EQ(map.size(), 3u);
  map.Erase(1);
  map.Erase(2);
  EXPECT_EQ(map.Find(1), nullptr);
  EXPECT_EQ(map.Find(2), nullptr);
  map.Clear();
  EXPECT_EQ(map.size(), 0u);
}

}  // namespace
}  // namespace signalbox
