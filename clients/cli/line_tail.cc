#include "clients/cli/line_tail.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"

namespace signalbox {
namespace {

constexpr size_t kLongestLine = 4096;

bool IsIn(char letter, char first, char last) {
  return letter >= first && letter <= last;
}

// The length of the escape sequence (ECMA-48) at the beginning of `text`.
size_t SequenceLength(absl::string_view text) {
  if (text.size() < 2) return text.size();
  size_t end = 2;
  switch (text[1]) {
    case '[':  // CSI: parameters, then one letter.
      while (end < text.size() && !IsIn(text[end], 0x40, 0x7e)) ++end;
      return end < text.size() ? end + 1 : end;
    case ']':  // A string such as a link or a title, up to BEL or ESC `\`.
    case 'P':
    case '_':
    case '^':
      for (; end < text.size(); ++end) {
        if (text[end] == '\a') return end + 1;
        if (text[end] == '\x1b') return end;
      }
      return end;
    default:  // Such as ESC `(` B.
      end = 1;
      while (end < text.size() && IsIn(text[end], 0x20, 0x2f)) ++end;
      return end < text.size() ? end + 1 : end;
  }
}

std::string Clean(absl::string_view line) {
  std::string text;
  while (!line.empty()) {
    size_t length = 1;
    if (line[0] == '\x1b') {
      length = SequenceLength(line);
    } else if (line[0] == '\t') {
      text += ' ';
    } else if (!absl::ascii_iscntrl(line[0])) {
      text += line[0];
    }
    line.remove_prefix(length);
  }
  return Printable(absl::StripAsciiWhitespace(text));
}

// Whether the line shows nothing. Most lines are plain and need no cleaning.
bool IsBlank(absl::string_view line) {
  for (const char letter : line) {
    if (absl::ascii_iscntrl(letter)) return Clean(line).empty();
    if (letter != ' ') return false;
  }
  return true;
}

}  // namespace

void LineTail::Add(absl::string_view bytes) {
  for (const char byte : bytes) {
    if (byte == '\n') {
      EndLine();
    } else if (byte == '\r') {
      is_overwritten_ = true;
    } else {
      if (is_overwritten_) line_.clear();
      is_overwritten_ = false;
      if (line_.size() < kLongestLine) line_ += byte;
    }
  }
}

void LineTail::EndLine() {
  if (!IsBlank(line_)) {
    last_.push_back(std::move(line_));
    if (last_.size() > lines_) last_.pop_front();
  }
  line_.clear();
  is_overwritten_ = false;
}

std::string LineTail::Text(size_t limit) const {
  LineTail ended = *this;
  ended.EndLine();
  std::vector<std::string> lines;
  for (const std::string& line : ended.last_) lines.push_back(Clean(line));
  return LastCharacters(absl::StrJoin(lines, " / "), limit);
}

}  // namespace signalbox
