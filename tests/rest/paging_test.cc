#include "rest/paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The indices on a page of a list of five.
std::vector<size_t> On(int64_t page, int64_t per_page) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < 5; ++i) {
    if (IsOnPage(i, page, per_page)) indices.push_back(i);
  }
  return indices;
}

TEST(PagingTest, PagesHoldEachElementOnce) {
  EXPECT_THAT(On(1, 2), ElementsAre(0, 1));
  EXPECT_THAT(On(3, 2), ElementsAre(4));
  EXPECT_THAT(On(1, 5), ElementsAre(0, 1, 2, 3, 4));
  // Codecov reads until a page is short.
  EXPECT_THAT(On(2, 5), IsEmpty());
  EXPECT_THAT(On(std::numeric_limits<int64_t>::max(), 100), IsEmpty());
}

TEST(PagingTest, LinksNameTheOtherPages) {
  EXPECT_EQ(LinkOf("http://x/s", 1, 30, 0), "");
  EXPECT_EQ(LinkOf("http://x/s", 1, 30, 30), "");
  EXPECT_EQ(LinkOf("http://x/s", 1, 30, 31),
            "<http://x/s?per_page=30&page=2>; rel=\"next\", "
            "<http://x/s?per_page=30&page=2>; rel=\"last\"");
  EXPECT_EQ(LinkOf("http://x/s", 2, 10, 30),
            "<http://x/s?per_page=10&page=1>; rel=\"prev\", "
            "<http://x/s?per_page=10&page=3>; rel=\"next\", "
            "<http://x/s?per_page=10&page=3>; rel=\"last\", "
            "<http://x/s?per_page=10&page=1>; rel=\"first\"");
  EXPECT_EQ(LinkOf("http://x/s", 9, 30, 31),
            "<http://x/s?per_page=30&page=2>; rel=\"prev\", "
            "<http://x/s?per_page=30&page=1>; rel=\"first\"");
}

}  // namespace
}  // namespace signalbox
