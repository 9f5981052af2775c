#include "common/webhook/markdown.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace signalbox {
namespace {

bool IsIndent(char c) { return c == ' ' || c == '\t'; }

// `wanted` is in lower case.
bool ContainsIgnoreCase(absl::string_view text, absl::string_view wanted) {
  return absl::StrContains(absl::AsciiStrToLower(text), wanted);
}

absl::string_view StripLeadingBlanks(absl::string_view text) {
  while (!text.empty() && IsIndent(text.front())) text.remove_prefix(1);
  return text;
}

// The column at which the text after `before` begins.
size_t ColumnBehind(absl::string_view before) {
  size_t column = 0;
  for (const char c : before) {
    column = c == '\t' ? column / 4 * 4 + 4 : column + 1;
  }
  return column;
}

size_t IndentOf(absl::string_view line) {
  return ColumnBehind(
      line.substr(0, line.size() - StripLeadingBlanks(line).size()));
}

bool IsIndentedCode(absl::string_view line) { return IndentOf(line) >= 4; }

// The line without the marks of the list items that it begins. Code may begin
// after them.
absl::string_view StripListMarks(absl::string_view line) {
  for (;;) {
    line = StripLeadingBlanks(line);
    size_t mark = 0;
    while (mark < line.size() && mark < 9 && absl::ascii_isdigit(line[mark])) {
      ++mark;
    }
    const absl::string_view ends = mark > 0 ? ".)" : "-*+";
    if (mark + 1 >= line.size() || !absl::StrContains(ends, line[mark]) ||
        !IsIndent(line[mark + 1])) {
      return line;
    }
    line.remove_prefix(mark + 1);
  }
}

bool IsQuotation(absl::string_view line) {
  return absl::StartsWith(StripListMarks(line), ">");
}

// The line without the marks of quotations, and of lists in them.
absl::string_view StripQuotationMarks(absl::string_view line) {
  while (IsQuotation(line)) line = StripListMarks(line).substr(1);
  return line;
}

bool IsHeading(absl::string_view line) {
  line = StripLeadingBlanks(line);
  const size_t size = std::min(line.find_first_not_of('#'), line.size());
  return size >= 1 && size <= 6 &&
         (size == line.size() || IsIndent(line[size]));
}

// `---`, `* * *` and `___`, also with more of them.
bool IsThematicBreak(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (line.empty() || !absl::StrContains("-*_", line[0])) return false;
  return std::ranges::count(line, line[0]) >= 3 &&
         std::ranges::all_of(
             line, [&](char c) { return c == line[0] || IsIndent(c); });
}

// Whether the line makes the paragraph above it a heading.
bool IsUnderline(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  return !line.empty() && (line[0] == '=' || line[0] == '-') &&
         line.find_first_not_of(line[0]) == absl::string_view::npos;
}

// Blocks of HTML whose text is not shown, or not as the author's.
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

// nullptr: no block begins with the line.
const Block* BlockAt(absl::string_view line) {
  line = StripListMarks(line);
  for (const Block& block : kBlocks) {
    if (!absl::StartsWithIgnoreCase(line, block.begin)) continue;
    // <preview> is another element.
    if (block.begin == "<!--" || line.size() == block.begin.size() ||
        !absl::ascii_isalnum(line[block.begin.size()])) {
      return &block;
    }
  }
  return nullptr;
}

size_t BackticksAt(absl::string_view text, size_t at) {
  return std::min(text.find_first_not_of('`', at), text.size()) - at;
}

// The end of the next run of exactly `count` backticks, which must exist.
size_t EndOfCode(absl::string_view text, size_t at, size_t count) {
  for (;;) {
    at = text.find('`', at);
    const size_t size = BackticksAt(text, at);
    at += size;
    if (size == count) return at;
  }
}

}  // namespace

Markdown::Fence Markdown::FenceAt(absl::string_view line) {
  const absl::string_view text = StripListMarks(line);
  if (text.empty() || (text[0] != '`' && text[0] != '~')) return {};
  const size_t size = std::min(text.find_first_not_of(text[0]), text.size());
  // `code` in a line is no fence.
  if (size < 3 ||
      (text[0] == '`' && absl::StrContains(text.substr(size), '`'))) {
    return {};
  }
  // In a list item, everything is indented further.
  const absl::string_view before = line.substr(0, line.size() - text.size());
  const size_t column = ColumnBehind(before);
  const bool in_item =
      column > 3 || !absl::StripAsciiWhitespace(before).empty();
  return {text[0], size, in_item ? column + 3 : 3};
}

bool Markdown::Ends(const Fence& fence, absl::string_view line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  return text.size() >= fence.size && IndentOf(line) <= fence.max_end_indent &&
         text.find_first_not_of(fence.mark) == absl::string_view::npos;
}

