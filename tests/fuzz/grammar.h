#ifndef SIGNALBOX_TESTS_FUZZ_GRAMMAR_H_
#define SIGNALBOX_TESTS_FUZZ_GRAMMAR_H_

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/fuzz/fuzz.h"

// A second implementation of the rules for names (repositories, shas, contexts
// and more), written from their description alone. Fuzz targets compare the
// rules of the server and of the shim with it. Each function says whether a
// text is such a name.

namespace signalbox::grammar {

// Whether all characters of `text` are in `allowed`.
inline bool OnlyOf(absl::string_view text, absl::string_view allowed) {
  return text.find_first_not_of(allowed) == absl::string_view::npos;
}

inline constexpr char kAlnum[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

inline bool IsPrintableAscii(absl::string_view text) {
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

// A text that may go to a log or a terminal as one line.
inline bool IsOneLine(absl::string_view text) {
  return !text.empty() && IsPrintableAscii(text);
}

inline bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         OnlyOf(text, absl::StrCat(kAlnum, "-_."));
}

inline bool IsOwner(absl::string_view text) {
  return !text.empty() && text.size() <= 39 &&
         OnlyOf(text, absl::StrCat(kAlnum, "-_"));
}

inline bool IsHost(absl::string_view text) {
  const std::vector<std::string> halves =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (halves.size() == 2) {
    const std::string& port = halves[1];
    if (port.empty() || !OnlyOf(port, "0123456789")) return false;
    const size_t digits = port.find_first_not_of('0');
    if (digits == std::string::npos) return false;
    const std::string number = port.substr(digits);
    if (number.size() > 5 || std::stoi(number) > 65535) return false;
  }
  if (halves[0].size() > 253) return false;
  for (const std::string& label :
       std::vector<std::string>(absl::StrSplit(halves[0], '.'))) {
    if (label.empty() || label.size() > 63 || label.front() == '-' ||
        label.back() == '-' || !OnlyOf(label, absl::StrCat(kAlnum, "-"))) {
      return false;
    }
  }
  return true;
}

// [HOST/]OWNER/NAME, as the server takes it: the name does not end in ".git".
inline bool IsRepository(absl::string_view text) {
  std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() == 3) {
    if (!IsHost(parts[0])) return false;
    parts.erase(parts.begin());
  }
  if (parts.size() != 2 || !IsOwner(parts[0]) || !IsName(parts[1]))
    return false;
  std::string end =
      parts[1].substr(parts[1].size() - std::min<size_t>(4, parts[1].size()));
  for (char& c : end) c = static_cast<char>(std::tolower(c));
  return end != ".git";
}

// 40 or 64 hexadecimal digits, not all zero.
inline bool IsSha(absl::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         OnlyOf(text, "0123456789abcdefABCDEF") && !OnlyOf(text, "0");
}

inline bool IsLowerSha(absl::string_view text) {
  return IsSha(text) && OnlyOf(text, "0123456789abcdef");
}

// The context of a status that another program has set at GitHub. It may have
// any characters but control characters of ASCII.
inline bool IsObservedContext(absl::string_view text,
                              uint32_t* largest = nullptr) {
  size_t characters = 0;
  if (text.empty() || !IsUtf8(text, &characters, largest) || characters > 255) {
    return false;
  }
  for (const char c : text) {
    if ((c >= 0 && c < ' ') || c == '\x7f') return false;
  }
  return true;
}

// The context of a report: up to U+FFFF, not one of the controls from U+0080 to
// U+009F, and no space at either end.
inline bool IsContext(absl::string_view text) {
  uint32_t largest = 0;
  if (!IsObservedContext(text, &largest) || largest > 0xffff) return false;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xc2' && static_cast<uint8_t>(text[i + 1]) < 0xa0) {
      return false;
    }
  }
  return text.front() != ' ' && text.back() != ' ';
}

// A stable reason in an error: an upper-case word such as CHANGED.
inline bool IsReason(absl::string_view text) {
  return !text.empty() && OnlyOf(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

inline std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

inline std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace signalbox::grammar

#endif  // SIGNALBOX_TESTS_FUZZ_GRAMMAR_H_
