#include "clients/cli/line_tail.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace signalbox {
namespace {

std::string TailOf(absl::string_view output, size_t lines = 1,
                   size_t limit = 140) {
  LineTail tail(lines);
  tail.Add(output);
  return tail.Text(limit);
}

TEST(LineTailTest, KeepsTheLastLines) {
  EXPECT_EQ(TailOf(""), "");
  EXPECT_EQ(TailOf("\n\n"), "");
  EXPECT_EQ(TailOf("one"), "one");
  EXPECT_EQ(TailOf("one\ntwo\n"), "two");
  EXPECT_EQ(TailOf("one\ntwo\n\n  \n\t\n"), "two");
  EXPECT_EQ(TailOf("one\ntwo\nthree", 2), "two / three");
  EXPECT_EQ(TailOf("one\ntwo\nthree\n", 10), "one / two / three");
}

TEST(LineTailTest, ShowsWhatAPersonSees) {
  EXPECT_EQ(TailOf("\x1b[1;31m3 failed\x1b[0m, 5 passed\r\n"),
            "3 failed, 5 passed");
  EXPECT_EQ(TailOf("10 %\r50 %\r100 %\n"), "100 %");
  EXPECT_EQ(TailOf("10 %\r50 %\r"), "50 %");
  EXPECT_EQ(TailOf("done\r\r\n"), "done");
  EXPECT_EQ(TailOf("a\tb"), "a b");
  EXPECT_EQ(TailOf("  indented  "), "indented");
  // A link, a title, a character set; cut off in the middle.
  EXPECT_EQ(TailOf("see \x1b]8;;http://x/\x1b\\here\x1b]8;;\a."), "see here.");
  EXPECT_EQ(TailOf("\x1b]0;title\a\x1b(Btext"), "text");
  EXPECT_EQ(TailOf("text\x1b["), "text");
  EXPECT_EQ(TailOf("text\x1b"), "text");
  EXPECT_EQ(TailOf(absl::string_view("n\0ul\x7f\b", 6)), "nul");
  EXPECT_EQ(TailOf("caf\xc3\xa9 \xff"), "café \\xff");
}

TEST(LineTailTest, CutsAtTheFront) {
  EXPECT_EQ(TailOf("ääää", 1, 4), "ääää");
  EXPECT_EQ(TailOf("äbcde", 1, 4), "…cde");
  EXPECT_EQ(TailOf(std::string(10'000'000, 'x') + "\nlast"), "last");
  EXPECT_EQ(TailOf(std::string(10'000, 'x'), 1, 10'000),
            std::string(4096, 'x'));
}

// Output comes in pieces that can end anywhere.
TEST(LineTailTest, IsTheSameHoweverTheOutputIsCut) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string letters = "ab\r\n\x1b[]m\\\a\xc3\xa9 ";
  for (int i = 0; i < 2000; ++i) {
    std::string output;
    const size_t length = random() % 60;
    while (output.size() < length) output += letters[random() % letters.size()];
    LineTail cut(3);
    for (absl::string_view rest = output; !rest.empty();) {
      const absl::string_view piece = rest.substr(0, 1 + random() % 5);
      cut.Add(piece);
      rest.remove_prefix(piece.size());
    }
    ASSERT_EQ(cut.Text(140), TailOf(output, 3))
        << testing::PrintToString(output);
    for (const char letter : cut.Text(140)) {
      ASSERT_FALSE(letter >= 0 && letter < 0x20)
          << testing::PrintToString(output);
    }
  }
}

}  // namespace
}  // namespace signalbox
