#include "tests/github_simulator/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace signalbox {
namespace {

using ::testing::ElementsAre;

TEST(RequestTargetTest, TakesTargetsApart) {
  const auto target =
      RequestTarget::Parse("/api/v3/a%2Fb/c?x=1%262&y=&z&x=3", "/api/v3");
  EXPECT_TRUE(target.is_valid);
  EXPECT_THAT(target.segments, ElementsAre("a/b", "c"));
  EXPECT_EQ(target.Query("x"), "1&2");
  EXPECT_EQ(target.Query("y"), "");
  EXPECT_EQ(target.Query("none"), "");
  EXPECT_EQ(target.RawAfter(0), "/a%2Fb/c?x=1%262&y=&z&x=3");
  EXPECT_EQ(target.RawAfter(2), "?x=1%262&y=&z&x=3");
  for (const char* bad : {"", "/", "/a/", "//a", "/%", "/%4", "/%zz", "a/b"}) {
    EXPECT_FALSE(RequestTarget::Parse(bad, "").is_valid) << bad;
  }
}

TEST(RequestTargetTest, EncodingComesBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(PercentDecode("%4"), std::nullopt);
}

}  // namespace
}  // namespace signalbox
