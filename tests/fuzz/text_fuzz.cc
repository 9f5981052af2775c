#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "common/text.h"
#include "server/report/status_key.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

// The code points of a text. Other bytes become U+FFFD, one for each longest
// beginning of a sequence, as the Unicode standard advises.
std::vector<uint32_t> CodePoints(absl::string_view text) {
  std::vector<uint32_t> points;
  while (!text.empty()) {
    size_t size = 0;
    auto point = static_cast<uint32_t>(static_cast<uint8_t>(text[0]));
    if (point < 0x80) {
      points.push_back(point);
      text.remove_prefix(1);
      continue;
    }
    for (size_t tried = 1; tried <= 4 && tried <= text.size(); ++tried) {
      size_t count = 0;
      if (IsUtf8(text.substr(0, tried), &count, &point) && count == 1) {
        size = tried;
        break;
      }
    }
    if (size > 0) {
      points.push_back(point);
      text.remove_prefix(size);
      continue;
    }
    // The longest prefix that further bytes could complete to a character.
    size = 1;
    for (size_t tried = 2; tried <= 3 && tried <= text.size(); ++tried) {
      const std::string prefix(text.substr(0, tried));
      const bool completes =
          IsUtf8(prefix + "\x80") || IsUtf8(prefix + "\x80\x80");
      if (!completes) break;
      size = tried;
    }
    points.push_back(0xfffd);
    text.remove_prefix(size);
  }
  return points;
}

std::string Encode(const std::vector<uint32_t>& points) {
  std::string text;
  for (const uint32_t point : points) {
    const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xc0 | point >> 6), put(0x80 | (point & 63));
    } else if (point < 0x10000) {
      put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 63)),
          put(0x80 | (point & 63));
    } else {
      put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 63)),
          put(0x80 | (point >> 6 & 63)), put(0x80 | (point & 63));
    }
  }
  return text;
}

bool IsControl(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 ||
         point == 0x2029;
}

// The end of a sequence that begins at `i`; `i`: none does. ESC and C1 controls
// are two spellings of the same.
size_t EndOfSequence(const std::vector<uint32_t>& points, size_t i) {
  const auto at = [&](size_t n) { return n < points.size() ? points[n] : 0; };
  const auto in = [&](size_t n, uint32_t first, uint32_t last) {
    return at(n) >= first && at(n) <= last && n < points.size();
  };
  const bool is_escape = at(i) == 0x1b;
  if (!is_escape && !in(i, 0x80, 0x9f)) return i;
  const uint32_t kind = is_escape ? at(i + 1) : at(i) - 0x40;
  size_t n = is_escape ? i + 2 : i + 1;
  if (kind == '[') {
    while (in(n, 0x30, 0x3f)) ++n;
    while (in(n, 0x20, 0x2f)) ++n;
    return in(n, 0x40, 0x7e) ? n + 1 : n;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    for (size_t end = n; end < points.size(); ++end) {
      if (at(end) == 7 || at(end) == 0x9c) return end + 1;
      if (at(end) == 0x1b && at(end + 1) == '\\') return end + 2;
    }
    return n;
  }
  if (!is_escape) return i;
  for (n = i + 1; in(n, 0x20, 0x2f);) ++n;
  if (in(n, 0x30, 0x7e)) return n + 1;
  return n > i + 1 ? n : i;
}

// The slow way: a run of controls becomes a space, unless one is there already
// or nothing follows. At most 140 characters remain.
std::string ReferenceFit(absl::string_view text) {
  std::vector<uint32_t> fitted;
  bool run = false;
  const std::vector<uint32_t> points = CodePoints(text);
  for (size_t i = 0; i < points.size(); ++i) {
    if (const size_t end = EndOfSequence(points, i); end > i) {
      i = end - 1;
      continue;
    }
    const uint32_t point = points[i];
    if (point > 0xffff) continue;
    if (IsControl(point)) {
      run = true;
      continue;
    }
    if (run && point != ' ' && !fitted.empty() && fitted.back() != ' ') {
      fitted.push_back(' ');
    }
    run = false;
    fitted.push_back(point);
  }
  if (fitted.size() > 140) {
    fitted.resize(139);
    fitted.push_back(0x2026);
  }
  return Encode(fitted);
}

void CheckFitted(absl::string_view text) {
  const std::string fitted = FitDescription(text);
  size_t characters = 0;
  uint32_t largest = 0;
  FUZZ_CHECK(IsUtf8(fitted, &characters, &largest), "not UTF-8");
  FUZZ_CHECK(characters <= 140, characters, " characters");
  FUZZ_CHECK(largest <= 0xffff, "a code point that GitHub refuses");
  for (const uint32_t point : CodePoints(fitted)) {
    FUZZ_CHECK(!IsControl(point), "more than one line");
  }
  FUZZ_CHECK(FitDescription(fitted) == fitted, "fitted twice is another text");
  FUZZ_CHECK(fitted == ReferenceFit(text), "fitted: ", fitted);
}

void CheckKept(absl::string_view text) {
  const Kept kept = KeepDescription(text);
  FUZZ_CHECK(kept.text.size() <= 4096 && IsUtf8(kept.text), "kept too much");
  FUZZ_CHECK(kept.warning.empty() == (kept.text == text),
             "a change without a warning, or the reverse: ", kept.warning);
  const Kept again = KeepDescription(kept.text);
  FUZZ_CHECK(again.text == kept.text && again.warning.empty(),
             "kept twice is another text");
  std::string expected = Encode(CodePoints(text));
  if (expected.size() > 4096) {
    size_t end = 4096;
    while ((expected[end] & 0xc0) == 0x80) --end;
    expected.resize(end);
  }
  FUZZ_CHECK(kept.text == expected, "kept another text");
}

