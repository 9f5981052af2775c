#include "shim/webhook/retest_command.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "shim/webhook/context.h"

namespace signalbox {
namespace {

constexpr absl::string_view kRetest = "/retest";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// `wanted` is in lower case.
bool ContainsIgnoreCase(absl::string_view text, absl::string_view wanted) {
  return absl::StrContains(absl::AsciiStrToLower(text), wanted);
}

absl::string_view StripLeadingBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

// Behind the marks of the list items that the line begins: code may begin
// there.
absl::string_view StripListMarks(absl::string_view line) {
  for (;;) {
    line = StripLeadingBlanks(line);
    size_t mark = 0;
    while (mark < line.size() && mark < 9 && absl::ascii_isdigit(line[mark])) {
      ++mark;
    }
    const absl::string_view ends = mark > 0 ? ".)" : "-*+";
    if (mark + 1 >= line.size() || !absl::StrContains(ends, line[mark]) ||
        !IsBlank(line[mark + 1])) {
      return line;
    }
    line.remove_prefix(mark + 1);
  }
}

// Where a text goes on with something. Asked of ever shorter rests of one text,
// it reads the text once.
class Search {
 public:
  explicit Search(absl::string_view wanted) : wanted_(wanted) {}

  // How far away it is in `rest`; npos: it does not come any more.
  size_t Find(absl::string_view rest) {
    if (is_over_) return absl::string_view::npos;
    if (left_ == 0 || left_ > rest.size()) {
      const size_t found = rest.find(wanted_);
      is_over_ = found == absl::string_view::npos;
      if (is_over_) return found;
      left_ = rest.size() - found;
    }
    return rest.size() - left_;
  }

 private:
  const absl::string_view wanted_;
  bool is_over_ = false;
  size_t left_ = 0;  // How long the rest is that begins with it.
};

// Follows a comment line by line, and knows which lines are no text of its
// author.
class Markdown {
 public:
  explicit Markdown(absl::string_view text) : rest_(text) {}

  // The next line that is text, without its end and without comments of HTML;
  // nothing at the end.
  std::optional<std::string> NextText() {
    while (!rest_.empty()) {
      const size_t end = std::min(rest_.find('\n'), rest_.size());
      absl::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      absl::ConsumeSuffix(&line, "\r");
      if (IsHidden(line)) continue;
      return WithoutComments(line);
    }
    return std::nullopt;
  }

 private:
  bool IsHidden(absl::string_view line) {
    if (fence_size_ > 0) {
      if (EndsFence(line)) fence_size_ = 0;
      return true;
    }
    if (!block_end_.empty()) {
      if (ContainsIgnoreCase(line, block_end_)) block_end_ = {};
      return true;
    }
    if (BeginsFence(StripListMarks(line)) || BeginsBlock(line)) return true;
    return IsIndentedCode(line) ||
           absl::StartsWith(StripLeadingBlanks(line), ">");
  }

  bool BeginsFence(absl::string_view line) {
    const char mark = line.empty() ? '\0' : line[0];
    if (mark != '`' && mark != '~') return false;
    const size_t size = std::min(line.find_first_not_of(mark), line.size());
    // `code` in a line is no fence.
    if (size < 3 || (mark == '`' && absl::StrContains(line.substr(size), '`')))
      return false;
    fence_mark_ = mark;
    fence_size_ = size;
    return true;
  }

  bool EndsFence(absl::string_view line) const {
    line = absl::StripAsciiWhitespace(line);
    return line.size() >= fence_size_ &&
           line.find_first_not_of(fence_mark_) == absl::string_view::npos;
  }

  // Blocks of HTML that do not show their text, or not as the author's.
  bool BeginsBlock(absl::string_view line) {
    struct Block {
      absl::string_view begin;
      absl::string_view end;
    };
    constexpr Block kBlocks[] = {{"<!--", "-->"},
                                 {"<pre", "</pre>"},
                                 {"<code", "</code>"},
                                 {"<blockquote", "</blockquote>"},
                                 {"<script", "</script>"},
                                 {"<style", "</style>"},
                                 {"<textarea", "</textarea>"}};
    line = StripListMarks(line);
    for (const Block& block : kBlocks) {
      if (!absl::StartsWithIgnoreCase(line, block.begin)) continue;
      // <preview> is another element.
      if (block.begin != "<!--" && line.size() > block.begin.size() &&
          absl::ascii_isalnum(line[block.begin.size()])) {
        continue;
      }
      const std::string lower = absl::AsciiStrToLower(line);
      if (!absl::StrContains(
              lower.substr(absl::string_view(lower).rfind(block.begin)),
              block.end)) {
        block_end_ = block.end;
      }
      return true;
    }
    return false;
  }

  static bool IsIndentedCode(absl::string_view line) {
    size_t column = 0;
    for (const char c : line) {
      if (!IsBlank(c)) break;
      column = c == '\t' ? column / 4 * 4 + 4 : column + 1;
    }
    return column >= 4;
  }

  // Such a comment may go on in the next lines of its paragraph. One without an
  // end is shown as it stands.
  std::string WithoutComments(absl::string_view line) {
    std::string text;
    for (;;) {
      const size_t begin = line.find("<!--");
      absl::StrAppend(&text, line.substr(0, begin));
      if (begin == absl::string_view::npos) return text;
      line.remove_prefix(begin + 4);
      const size_t end = line.find("-->");
      if (end != absl::string_view::npos) {
        line.remove_prefix(end + 3);
        continue;
      }
      const bool is_last_line =
          absl::StartsWith(rest_, "\n") || absl::StartsWith(rest_, "\r\n");
      if (is_last_line ||
          next_end_.Find(rest_) >=
              std::min(next_blank_.Find(rest_), next_blank_crlf_.Find(rest_))) {
        return absl::StrCat(text, "<!--", line);
      }
      block_end_ = "-->";
      return text;
    }
  }

  absl::string_view rest_;
  size_t fence_size_ = 0;  // 0: not in a fence.
  char fence_mark_ = '`';
  absl::string_view block_end_;  // Empty: not in a block.
  Search next_end_{"-->"};
  Search next_blank_{"\n\n"};
  Search next_blank_crlf_{"\n\r\n"};
};

// A piece of what stands behind /retest.
struct Piece {
  std::string text;
  bool was_quoted = false;

  // A word that says nothing itself, such as the slash of "CI / lint".
  bool Joins() const {
    return !was_quoted &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) {
             return absl::ascii_isalnum(c) || c >= 0x80;
           });
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

// The contexts that stand behind /retest.
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
    absl::string_view line = StripLeadingBlanks(*text);
    if (!absl::ConsumePrefix(&line, kRetest)) continue;
    if (absl::StripAsciiWhitespace(line).empty()) {
      all = true;
      continue;
    }
    if (!IsBlank(line[0])) continue;
    for (const std::string& context : ContextsIn(line)) {
      const bool named = std::any_of(
          contexts.begin(), contexts.end(), [&](const std::string& other) {
            return absl::EqualsIgnoreCase(other, context);
          });
      if (IsContext(context) && !named &&
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
