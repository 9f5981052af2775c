#include "server/base/glob.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

// The matching rule, letter by letter, in exponential time.
bool Reference(absl::string_view pattern, absl::string_view text, char stop) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    if (Reference(pattern.substr(1), text, stop)) return true;
    return !text.empty() && (stop == '\0' || text[0] != stop) &&
           Reference(pattern, text.substr(1), stop);
  }
  return !text.empty() && pattern[0] == text[0] &&
         Reference(pattern.substr(1), text.substr(1), stop);
}

// All words over `letters` of at most `length`.
std::vector<std::string> Words(absl::string_view letters, size_t length) {
  std::vector<std::string> words = {""};
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() == length) continue;
    for (const char letter : letters) words.push_back(words[i] + letter);
  }
  return words;
}

TEST(GlobTest, DoesWhatTheRuleSays) {
  for (const std::string& pattern : Words("a/*", 5)) {
    for (const std::string& text : Words("a/b", 5)) {
      EXPECT_EQ(GlobMatches(pattern, text), Reference(pattern, text, '\0'))
          << pattern << " " << text;
      EXPECT_EQ(GlobMatches(pattern, text, '/'), Reference(pattern, text, '/'))
          << pattern << " " << text;
    }
  }
}

TEST(GlobTest, MatchesTheWholeText) {
  EXPECT_TRUE(GlobMatches("ci/*", "ci/build"));
  EXPECT_FALSE(GlobMatches("ci/*", "xci/build"));
  EXPECT_FALSE(GlobMatches("build", "ci/build"));
  EXPECT_FALSE(GlobMatches("ci", "ci/build"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
  EXPECT_TRUE(GlobMatches("*", ""));
}

TEST(GlobTest, AStarCanStopAtASlash) {
  EXPECT_TRUE(GlobMatches("acme/*", "acme/widgets", '/'));
  EXPECT_FALSE(GlobMatches("acme/*", "acme/widgets/x", '/'));
  EXPECT_TRUE(GlobMatches("acme/*", "acme/widgets/x"));
  EXPECT_FALSE(GlobMatches("*", "acme/widgets", '/'));
}

// Also with characters that share their first byte, or their last one.
TEST(GlobTest, AStarStandsForWholeCharacters) {
  const std::vector<std::string> characters = {"a",      "\u00e4", "\u00e5",
                                               "\u0164", "\u20ac", "*"};
  // Of up to three characters, in their number.
  std::vector<std::vector<int>> words = {{}};
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() == 3) continue;
    for (int c = 0; c < 6; ++c) {
      words.push_back(words[i]);
      words.back().push_back(c);
    }
  }
  const auto spelled = [&characters](const std::vector<int>& word) {
    std::string text;
    for (const int c : word) text += characters[c];
    return text;
  };
  // With one letter per character, for the reference.
  const auto letters = [](const std::vector<int>& word) {
    std::string text;
    for (const int c : word) text += "abcde*"[c];
    return text;
  };
  for (const std::vector<int>& pattern : words) {
    for (const std::vector<int>& text : words) {
      EXPECT_EQ(GlobMatches(spelled(pattern), spelled(text)),
                Reference(letters(pattern), letters(text), '\0'))
          << spelled(pattern) << " " << spelled(text);
    }
  }
}

TEST(GlobTest, IgnoresAsciiCaseAndOnlyThat) {
  EXPECT_TRUE(GlobMatches("AcMe/*", "aCmE/Widgets", '/'));
  EXPECT_FALSE(GlobMatches("\u00e4", "\u00c4"));
  // 0x40 and 0x60 differ in the bit that separates upper and lower case.
  EXPECT_FALSE(GlobMatches("@", "`"));
  EXPECT_TRUE(GlobMatches("\xff", "\xff"));
}

TEST(GlobTest, NothingElseIsSpecial) {
  for (const char* const text : {"?", "[a]", "\\", ".", "{a,b}", "^", "$"}) {
    EXPECT_TRUE(GlobMatches(text, text));
    EXPECT_FALSE(GlobMatches(text, "a")) << text;
  }
  EXPECT_FALSE(GlobMatches("\\*", "*"));
}

// A matcher that tries every way to share the text among the stars would not
// finish.
TEST(GlobTest, ManyStarsCostLittle) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  const std::string text(20'000, 'a');
  EXPECT_TRUE(GlobMatches(pattern, text));
  EXPECT_FALSE(GlobMatches(pattern + "b", text));
  EXPECT_FALSE(GlobMatches(pattern + "b", text, '/'));
  EXPECT_TRUE(GlobMatches(std::string(100'000, '*'), text));
}

}  // namespace
}  // namespace signalbox
