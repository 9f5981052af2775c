#include "common/text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

constexpr size_t kMaxPostedCharacters = 140;
constexpr size_t kMaxKeptDescription = 4 << 10;
constexpr size_t kMaxTargetUrl = 2048;
constexpr char kEllipsis[] = "…";
constexpr char kReplacement[] = "\xEF\xBF\xBD";

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
         code_point == 0x2028 || code_point == 0x2029;
}

// The size of the sequence at the front of `text` that controls a terminal
// (ECMA-35 and ECMA-48: colours, cursors, titles, links); 0: there is none. Of
// an unfinished sequence, counts only the bytes that certainly belong to it.
size_t ControlSequenceSize(absl::string_view text) {
  const auto from = [text](size_t i) {
    return static_cast<uint8_t>(i < text.size() ? text[i] : 0);
  };
  // The introducer: ESC and a letter, or the one code point for both.
  uint8_t kind = 0;
  if (from(0) == 0x1B) {
    kind = from(1);
  } else if (from(0) == 0xC2 && from(1) >= 0x80 && from(1) <= 0x9F) {
    kind = from(1) - 0x40;
  }
  size_t size = 2;
  switch (kind) {
    case '[':  // Parameters, intermediate bytes and a final one.
      while (from(size) >= 0x30 && from(size) <= 0x3F) ++size;
      while (from(size) >= 0x20 && from(size) <= 0x2F) ++size;
      if (from(size) >= 0x40 && from(size) <= 0x7E) ++size;
      return size;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': {  // A string that BEL or ST ends.
      for (size_t i = size; i < text.size(); ++i) {
        if (from(i) == 0x07) return i + 1;
        if ((from(i) == 0x1B && from(i + 1) == '\\') ||
            (from(i) == 0xC2 && from(i + 1) == 0x9C)) {
          return i + 2;
        }
      }
      return size;  // Not ended: the rest may be text for people.
    }
    default:
      break;
  }
  if (from(0) != 0x1B) return 0;
  size = 1;
  while (from(size) >= 0x20 && from(size) <= 0x2F) ++size;
  if (from(size) >= 0x30 && from(size) <= 0x7E) return size + 1;
  return size > 1 ? size : 0;
}

// A byte that a path, a query or a fragment may contain (RFC 3986). Brackets
// are not: they may only enclose an address.
bool IsUrlByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::StrContains("-._~:/?@!$&'()*+,;=", static_cast<char>(c));
}

bool IsUserByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::StrContains("-._~:!$&'()*+,;=", static_cast<char>(c));
}

bool IsHostByte(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
}

bool IsIpv6Byte(unsigned char c) {
  return absl::ascii_isxdigit(c) || c == ':' || c == '.';
}

bool AllOf(absl::string_view text, bool (*is)(unsigned char)) {
  return std::ranges::all_of(text, is);
}

// Where the authority (user, host and port) of an http(s) URL begins; nothing
// if it is not one.
std::optional<size_t> AuthorityBegin(absl::string_view url) {
  if (absl::StartsWithIgnoreCase(url, "https://")) return 8;
  if (absl::StartsWithIgnoreCase(url, "http://")) return 7;
  return std::nullopt;
}

bool IsPort(absl::string_view text) {
  int port = 0;
  return AllOf(text, absl::ascii_isdigit) && absl::SimpleAtoi(text, &port) &&
         port <= 65535;
}

// Whether every parser of URLs accepts the authority. GitHub refuses the whole
// status if its own parser does not.
bool HasHost(absl::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) {
    if (!AllOf(authority.substr(0, at), IsUserByte)) return false;
    authority.remove_prefix(at + 1);
  }
  size_t host_size = authority.find(':');
  if (absl::StartsWith(authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos || end == 1 ||
        !AllOf(authority.substr(1, end - 1), IsIpv6Byte)) {
      return false;
    }
    host_size = end + 1;
  } else if (!AllOf(authority.substr(0, host_size), IsHostByte)) {
    return false;
  }
  if (host_size == 0 || authority.empty()) return false;
  if (host_size >= authority.size()) return true;
  const absl::string_view port = authority.substr(host_size);
  return port == ":" || (port[0] == ':' && IsPort(port.substr(1)));
}

}  // namespace

