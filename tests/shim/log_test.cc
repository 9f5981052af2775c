#include "shim/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace signalbox {
namespace {

TEST(ShimLogTest, NoByteCanForgeALineOrMoveACursor) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string quoted = LogQuoted(all);
  for (const char c : quoted) {
    EXPECT_GE(c, ' ');
    EXPECT_LE(c, '~');
  }
  EXPECT_TRUE(nlohmann::json::accept(quoted));
}

TEST(ShimLogTest, TextIsCut) {
  EXPECT_EQ(LogQuoted(std::string(256, 'x')).size(), 258u);
  EXPECT_EQ(LogQuoted(std::string(1000, 'x')).size(), 258u);
}

}  // namespace
}  // namespace signalbox
