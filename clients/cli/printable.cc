#include "clients/cli/printable.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

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
    const Utf8Character character = FirstCharacter(text);
    const absl::string_view bytes = text.substr(0, character.size);
    if (!character.valid) {
      for (const char byte : bytes) {
        absl::StrAppendFormat(&result, "\\x%02x",
                              static_cast<unsigned char>(byte));
      }
    } else if (IsSafe(character.code_point)) {
      absl::StrAppend(&result, bytes);
    } else {
      absl::StrAppend(&result, write_unsafe(character.code_point));
    }
    text.remove_prefix(character.size);
  }
  return result;
}

}  // namespace

std::string Printable(absl::string_view text) {
  return Escape(text, [](uint32_t code) {
    if (code < 0x80) return absl::StrFormat("\\x%02x", code);
    return CharacterEscape(code);
  });
}

std::string PrintableJson(absl::string_view json) {
  return Escape(json, JsonEscape);
}

std::string Shortened(absl::string_view text, size_t limit) {
  if (CharacterCount(text) <= limit) return std::string(text);
  return absl::StrCat(FirstCharacters(text, limit - std::min<size_t>(limit, 1)),
                      "…");
}

std::string LastCharacters(absl::string_view text, size_t limit) {
  const size_t count = CharacterCount(text);
  if (count <= limit) return std::string(text);
  text.remove_prefix(FirstCharacters(text, count - limit + 1).size());
  return absl::StrCat("…", text);
}

}  // namespace signalbox
