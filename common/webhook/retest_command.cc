#include "common/webhook/retest_command.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/names.h"
#include "common/utf8.h"
#include "common/webhook/markdown.h"

namespace signalbox {
namespace {

constexpr absl::string_view kRetest = "/retest";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// A sign that people write between the words of a name, such as / or ».
bool IsSign(uint32_t c) {
  static constexpr struct {
    uint32_t first, last;
  } kSigns[] = {{0xA1, 0xBF},       // « » · and others of Latin-1.
                {0xD7, 0xD7},       // ×
                {0x2010, 0x205E},   // Dashes and bullets.
                {0x2190, 0x21FF},   // Arrows.
                {0x25A0, 0x25FF}};  // Triangles and others.
  if (c < 0x80) return !absl::ascii_isalnum(static_cast<unsigned char>(c));
  return std::ranges::any_of(
      kSigns, [c](const auto& s) { return c >= s.first && c <= s.last; });
}

// A piece of the text after /retest.
struct Piece {
  std::string text;
  bool was_quoted = false;

  // Whether it has only signs, such as the slash of "CI / lint".
  bool Joins() const {
    if (was_quoted) return false;
    absl::string_view rest = text;
    while (!rest.empty()) {
      const Utf8Character first = FirstCharacter(rest);
      if (!first.valid || !IsSign(first.code_point)) return false;
      rest.remove_prefix(first.size);
    }
    return true;
  }
};

std::vector<Piece> Split(absl::string_view text) {
  std::vector<Piece> pieces;
  const auto is_between = [](char c) { return IsBlank(c) || c == ','; };
  while (!text.empty()) {
    if (is_between(text[0])) {
      text.remove_prefix(1);
      continue;
    }
    if (text[0] == '"' || text[0] == '`') {
      const size_t end = text.find(text[0], 1);
      if (end != absl::string_view::npos) {
        pieces.push_back({std::string(text.substr(1, end - 1)), true});
        text.remove_prefix(end + 1);
        continue;
      }
    }
    size_t end = 0;
    for (int depth = 0; end < text.size(); ++end) {
      const char c = text[end];
      if (c == '(' || c == '[') ++depth;
      if ((c == ')' || c == ']') && depth > 0) --depth;
      if (depth == 0 && is_between(c)) break;
    }
    pieces.push_back({std::string(text.substr(0, end)), false});
    text.remove_prefix(end);
  }
  return pieces;
}

// The contexts in the text after /retest.
std::vector<std::string> ContextsIn(absl::string_view text) {
  std::vector<std::string> contexts;
  bool joins_next = false;
  for (const Piece& piece : Split(text)) {
    const bool joins = piece.Joins();
    const bool is_more =
        !contexts.empty() &&
        (joins || joins_next || (!piece.was_quoted && piece.text[0] == '('));
    if (is_more) {
      absl::StrAppend(&contexts.back(), " ", piece.text);
    } else {
      contexts.push_back(piece.text);
    }
    joins_next = joins;
  }
  return contexts;
}

}  // namespace

std::optional<std::vector<std::string>> ReadRetestCommand(
    absl::string_view comment) {
  std::vector<std::string> contexts;
  bool all = false;
  Markdown markdown(comment);
  while (const std::optional<std::string> text = markdown.NextText()) {
    absl::string_view line = *text;
    while (!line.empty() && IsBlank(line[0])) line.remove_prefix(1);
    if (!absl::ConsumePrefix(&line, kRetest)) continue;
    if (absl::StripAsciiWhitespace(line).empty()) {
      all = true;
      continue;
    }
    if (!IsBlank(line[0])) continue;
    for (const std::string& context : ContextsIn(line)) {
      if (IsContext(context) && !HasName(contexts, context) &&
          contexts.size() <= kMaxRetestContexts) {
        contexts.push_back(context);
      }
    }
  }
  if (!all && contexts.empty()) return std::nullopt;
  if (all) contexts.clear();
  return contexts;
}

}  // namespace signalbox
