#include "common/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/hex.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;

constexpr char kReplacement[] = "\xEF\xBF\xBD";

// The code points of a text, decoded by the arithmetic of RFC 3629. Bytes that
// are not UTF-8 are failures.
std::vector<uint32_t> CodePoints(absl::string_view text) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    size_t size = 1;
    if (lead >= 0xC0) size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const uint32_t mask = size == 1 ? 0x7F : 0x7F >> size;
    uint32_t point = lead & mask;
    bool valid = lead < 0x80 || size > 1;
    for (size_t n = 1; n < size; ++n) {
      const auto next =
          static_cast<uint8_t>(i + n < text.size() ? text[i + n] : 0);
      valid = valid && (next & 0xC0) == 0x80;
      point = point << 6 | (next & 0x3F);
    }
    static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    valid = valid && point >= kSmallest[size] && point <= 0x10FFFF &&
            (point < 0xD800 || point > 0xDFFF) && lead < 0xF8;
    EXPECT_TRUE(valid) << absl::CHexEscape(text);
    if (!valid) return {};
    points.push_back(point);
    i += size;
  }
  return points;
}

// Texts that are hard on a decoder: random bytes, and random pieces of good
// and bad sequences.
std::vector<std::string> HardTexts() {
  std::mt19937 random(Seed());
  const std::vector<std::string> pieces = {"a",
                                           " ",
                                           "\n",
                                           "\r\n",
                                           "\t",
                                           "\x01",
                                           "\x7f",
                                           "\x1b",
                                           "\x1b[",
                                           "\x1b]",
                                           "31m",
                                           "\u009b",
                                           "\u0085",
                                           "\u2028",
                                           "\u2029",
                                           "\u00e4",
                                           "\u20ac",
                                           "\uffff",
                                           "\U0001F680",
                                           "\xC3",
                                           "\xE2",
                                           "\xE2\x82",
                                           "\xF0\x9F",
                                           "\xF0\x9F\x9A",
                                           "\xC0\x80",
                                           "\xED\xA0\x80",
                                           "\xF4\x90\x80\x80",
                                           "\xFF",
                                           "\x80",
                                           "word "};
  std::vector<std::string> texts = {""};
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    std::string pieced;
    const size_t size = random() % 300;
    while (bytes.size() < size) bytes += static_cast<char>(random() % 256);
    for (size_t n = 0; n < size; ++n) {
      pieced += pieces[random() % pieces.size()];
    }
    texts.push_back(bytes);
    texts.push_back(pieced);
  }
  return texts;
}

TEST(FitDescriptionTest, KeepsWhatFits) {
  for (const char* const text :
       {"", "Build passed", "  two  spaces  ", "Stra\u00dfe \u20ac",
        "\uffff\uffee", "a\"b\\c<d>"}) {
    EXPECT_EQ(FitDescription(text), text);
  }
}

TEST(FitDescriptionTest, CountsCharactersNotBytes) {
  for (const std::string& character :
       {std::string("x"), std::string("\u00e4"), std::string("\u20ac")}) {
    std::string full;
    for (int i = 0; i < 140; ++i) full += character;
    EXPECT_EQ(FitDescription(full), full);
    const std::string cut = full.substr(0, 139 * character.size()) + "…";
    EXPECT_EQ(FitDescription(full + character), cut);
    EXPECT_EQ(FitDescription(full + "\u20ac"), cut);
    EXPECT_EQ(FitDescription(full + full + full), cut);
    EXPECT_EQ(CodePoints(cut).size(), 140U);
  }
}

// A character that is left out must not cost another one its place.
TEST(FitDescriptionTest, CutsOnlyForWhatIsShown) {
  const std::string full(140, 'x');
  EXPECT_EQ(FitDescription(full + "\U0001F680"), full);
  EXPECT_EQ(FitDescription("\U0001F680" + full), full);
  EXPECT_EQ(FitDescription(full + "\n"), full);
  EXPECT_EQ(FitDescription("\n" + full), full);
  EXPECT_EQ(FitDescription(full + "\n\U0001F680\n"), full);
  const std::string cut = std::string(139, 'x') + "…";
  EXPECT_EQ(FitDescription(full + "\ny"), cut);
  EXPECT_EQ(FitDescription(full + " "), cut);
  EXPECT_EQ(FitDescription(std::string(139, 'x') + "\ny"), cut);
  EXPECT_EQ(FitDescription(std::string(138, 'x') + "\ny"),
            std::string(138, 'x') + " y");
}