bool Markdown::InterruptsParagraph(absl::string_view line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty() || FenceAt(line).size > 0) return true;
  if (IsIndentedCode(line)) return false;
  // A numbered list interrupts a paragraph only if it begins with 1.
  const bool is_item = StripListMarks(text).size() < text.size() &&
                       (!absl::ascii_isdigit(text[0]) ||
                        (text[0] == '1' && !absl::ascii_isdigit(text[1])));
  return is_item || absl::StartsWith(text, ">") || IsHeading(text) ||
         IsThematicBreak(text) || BlockAt(text) != nullptr;
}

std::optional<std::string> Markdown::NextText() {
  for (;;) {
    if (next_line_ < lines_.size()) return std::move(lines_[next_line_++]);
    if (rest_.empty()) return std::nullopt;
    if (IsHidden(Line())) {
      SkipLine();
    } else {
      TakeParagraph();
    }
  }
}

absl::string_view Markdown::Line() const {
  return absl::StripSuffix(rest_.substr(0, rest_.find('\n')), "\r");
}

void Markdown::SkipLine() {
  rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1);
}

bool Markdown::IsHidden(absl::string_view line) {
  if (fence_.size > 0) {
    if (Ends(fence_, line)) fence_ = {};
    return true;
  }
  if (!block_end_.empty()) {
    if (ContainsIgnoreCase(line, block_end_)) block_end_ = {};
    return true;
  }
  if (IsQuotation(line)) {
    FollowQuotation(StripQuotationMarks(line));
    return true;
  }
  quoted_fence_ = {};
  // GitHub shows the other lines of a quoted paragraph in the quotation, even
  // without a mark.
  quotation_goes_on_ = quotation_goes_on_ && !InterruptsParagraph(line);
  if (quotation_goes_on_) return true;
  fence_ = FenceAt(line);
  if (fence_.size > 0) return true;
  if (const Block* const block = BlockAt(line)) {
    const std::string lower = absl::AsciiStrToLower(line);
    const size_t last = absl::string_view(lower).rfind(block->begin);
    if (!absl::StrContains(lower.substr(last), block->end)) {
      block_end_ = block->end;
    }
    return true;
  }
  return IsIndentedCode(line);
}

void Markdown::FollowQuotation(absl::string_view line) {
  quotation_goes_on_ = false;
  if (quoted_fence_.size > 0) {
    if (Ends(quoted_fence_, line)) quoted_fence_ = {};
    return;
  }
  quoted_fence_ = FenceAt(line);
  quotation_goes_on_ = quoted_fence_.size == 0 &&
                       !absl::StripAsciiWhitespace(line).empty() &&
                       !IsHeading(line) && !IsThematicBreak(line);
}

void Markdown::TakeParagraph() {
  const absl::string_view all = rest_;
  const absl::string_view first = Line();
  SkipLine();
  if (!absl::StripAsciiWhitespace(first).empty() && !IsHeading(first) &&
      !IsThematicBreak(first)) {
    while (!rest_.empty() && !InterruptsParagraph(Line())) {
      const bool is_last = IsUnderline(Line());
      SkipLine();
      if (is_last) break;
    }
  }
  ReadParagraph(all.substr(0, all.size() - rest_.size()));
}

void Markdown::ReadParagraph(absl::string_view text) {
  lines_.clear();
  next_line_ = 0;
  // The last run of each number of backticks. So each search for an end finds
  // one, and reads the text only once.
  absl::flat_hash_map<size_t, size_t> last_backticks;
  for (size_t at = text.find('`'); at < text.size();
       at = text.find('`', at + BackticksAt(text, at))) {
    last_backticks[BackticksAt(text, at)] = at;
  }
  const size_t last_comment_end = text.rfind("-->");
  const bool has_comment_end = last_comment_end != absl::string_view::npos;

  std::string line;
  bool is_hidden = false;
  const auto end_line = [&](bool hides_next) {
    absl::string_view shown = line;
    absl::ConsumeSuffix(&shown, "\r");
    if (!is_hidden && !IsIndentedCode(shown)) lines_.emplace_back(shown);
    line.clear();
    is_hidden = hides_next;
  };
  size_t at = 0;
  while (at < text.size()) {
    size_t size = 1;
    bool is_comment = false;
    if (text[at] == '\\' && at + 1 < text.size() &&
        absl::ascii_ispunct(text[at + 1])) {
      size = 2;
    } else if (text[at] == '`') {
      size = BackticksAt(text, at);
      const auto last = last_backticks.find(size);
      if (last != last_backticks.end() && last->second > at) {
        size = EndOfCode(text, at + size, size) - at;
      }
    } else if (has_comment_end && at + 4 <= last_comment_end &&
               absl::StartsWith(text.substr(at), "<!--")) {
      size = text.find("-->", at + 4) + 3 - at;
      is_comment = true;
    }
    for (const char c : text.substr(at, size)) {
      if (c == '\n') {
        end_line(/*hides_next=*/size > 1);
      } else if (!is_comment) {
        line.push_back(c);
      }
    }
    at += size;
  }
  end_line(/*hides_next=*/false);
}

}  // namespace signalbox
