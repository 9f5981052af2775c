#include "rest/paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PagingTest, PagesHoldEachElementOnce) {
  const std::vector<int> all = {1, 2, 3, 4, 5};
  EXPECT_THAT(PageOf<int>(all, 1, 2), ElementsAre(1, 2));
  EXPECT_THAT(PageOf<int>(all, 3, 2), ElementsAre(5));
  EXPECT_THAT(PageOf<int>(all, 1, 5), ElementsAre(1, 2, 3, 4, 5));
  // Codecov reads until a page is short.
  EXPECT_THAT(PageOf<int>(all, 2, 5), IsEmpty());
  EXPECT_THAT(PageOf<int>(all, std::numeric_limits<int64_t>::max(), 100),
              IsEmpty());
  EXPECT_THAT(PageOf<int>(std::vector<int>(), 1, 30), IsEmpty());
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
