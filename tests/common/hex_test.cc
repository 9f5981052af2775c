#include "common/hex.h"

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

TEST(BytesOfHexTest, ReversesAbseil) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(BytesOfHex(absl::BytesToHexString(all)), all);
  EXPECT_EQ(BytesOfHex(""), "");
}

TEST(BytesOfHexTest, TakesBothCases) {
  EXPECT_EQ(BytesOfHex("aF0B"), "\xaf\x0b");
}

TEST(BytesOfHexTest, RefusesWhatIsNoHex) {
  for (const char* const text :
       {"a", "abc", "0x", "g0", "0g", " 1", "+1", "-1", "\xc3\xa9"}) {
    EXPECT_EQ(BytesOfHex(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signalbox
