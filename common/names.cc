#include "common/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

bool IsLabel(absl::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' &&
         text.back() != '-' && std::ranges::all_of(text, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-';
         });
}

}  // namespace

bool IsHost(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon != absl::string_view::npos) {
    const absl::string_view port = text.substr(colon + 1);
    int number = 0;
    if (!std::ranges::all_of(port, absl::ascii_isdigit) ||
        !absl::SimpleAtoi(port, &number) || number < 1 || number > 65535) {
      return false;
    }
    text = text.substr(0, colon);
  }
  if (text.size() > 253) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return std::ranges::all_of(labels, IsLabel);
}

bool IsOwner(absl::string_view text) {
  return !text.empty() && text.size() <= 39 &&
         std::ranges::all_of(text, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

bool IsRepositoryName(absl::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         !absl::EndsWithIgnoreCase(text, ".git") &&
         std::ranges::all_of(text, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

bool IsSha(absl::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::ranges::all_of(text, absl::ascii_isxdigit) &&
         text.find_first_not_of('0') != absl::string_view::npos;
}

bool IsContext(absl::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' ||
      CharacterCount(text) > kMaxContext) {
    return false;
  }
  while (!text.empty()) {
    const Utf8Character first = FirstCharacter(text);
    if (!first.valid || !IsContextCharacter(first.code_point)) return false;
    text.remove_prefix(first.size);
  }
  return true;
}

bool IsContextCharacter(uint32_t code_point) {
  return code_point >= 0x20 && (code_point < 0x7F || code_point > 0x9F) &&
         code_point <= 0xFFFF;
}

bool HasName(const std::vector<std::string>& names, absl::string_view name) {
  return std::ranges::any_of(names, [name](absl::string_view one) {
    return absl::EqualsIgnoreCase(one, name);
  });
}

}  // namespace signalbox