TEST(FitDescriptionTest, LeavesOutWhatGitHubRefuses) {
  EXPECT_EQ(FitDescription("\U0001F680 done"), " done");
  EXPECT_EQ(FitDescription("do\U00010000ne\U0010FFFF"), "done");
  EXPECT_EQ(FitDescription("\U0001F680"), "");
}

TEST(FitDescriptionTest, IsOneLine) {
  EXPECT_EQ(FitDescription("a\nb"), "a b");
  EXPECT_EQ(FitDescription("a\r\n\r\nb"), "a b");
  EXPECT_EQ(FitDescription("a \n b"), "a  b");
  EXPECT_EQ(FitDescription("\na\n"), "a");
  EXPECT_EQ(FitDescription("a\u2028b\u2029c\u0085d\te"), "a b c d e");
  EXPECT_EQ(FitDescription("a\n\U0001F680\nb"), "a b");
  EXPECT_EQ(FitDescription(absl::string_view("a\0b", 3)), "a b");
  for (int c = 0; c < 0x20; ++c) {
    if (c == 0x1b) continue;  // It begins a sequence.
    EXPECT_EQ(FitDescription(absl::StrCat("a", std::string(1, c), "b")), "a b");
  }
  EXPECT_EQ(FitDescription("a\x7f"
                           "b"),
            "a b");
}

