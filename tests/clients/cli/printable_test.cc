#include "clients/cli/printable.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

TEST(PrintableTest, OrdinaryTextStays) {
  for (const char* text : {"", "plain ASCII ~", "caf\u00e9", "\u65e5\u672c",
                           "\U0001f600", "C:\\path", "5 \u20ac"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(PrintableTest, NoControlByteGetsThrough) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(1, static_cast<char>(c));
    const bool control = c < 0x20 || c == 0x7f;
    EXPECT_EQ(Printable(text), control ? absl::StrFormat("\\x%02x", c) : text);
  }
  EXPECT_EQ(Printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(Printable("\u009b31m"), "\\u009b31m");
}

TEST(PrintableTest, NothingInvisibleOrTurningGetsThrough) {
  EXPECT_EQ(Printable("a\u202eb"), "a\\u202eb");
  for (const char* text : {"\u00ad", "\u061c", "\u200b", "\u200e", "\u200f",
                           "\u2028", "\u2029", "\u202a", "\u202d", "\u2066",
                           "\u2069", "\u2060", "\ufeff", "\U000e0041"}) {
    EXPECT_EQ(Printable(text).find(text), std::string::npos);
  }
  EXPECT_EQ(Printable("\U000e0041"), "\\U000e0041");
}

TEST(PrintableTest, BytesThatAreNotUtf8AreShown) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("a\xc3"), "a\\xc3");
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b");  // Overlong ESC.
  EXPECT_EQ(Printable("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // A surrogate.
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\x80"), "\\x80");
}

TEST(PrintableTest, JsonSaysTheSameAfterwards) {
  const std::string text = "caf\u00e9 \u202e \U000e0041 \u0085 \U0001f600";
  const std::string json = nlohmann::json(text).dump();
  const std::string printable = PrintableJson(json);
  EXPECT_EQ(nlohmann::json::parse(printable), text);
  EXPECT_EQ(Printable(printable), printable);
}

TEST(PrintableTest, ShortensByCharacters) {
  EXPECT_EQ(Shortened("caf\u00e9", 4), "caf\u00e9");
  EXPECT_EQ(Shortened("\u00e9\u00e9\u00e9\u00e9", 3), "\u00e9\u00e9\u2026");
  EXPECT_EQ(LastCharacters("\u00e9\u00e9\u00e9\u00e9", 3),
            "\u2026\u00e9\u00e9");
}

}  // namespace
}  // namespace signalbox
