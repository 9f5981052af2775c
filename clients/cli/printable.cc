#include "clients/cli/printable.h"

#include <cstdint>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {
namespace {

struct Character {
  uint32_t code = 0;
  size_t length = 1;
  bool valid = false;
};

// The first character of `text`, which is not empty.
Character Decode(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const size_t length = first >= 0xf0   ? 4
                        : first >= 0xe0 ? 3
                        : first >= 0xc0 ? 2
                                        : 0;
  static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (length == 0 || first > 0xf4 || text.size() < length) return {};
  uint32_t code = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  if (code < kSmallest[length] || code > 0x10ffff ||
      (code >= 0xd800 && code <= 0xdfff)) {
    return {};
  }
  return {code, length, true};
}

bool IsSafe(uint32_t code) {
  static constexpr struct {
    uint32_t first, last;
  } kUnsafe[] = {
      {0x00, 0x1f},     {0x7f, 0x9f},    // Controls.
      {0xad, 0xad},     {0x34f, 0x34f},  // Invisible.
      {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
      {0x2028, 0x202e}, {0x2060, 0x206f},  // Lines and directions.
      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},  // Tags.
  };
  for (const auto& range : kUnsafe) {
    if (code >= range.first && code <= range.last) return false;
  }
  return true;
}

std::string Escape(
    absl::string_view text,
    const std::function<std::string(uint32_t code)>& write_unsafe) {
  std::string result;
  while (!text.empty()) {
    const Character character = Decode(text);
    if (!character.valid) {
      absl::StrAppendFormat(&result, "\\x%02x",
                            static_cast<unsigned char>(text[0]));
    } else if (IsSafe(character.code)) {
      absl::StrAppend(&result, text.substr(0, character.length));
    } else {
      absl::StrAppend(&result, write_unsafe(character.code));
    }
    text.remove_prefix(character.length);
  }
  return result;
}

}  // namespace

std::string Printable(absl::string_view text) {
  return Escape(text, [](uint32_t code) {
    if (code < 0x80) return absl::StrFormat("\\x%02x", code);
    if (code < 0x10000) return absl::StrFormat("\\u%04x", code);
    return absl::StrFormat("\\U%08x", code);
  });
}

std::string PrintableJson(absl::string_view json) {
  return Escape(json, [](uint32_t code) {
    if (code < 0x10000) return absl::StrFormat("\\u%04x", code);
    return absl::StrFormat("\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                           0xdc00 + (code & 0x3ff));
  });
}

size_t CharacterCount(absl::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(Decode(text).length);
  return count;
}

std::string Shortened(absl::string_view text, size_t limit) {
  if (CharacterCount(text) <= limit) return std::string(text);
  absl::string_view rest = text;
  for (size_t i = 0; i + 1 < limit; ++i) {
    rest.remove_prefix(Decode(rest).length);
  }
  return absl::StrCat(text.substr(0, text.size() - rest.size()), "…");
}

std::string LastCharacters(absl::string_view text, size_t limit) {
  const size_t count = CharacterCount(text);
  if (count <= limit) return std::string(text);
  for (size_t i = 0; i < count - limit + 1; ++i) {
    text.remove_prefix(Decode(text).length);
  }
  return absl::StrCat("…", text);
}

}  // namespace signalbox