// Farms often send the last line of a build log as the description.
TEST(FitDescriptionTest, LeavesOutWhatSteersATerminal) {
  const struct {
    std::string text;
    std::string fitted;
  } cases[] = {
      {"\033[31m3 failed \033[0m", "3 failed "},
      {"a\033[1;38;2;255;0;10mb\033[mc", "abc"},
      {"a\033[?25lb\033[2Kc\033[1A", "abc"},
      {"a\033[4:3mb\033[0 qc", "abc"},
      {"a\033(Bb\033[mc", "abc"},  // As `tput sgr0` has it.
      {"a\033%Gb\033#8c\0337\0338", "abc"},
      {"a\033Mb\033=", "ab"},
      {"\033]0;a title\x07text", "text"},
      {"\033]8;;https://e.com/\033\\link\033]8;;\033\\", "link"},
      {"a\033Pq#0;2\033\\b\033_x\033\\c\033^y\033\\d\033Xz\033\\", "abcd"},
      {"a\u009b31mb\u009dtitle\u009cc", "abc"},
      // Sequences that are cut off, as at the end of the kept text.
      {"done\033", "done"},
      {"done\033[", "done"},
      {"done\033[31", "done"},
      {"done\033(", "done"},
      {"a\033]0;never ended", "a0;never ended"},
      {"a\033[31\nb", "a b"},
      {"a\033\nb", "a b"},
      {"a\033\033[31mb", "a b"},
      {"a\033[31\u00e4", "a\u00e4"},
      {"a\033\u00e4", "a \u00e4"},
      // These look like sequences, but have no escape character.
      {"[31mred", "[31mred"},
      {"list[0m]", "list[0m]"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(FitDescription(c.text), c.fitted) << absl::CHexEscape(c.text);
    EXPECT_EQ(FitDescription(c.fitted), c.fitted);
  }
}

TEST(FitDescriptionTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(FitDescription("a\xFF"
                           "b"),
            absl::StrCat("a", kReplacement, "b"));
  EXPECT_EQ(FitDescription("\xC3"), kReplacement);
  EXPECT_EQ(FitDescription("\xE2\x82"), kReplacement);
  EXPECT_EQ(FitDescription("\xE2\x82x"), absl::StrCat(kReplacement, "x"));
  EXPECT_EQ(FitDescription("\xF0\x9F\x9A"), kReplacement);
  EXPECT_EQ(FitDescription("\x80\x80"),
            absl::StrCat(kReplacement, kReplacement));
  // Overlong, a surrogate, beyond Unicode.
  for (const char* const bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF5\x80"}) {
    EXPECT_THAT(FitDescription(bad), HasSubstr(kReplacement));
  }
}

TEST(FitDescriptionTest, HoldsForHardTexts) {
  for (const std::string& text : HardTexts()) {
    const std::string fitted = FitDescription(text);
    const std::vector<uint32_t> points = CodePoints(fitted);
    ASSERT_LE(points.size(), 140U) << absl::CHexEscape(text);
    for (const uint32_t point : points) {
      ASSERT_GE(point, 0x20U) << absl::CHexEscape(text);
      ASSERT_LE(point, 0xFFFFU) << absl::CHexEscape(text);
      ASSERT_FALSE(point >= 0x7F && point < 0xA0) << absl::CHexEscape(text);
      ASSERT_FALSE(point == 0x2028 || point == 0x2029);
    }
    ASSERT_EQ(FitDescription(fitted), fitted) << absl::CHexEscape(text);
    // The kept text gives the same post.
    ASSERT_EQ(FitDescription(KeepDescription(text).text), fitted)
        << absl::CHexEscape(text);
  }
}

TEST(KeepDescriptionTest, KeepsValidTextAsItIs) {
  for (const char* const text : {"", "a\nb", "\U0001F680", "\u20ac", "a\x01"}) {
    const Kept kept = KeepDescription(text);
    EXPECT_EQ(kept.text, text);
    EXPECT_EQ(kept.warning, "");
  }
}

TEST(KeepDescriptionTest, KeepsFourKiB) {
  const std::string full(4096, 'x');
  EXPECT_EQ(KeepDescription(full).text, full);
  EXPECT_EQ(KeepDescription(full).warning, "");
  EXPECT_EQ(KeepDescription(full + "x").text, full);
  EXPECT_THAT(KeepDescription(full + "x").warning, HasSubstr("cut"));
  // Not within a character.
  const std::string almost(4095, 'x');
  EXPECT_EQ(KeepDescription(almost + "\u00e4").text, almost);
  EXPECT_THAT(KeepDescription(almost + "\u00e4").warning, HasSubstr("cut"));
}

TEST(KeepDescriptionTest, SaysWhatItRepaired) {
  const Kept kept = KeepDescription(
      "a\xFF"
      "b");
  EXPECT_EQ(kept.text, absl::StrCat("a", kReplacement, "b"));
  EXPECT_THAT(kept.warning, HasSubstr("UTF-8"));
}

TEST(KeepDescriptionTest, HoldsForHardTexts) {
  for (std::string text : HardTexts()) {
    text = text + text + text + text + text + text + text + text + text + text;
    const Kept kept = KeepDescription(text);
    CodePoints(kept.text);
    ASSERT_LE(kept.text.size(), 4096U);
    ASSERT_EQ(kept.warning.empty(), kept.text == text);
    ASSERT_EQ(KeepDescription(kept.text).text, kept.text);
    ASSERT_EQ(KeepDescription(kept.text).warning, "");
  }
}

// A URL taken apart by RFC 3986. It is a failure if it breaks the grammar.
struct Url {
  std::string scheme;
  std::string authority;
  std::string path;
  std::string query;
  std::string fragment;
};

Url Parse(absl::string_view text) {
  Url url;
  const auto take = [&text](absl::string_view end) {
    const size_t size = std::min(text.find_first_of(end), text.size());
    const absl::string_view part = text.substr(0, size);
    text.remove_prefix(size);
    return std::string(part);
  };
  const auto check = [](absl::string_view part, absl::string_view allowed) {
    for (size_t i = 0; i < part.size(); ++i) {
      if (absl::ascii_isalnum(part[i]) || absl::StrContains(allowed, part[i])) {
        continue;
      }
      EXPECT_TRUE(part[i] == '%' && i + 2 < part.size() &&
                  absl::ascii_isxdigit(part[i + 1]) &&
                  absl::ascii_isxdigit(part[i + 2]))
          << part;
    }
  };
  url.scheme = take(":");
  EXPECT_TRUE(absl::ConsumePrefix(&text, "://"));
  url.authority = take("/?#");
  url.path = take("?#");
  if (absl::ConsumePrefix(&text, "?")) url.query = take("#");
  if (absl::ConsumePrefix(&text, "#")) url.fragment = std::string(text);
  check(url.authority, "-._~!$&'()*+,;=:@[]");
  check(url.path, "-._~!$&'()*+,;=:@/");
  check(url.query, "-._~!$&'()*+,;=:@/?");
  check(url.fragment, "-._~!$&'()*+,;=:@/?");
  return url;
}

std::string Decoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded += *BytesOfHex(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

TEST(KeepTargetUrlTest, KeepsGoodUrlsAsTheyAre) {
  for (const char* const url :
       {"", "https://ci.example", "http://ci.example/", "HTTPS://CI.Example/a",
        "https://ci.example:8443/job/1?x=1&y=%20#L1", "http://127.0.0.1:1/",
        "http://[::1]:8080/a", "http://[2001:db8::1.2.3.4]",
        "https://user@ci.example/", "https://user:pw@ci.example/",
        "https://ci.example:/a", "https://ci_1.example/a//b/../c;d=e,f",
        "https://ci.example?x", "https://ci.example#x",
        "https://ci.example/~u/(a)'b'*!$@:"}) {
    const Kept kept = KeepTargetUrl(url);
    EXPECT_EQ(kept.text, url);
    EXPECT_EQ(kept.warning, "") << url;
  }
}

TEST(KeepTargetUrlTest, LeavesOutWhatIsNotHttp) {
  for (const char* const url :
       {"ci.example", "//ci.example", "/job/1", "ftp://ci.example",
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "https:/ci.example", "https:ci.example", "https", "httpss://ci.example",
        "x"}) {
    const Kept kept = KeepTargetUrl(url);
    EXPECT_EQ(kept.text, "") << url;
    EXPECT_EQ(kept.warning, "target_url left out: not http or https") << url;
  }
}

// GitHub would refuse the whole status for a link that it cannot read.
TEST(KeepTargetUrlTest, LeavesOutWhatHasNoHost) {
  for (const char* const url : {"https://",
                                "https:///job",
                                "https://?x",
                                "https://#x",
                                "https://:80",
                                "https://user@",
                                "https://user@:80/",
                                "https://ci example/",
                                "https://ci\\example/",
                                "https://ci\nexample/",
                                "https://ci<b>/",
                                "https://b\u00fccher.example/",
                                "https://ci.example:port/",
                                "https://ci.example:65536/",
                                "https://ci.example:-1/",
                                "https://[::1/",
                                "https://::1]/",
                                "https://::1/",
                                "https://[]/",
                                "https://[::g]/",
                                "https://[::1]x/",
                                "https://[::1]8080/",
                                "https://a@b@c/",
                                "https://a[b]@c/",
                                "https://%/",
                                "https://%41/",
                                "https://a%zzb@c/",
                                "https://{host}/"}) {
    const Kept kept = KeepTargetUrl(url);
    EXPECT_EQ(kept.text, "") << url;
    EXPECT_EQ(kept.warning,
              "target_url left out: its host or port is missing or invalid")
        << url;
  }
}

TEST(KeepTargetUrlTest, EncodesWhatNeedsIt) {
  const struct {
    std::string url;
    std::string kept;
  } cases[] = {
      {"https://ci.example/a b", "https://ci.example/a%20b"},
      {"https://ci.example/\u00e4", "https://ci.example/%C3%A4"},
      {"https://ci.example/\xFF", "https://ci.example/%FF"},
      {"https://ci.example/\nb", "https://ci.example/%0Ab"},
      {" https://ci.example/a b\n", "https://ci.example/a%20b"},
      {"https://ci.example/\x7f", "https://ci.example/%7F"},
      {"https://ci.example/\"<>\\^`{|}",
       "https://ci.example/%22%3C%3E%5C%5E%60%7B%7C%7D"},
      {"https://ci.example/a%", "https://ci.example/a%25"},
      {"https://ci.example/a%2", "https://ci.example/a%252"},
      {"https://ci.example/a%zz%41", "https://ci.example/a%25zz%41"},
      {"https://ci.example/%%41", "https://ci.example/%25%41"},
      {"https://ci.example/?q[]=1", "https://ci.example/?q%5B%5D=1"},
      {"https://ci.example/#a#b", "https://ci.example/#a%23b"},
      {"https://ci.example?a b#c d", "https://ci.example?a%20b#c%20d"},
  };
  for (const auto& c : cases) {
    const Kept kept = KeepTargetUrl(c.url);
    EXPECT_EQ(kept.text, c.kept);
    EXPECT_EQ(kept.warning,
              "target_url changed: characters that no URL may contain are "
              "percent-encoded")
        << c.url;
  }
  const Kept nul = KeepTargetUrl(absl::string_view("https://a/\0b", 12));
  EXPECT_EQ(nul.text, "https://a/%00b");
}

// Files and commands often add it.
TEST(KeepTargetUrlTest, LeavesOutWhiteSpaceAround) {
  for (const char* const url :
       {"https://ci.example/1\n", "https://ci.example/1\r\n",
        "\t https://ci.example/1 \n\n", "\vhttps://ci.example/1\f"}) {
    const Kept kept = KeepTargetUrl(url);
    EXPECT_EQ(kept.text, "https://ci.example/1");
    EXPECT_EQ(kept.warning,
              "target_url changed: white space around it is left out");
  }
  EXPECT_EQ(KeepTargetUrl("\n").text, "");
  EXPECT_NE(KeepTargetUrl("\n").warning, "");
}

TEST(KeepTargetUrlTest, KeepsUpTo2048Bytes) {
  const auto url = [](size_t size) {
    const std::string begin = "https://ci.example/";
    return begin + std::string(size - begin.size(), 'x');
  };
  EXPECT_EQ(KeepTargetUrl(url(2048)).text, url(2048));
  EXPECT_EQ(KeepTargetUrl(url(2049)).text, "");
  EXPECT_EQ(KeepTargetUrl(url(2049)).warning,
            "target_url left out: over 2048 bytes, the most that the server "
            "keeps");
  // The length of the posted URL counts.
  EXPECT_EQ(KeepTargetUrl(url(2044) + " x").text, url(2044) + "%20x");
  EXPECT_EQ(KeepTargetUrl(url(2045) + " x").text, "");
  EXPECT_EQ(KeepTargetUrl(url(2048) + "\r\n").text, url(2048));
  EXPECT_EQ(KeepTargetUrl("https://" + std::string(3000, 'a')).text, "");
}

TEST(KeepTargetUrlTest, HoldsForHardTexts) {
  std::mt19937 random(Seed());
  for (const std::string& hard : HardTexts()) {
    const std::string host = random() % 2 == 0 ? "ci.example" : "[::1]:80";
    const std::string url = absl::StrCat(
        "https://", host, std::string(1, "/?#"[random() % 3]), hard);
    const Kept kept = KeepTargetUrl(url);
    ASSERT_LE(kept.text.size(), 2048U);
    if (kept.text.empty()) {
      ASSERT_THAT(kept.warning, HasSubstr("over 2048")) << url;
      continue;
    }
    const Url parsed = Parse(kept.text);
    ASSERT_EQ(parsed.scheme, "https");
    ASSERT_EQ(parsed.authority, host);
    ASSERT_EQ(Decoded(kept.text), Decoded(absl::StripAsciiWhitespace(url)))
        << absl::CHexEscape(url);
    ASSERT_EQ(kept.warning.empty(), kept.text == url);
    ASSERT_EQ(KeepTargetUrl(kept.text).text, kept.text);
    ASSERT_EQ(KeepTargetUrl(kept.text).warning, "");
  }
  // With the text as its host, a URL is left out or can be read.
  for (const std::string& hard : HardTexts()) {
    const Kept kept = KeepTargetUrl(absl::StrCat("http://", hard, "/x"));
    if (!kept.text.empty()) Parse(kept.text);
    ASSERT_EQ(KeepTargetUrl(kept.text).text, kept.text);
  }
}

}  // namespace
}  // namespace signalbox