std::string FitDescription(absl::string_view description) {
  std::string fitted;
  size_t characters = 0;
  size_t cut = 0;  // Where the text ends if an ellipsis must follow.
  bool space_pending = false;
  const auto append = [&](absl::string_view character) {
    if (characters == kMaxPostedCharacters - 1) cut = fitted.size();
    absl::StrAppend(&fitted, character);
    ++characters;
    return characters <= kMaxPostedCharacters;
  };
  while (!description.empty()) {
    if (const size_t size = ControlSequenceSize(description); size > 0) {
      description.remove_prefix(size);
      continue;
    }
    const Utf8Character first = FirstCharacter(description);
    const absl::string_view bytes = description.substr(0, first.size);
    description.remove_prefix(first.size);
    if (first.valid && IsControl(first.code_point)) {
      space_pending = !fitted.empty() && fitted.back() != ' ';
      continue;
    }
    if (first.valid && first.code_point > 0xFFFF) continue;
    const bool fits = (!space_pending || bytes == " " || append(" ")) &&
                      append(first.valid ? bytes : kReplacement);
    space_pending = false;
    if (!fits) return absl::StrCat(fitted.substr(0, cut), kEllipsis);
  }
  return fitted;
}

Kept KeepDescription(absl::string_view description) {
  Kept kept;
  while (!description.empty()) {
    const Utf8Character first = FirstCharacter(description);
    const absl::string_view bytes =
        first.valid ? description.substr(0, first.size) : kReplacement;
    if (kept.text.size() + bytes.size() > kMaxKeptDescription) {
      kept.warning = absl::StrCat("description cut to ", kMaxKeptDescription,
                                  " bytes, the most that the server keeps");
      break;
    }
    absl::StrAppend(&kept.text, bytes);
    if (!first.valid) {
      kept.warning =
          "description changed: U+FFFD replaces bytes that are not UTF-8";
    }
    description.remove_prefix(first.size);
  }
  return kept;
}

Kept KeepTargetUrl(absl::string_view target_url) {
  if (target_url.empty()) return {};
  const size_t given_size = target_url.size();
  target_url = absl::StripAsciiWhitespace(target_url);
  const std::optional<size_t> begin = AuthorityBegin(target_url);
  if (!begin.has_value()) {
    return {"", "target_url left out: not http or https"};
  }
  const size_t end =
      std::min(target_url.find_first_of("/?#", *begin), target_url.size());
  if (!HasHost(target_url.substr(*begin, end - *begin))) {
    return {"", "target_url left out: its host or port is missing or invalid"};
  }
  const size_t fragment = target_url.find('#');
  Kept kept = {std::string(target_url.substr(0, end)),
               target_url.size() == given_size
                   ? ""
                   : "target_url changed: white space around it is left out"};
  for (size_t i = end; i < target_url.size(); ++i) {
    const auto c = static_cast<unsigned char>(target_url[i]);
    const bool escape =
        c == '%' && i + 2 < target_url.size() &&
        absl::ascii_isxdigit(static_cast<unsigned char>(target_url[i + 1])) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(target_url[i + 2]));
    if (IsUrlByte(c) || escape || i == fragment) {
      kept.text += target_url[i];
    } else {
      absl::StrAppendFormat(&kept.text, "%%%02X", c);
      kept.warning =
          "target_url changed: characters that no URL may contain are "
          "percent-encoded";
    }
  }
  if (kept.text.size() > kMaxTargetUrl) {
    return {"", absl::StrCat("target_url left out: over ", kMaxTargetUrl,
                             " bytes, the most that the server keeps")};
  }
  return kept;
}

}  // namespace signalbox
