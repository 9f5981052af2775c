#include "server/report/text.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {
namespace {

constexpr size_t kMaxPostedCharacters = 140;
constexpr size_t kMaxKeptDescription = 4 << 10;
constexpr size_t kMaxTargetUrl = 2048;
constexpr char kEllipsis[] = "…";
constexpr char kReplacement[] = "\xEF\xBF\xBD";

// One character at the front of a text.
struct Character {
  uint32_t code_point;
  size_t size;  // In bytes, at least 1.
  bool valid;   // If not, `size` bytes are to be replaced as one.
};

// Decodes by the table of well-formed sequences of the Unicode standard (no
// overlong forms, no surrogates, nothing above U+10FFFF).
Character FirstCharacter(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return static_cast<uint8_t>(i < text.size() ? text[i] : 0);
  };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  size_t size = 0;
  uint32_t code_point = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
    code_point = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    code_point = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    code_point = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {0, 1, false};
  }
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) < low || byte(i) > high) return {0, i, false};
    code_point = code_point << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code_point, size, true};
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
         code_point == 0x2028 || code_point == 0x2029;
}

bool IsUrlByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::StrContains("-._~:/?#[]@!$&'()*+,;=", static_cast<char>(c));
}

bool IsAuthorityByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::StrContains("-._~:[]@!$&'()*+,;=%", static_cast<char>(c));
}

// The authority (host and port) of an http(s) URL; nothing if it is not one.
std::optional<absl::string_view> Authority(absl::string_view url) {
  size_t begin = 0;
  if (absl::StartsWithIgnoreCase(url, "https://")) {
    begin = 8;
  } else if (absl::StartsWithIgnoreCase(url, "http://")) {
    begin = 7;
  } else {
    return std::nullopt;
  }
  const absl::string_view rest = url.substr(begin);
  return rest.substr(0, rest.find_first_of("/?#"));
}

bool HasHost(absl::string_view authority) {
  for (const char c : authority) {
    if (!IsAuthorityByte(static_cast<unsigned char>(c))) return false;
  }
  const size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) authority = authority.substr(at + 1);
  return !authority.empty() && authority.front() != ':';
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
    const Character first = FirstCharacter(description);
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

Mended KeepDescription(absl::string_view description) {
  Mended kept;
  while (!description.empty()) {
    const Character first = FirstCharacter(description);
    const absl::string_view bytes =
        first.valid ? description.substr(0, first.size) : kReplacement;
    if (kept.text.size() + bytes.size() > kMaxKeptDescription) {
      kept.warning =
          absl::StrCat("description cut: over ", kMaxKeptDescription, " bytes");
      break;
    }
    absl::StrAppend(&kept.text, bytes);
    if (!first.valid) {
      kept.warning = "description mended: not UTF-8 throughout";
    }
    description.remove_prefix(first.size);
  }
  return kept;
}

Mended KeepTargetUrl(absl::string_view target_url) {
  if (target_url.empty()) return {};
  const std::optional<absl::string_view> authority = Authority(target_url);
  if (!authority.has_value()) {
    return {"", "target_url left out: not http or https"};
  }
  if (!HasHost(*authority)) return {"", "target_url left out: no valid host"};
  Mended kept;
  for (size_t i = 0; i < target_url.size(); ++i) {
    const auto c = static_cast<unsigned char>(target_url[i]);
    const bool escape =
        c == '%' && i + 2 < target_url.size() &&
        absl::ascii_isxdigit(static_cast<unsigned char>(target_url[i + 1])) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(target_url[i + 2]));
    if (IsUrlByte(c) || escape) {
      kept.text += target_url[i];
    } else {
      absl::StrAppendFormat(&kept.text, "%%%02X", c);
      kept.warning = "target_url percent-encoded";
    }
    if (kept.text.size() > kMaxTargetUrl) {
      return {"", absl::StrCat("target_url left out: over ", kMaxTargetUrl,
                               " bytes")};
    }
  }
  return kept;
}

}  // namespace signalbox
