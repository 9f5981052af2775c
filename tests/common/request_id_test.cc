#include "common/request_id.h"

#include <string>

#include "gtest/gtest.h"

namespace signalbox {
namespace {

TEST(RequestIdTest, AcceptsShortWordsAlone) {
  for (const std::string& id :
       {std::string("a"), std::string("build:4.2_x-1"),
        std::string("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        std::string(64, 'Z')}) {
    EXPECT_TRUE(IsRequestId(id)) << id;
  }
  for (const std::string& text :
       {std::string(), std::string(65, 'a'), std::string("a b"),
        std::string("a\nb"), std::string("a/b"), std::string("a,b"),
        std::string("\xc3\xa9"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(IsRequestId(text)) << text;
  }
}

TEST(RequestIdTest, MakesIdsThatDiffer) {
  const std::string first = NewRequestId();
  const std::string second = NewRequestId();
  EXPECT_NE(first, second);
  EXPECT_TRUE(IsRequestId(first)) << first;
  EXPECT_TRUE(IsRequestId(second)) << second;
}

}  // namespace
}  // namespace signalbox
