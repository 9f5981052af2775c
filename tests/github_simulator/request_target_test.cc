#include "tests/github_simulator/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  for (const char* bad : {"", "/a/", "//a", "/%", "/%4", "/%zz", "a/b"}) {
    EXPECT_FALSE(RequestTarget::Parse(bad, "").is_valid) << bad;
  }
}

TEST(RequestTargetTest, KnowsTheRoot) {
  for (const auto& [target, prefix] :
       {std::pair{"/", ""}, std::pair{"/?a=b", ""},
        std::pair{"/api/v3", "/api/v3"}, std::pair{"/api/v3/", "/api/v3"}}) {
    const auto root = RequestTarget::Parse(target, prefix);
    EXPECT_TRUE(root.is_valid) << target;
    EXPECT_THAT(root.segments, IsEmpty()) << target;
  }
  for (const char* const target : {"", "/", "/api/v3//", "/api/v3x"}) {
    EXPECT_FALSE(RequestTarget::Parse(target, "/api/v3").is_valid) << target;
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
