#include "common/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

TEST(Utf8Test, WellFormedSequencesAreCharacters) {
  const struct {
    const char* text;
    uint32_t code_point;
    size_t size;
  } cases[] = {
      {"a\u00fc", 'a', 1},        {"\u0080", 0x80, 2},
      {"\u07ff", 0x7ff, 2},       {"\u0800x", 0x800, 3},
      {"\ud7ff", 0xd7ff, 3},      {"\ue000", 0xe000, 3},
      {"\U00010000", 0x10000, 4}, {"\U0010ffff", 0x10ffff, 4},
  };
  for (const auto& c : cases) {
    const Utf8Character first = FirstCharacter(c.text);
    EXPECT_TRUE(first.valid) << c.text;
    EXPECT_EQ(first.code_point, c.code_point);
    EXPECT_EQ(first.size, c.size);
  }
  EXPECT_TRUE(FirstCharacter(absl::string_view("\0", 1)).valid);
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("a\u00fc\u20ac\U00010000"));
}

TEST(Utf8Test, NothingElseIsACharacter) {
  const struct {
    const char* text;
    size_t size;
  } cases[] = {
      {"\x80", 1},         {"\xff", 1},
      {"\xc3", 1},         {"\xc0\x9b", 1},
      {"\xe0\x80\x9b", 1}, {"\xed\xa0\x80", 1},
      {"\xe2\x82", 2},     {"\xe2\x82x", 2},
      {"\xf0\x9f\x98", 3}, {"\xf4\x90\x80\x80", 1},
  };
  for (const auto& c : cases) {
    EXPECT_FALSE(FirstCharacter(c.text).valid) << c.text;
    EXPECT_FALSE(IsValidUtf8(std::string("a\u00fc") + c.text)) << c.text;
    EXPECT_EQ(FirstCharacter(c.text).size, c.size) << c.text;
  }
}

TEST(Utf8Test, ACutLeavesWholeCharacters) {
  EXPECT_EQ(CutUtf8("abc", 3), "abc");
  EXPECT_EQ(CutUtf8("abcd", 3), "abc");
  EXPECT_EQ(CutUtf8("a\u20ac", 3), "a");
  EXPECT_EQ(CutUtf8("a\u20ac", 4), "a\u20ac");
  EXPECT_EQ(CutUtf8("\u20ac", 2), "");
  EXPECT_EQ(CutUtf8("abc", 0), "");
}

TEST(Utf8Test, CountsCharacters) {
  EXPECT_EQ(CharacterCount(""), 0u);
  EXPECT_EQ(CharacterCount("caf\u00e9"), 4u);
  EXPECT_EQ(CharacterCount("\U0001f680\xff\xe2\x82x"), 4u);
  EXPECT_EQ(FirstCharacters("a\u20acb", 0), "");
  EXPECT_EQ(FirstCharacters("a\u20acb", 2), "a\u20ac");
  EXPECT_EQ(FirstCharacters("a\u20acb", 4), "a\u20acb");
  EXPECT_EQ(FirstCharacters("\xe2\x82z", 1), "\xe2\x82");
}

TEST(Utf8Test, EscapesWholeCharacters) {
  EXPECT_EQ(Escaped("ci/\u00fc a~"), "ci/\\u00fc a~");
  EXPECT_EQ(Escaped("\U0001f680\u202e"), "\\U0001f680\\u202e");
  EXPECT_EQ(Escaped("\"\\\n\x1b\x7f"), "\\\"\\\\\\n\\x1b\\x7f");
  EXPECT_EQ(Escaped("\u0421\xff\xe2\x82\u0431"),
            "\\u0421\\xff\\xe2\\x82\\u0431");
  EXPECT_EQ(JsonEscape(0xfc), "\\u00fc");
  EXPECT_EQ(JsonEscape(0x1f680), "\\ud83d\\ude80");
}

TEST(Utf8Test, NamesACharacterForPeople) {
  EXPECT_EQ(CharacterName("\tb"), "U+0009");
  EXPECT_EQ(CharacterName("\u00fcb"), "U+00FC");
  EXPECT_EQ(CharacterName("\U0001f680"), "U+1F680");
  EXPECT_EQ(CharacterName("\xff\u00fc"), "the byte 0xff");
}

}  // namespace
}  // namespace signalbox
