#include "common/utf8.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {

Utf8Character FirstCharacter(absl::string_view text) {
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

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const Utf8Character first = FirstCharacter(text);
    if (!first.valid) return false;
    text.remove_prefix(first.size);
  }
  return true;
}

absl::string_view CutUtf8(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

size_t CharacterCount(absl::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(FirstCharacter(text).size);
  return count;
}

absl::string_view FirstCharacters(absl::string_view text, size_t limit) {
  absl::string_view rest = text;
  for (; limit > 0 && !rest.empty(); --limit) {
    rest.remove_prefix(FirstCharacter(rest).size);
  }
  return text.substr(0, text.size() - rest.size());
}

std::string CharacterEscape(uint32_t code_point) {
  return code_point > 0xFFFF
             ? absl::StrCat("\\U", absl::Hex(code_point, absl::kZeroPad8))
             : absl::StrCat("\\u", absl::Hex(code_point, absl::kZeroPad4));
}

std::string JsonEscape(uint32_t code_point) {
  if (code_point <= 0xFFFF) return CharacterEscape(code_point);
  return absl::StrCat(CharacterEscape(0xD800 + ((code_point - 0x10000) >> 10)),
                      CharacterEscape(0xDC00 + (code_point & 0x3FF)));
}

std::string CharacterName(absl::string_view text) {
  const Utf8Character first = FirstCharacter(text);
  return first.valid ? absl::StrFormat("U+%04X", first.code_point)
                     : absl::StrFormat("the byte 0x%02x",
                                       static_cast<unsigned char>(text[0]));
}

std::string Escaped(absl::string_view text) {
  std::string escaped;
  size_t as_in_c = 0;
  while (as_in_c < text.size()) {
    const Utf8Character next = FirstCharacter(text.substr(as_in_c));
    if (!next.valid || next.code_point < 0x80) {
      as_in_c += next.size;
      continue;
    }
    absl::StrAppend(&escaped, absl::CHexEscape(text.substr(0, as_in_c)),
                    CharacterEscape(next.code_point));
    text.remove_prefix(as_in_c + next.size);
    as_in_c = 0;
  }
  return absl::StrCat(escaped, absl::CHexEscape(text));
}

}  // namespace signalbox