std::string Unescaped(absl::string_view url) {
  constexpr absl::string_view kHex = "0123456789abcdef0123456789ABCDEF";
  std::string text;
  for (size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '%' && i + 2 < url.size()) {
      const size_t high = kHex.find(url[i + 1]);
      const size_t low = kHex.find(url[i + 2]);
      if (high != kHex.npos && low != kHex.npos) {
        text += static_cast<char>(high % 16 * 16 + low % 16);
        i += 2;
        continue;
      }
    }
    text += url[i];
  }
  return text;
}

void CheckUrl(const std::string& url) {
  const Kept kept = KeepTargetUrl(url);
  FUZZ_CHECK(kept.warning.empty() == (kept.text == url),
             "a change without a warning, or the reverse: ", kept.warning);
  if (kept.text.empty()) return;
  FUZZ_CHECK(absl::StartsWithIgnoreCase(kept.text, "http://") ||
                 absl::StartsWithIgnoreCase(kept.text, "https://"),
             kept.text);
  FUZZ_CHECK(kept.text.size() <= 2048, kept.text.size(), " bytes");
  FUZZ_CHECK(grammar::IsPrintableAscii(kept.text) &&
                 kept.text.find_first_of(" \"<>\\^`{|}") == std::string::npos,
             kept.text);
  const Kept again = KeepTargetUrl(kept.text);
  FUZZ_CHECK(again.text == kept.text && again.warning.empty(),
             "kept twice is another link: ", again.text);
  FUZZ_CHECK(Unescaped(kept.text) == Unescaped(absl::StripAsciiWhitespace(url)),
             "leads elsewhere: ", kept.text);
}

void CheckRefusal(const absl::Status& status, absl::string_view field,
                  absl::string_view reason) {
  FUZZ_CHECK(absl::IsInvalidArgument(status) && ReasonOf(status) == reason,
             status.ToString());
  FUZZ_CHECK(absl::StartsWith(status.message(), absl::StrCat(field, ": ")) &&
                 grammar::IsOneLine(status.message()),
             status.ToString());
}

void CheckNames(absl::string_view text) {
  const absl::StatusOr<Repository> repository = ParseRepository(text);
  FUZZ_CHECK(repository.ok() == grammar::IsRepository(text), text);
  if (repository.ok()) {
    const std::string display = repository->Display();
    const absl::StatusOr<Repository> again = ParseRepository(display);
    FUZZ_CHECK(again.ok() && again->Display() == display, display);
    FUZZ_CHECK(grammar::Lower(display) ==
                   grammar::Lower(std::string(absl::StripPrefix(
                       grammar::Lower(std::string(text)), "github.com/"))),
               display);
    const std::string canonical = repository->Canonical().text();
    FUZZ_CHECK(canonical == grammar::Lower(canonical), canonical);
    FUZZ_CHECK(ParseRepository(grammar::Upper(std::string(text)))
                           ->Canonical()
                           .text() == canonical &&
                   ParseRepository(canonical)->Canonical().text() == canonical,
               "equal names differ: ", canonical);
  } else {
    CheckRefusal(repository.status(), "repository", "INVALID_REPOSITORY");
  }

  const absl::StatusOr<Sha> sha = ParseSha(text);
  FUZZ_CHECK(sha.ok() == grammar::IsSha(text), text);
  if (sha.ok()) {
    FUZZ_CHECK(sha->Hex() == grammar::Lower(std::string(text)), sha->Hex());
  } else {
    CheckRefusal(sha.status(), "sha", "INVALID_SHA");
  }

  const absl::StatusOr<std::string> context = ParseContext(text);
  FUZZ_CHECK(context.ok() == grammar::IsContext(text), text);
  FUZZ_CHECK(!context.ok() || *context == text, *context);
  if (!context.ok()) {
    CheckRefusal(context.status(), "context", "INVALID_CONTEXT");
  }

  const absl::StatusOr<std::string> observed = ParseObservedContext(text);
  FUZZ_CHECK(observed.ok() == grammar::IsObservedContext(text), text);
  FUZZ_CHECK(!observed.ok() || *observed == text, *observed);
  if (!observed.ok()) {
    CheckRefusal(observed.status(), "context", "INVALID_CONTEXT");
  }
}

}  // namespace

// Input: the kind of text, how often a part of it is repeated (from 0xf0 on,
// times 16, for large limits), where that part begins, the text.
FUZZ_TARGET(text) {
  FuzzInput in(input);
  const int kind = in.UpTo(4);
  const int times = in.Byte();
  const size_t begin = in.Byte();
  std::string text(in.Rest());
  const std::string repeated = text.substr(std::min(begin, text.size()));
  for (int i = 0xf0 * 16; i < times * 16 && text.size() < 5000; ++i) {
    text += repeated;
  }
  switch (kind) {
    case 0:
      CheckFitted(text);
      return CheckKept(text);
    case 1:
      return CheckNames(text);
    case 2:
      return CheckUrl(text);
    case 3:
      return CheckUrl(absl::StrCat("https://", text));
    default:
      return CheckUrl(absl::StrCat("http://ci.example.com/", text));
  }
}

}  // namespace signalbox
