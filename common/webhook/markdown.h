#ifndef SIGNALBOX_COMMON_WEBHOOK_MARKDOWN_H_
#define SIGNALBOX_COMMON_WEBHOOK_MARKDOWN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Markdown reads a comment paragraph by paragraph, as GitHub's page shows it,
// and returns only the lines that are the author's own text. It leaves out code
// (fenced, indented, <pre>, or in backticks over several lines), quotations,
// the lines directly after quoted lines, which GitHub shows in the quotation,
// and HTML comments.
//
// It is not a complete CommonMark parser: in deeply nested lists, and in doubt,
// it leaves a line out.
//
// Its time is linear in any text. Not thread-safe.
class Markdown {
 public:
  // Borrows the bytes of `text`.
  explicit Markdown(absl::string_view text) : rest_(text) {}

  // The next line of the author's text, without its end and without HTML
  // comments; nothing at the end.
  std::optional<std::string> NextText();

 private:
  // ``` or ~~~, which make code of the lines up to the next such line.
  struct Fence {
    char mark = '`';
    size_t size = 0;  // 0: there is none.
    size_t max_end_indent = 3;
  };

  // `line` may begin a fence.
  static Fence FenceAt(absl::string_view line);
  static bool Ends(const Fence& fence, absl::string_view line);
  // Whether a line cannot continue the paragraph of the line before it.
  static bool InterruptsParagraph(absl::string_view line);

  // The first line of `rest_`.
  absl::string_view Line() const;
  void SkipLine();
  bool IsHidden(absl::string_view line);
  void FollowQuotation(absl::string_view line);
  void TakeParagraph();
  // Code in backticks and comments may continue over several lines of a
  // paragraph, but not beyond its end. Without an end they are ordinary text.
  void ReadParagraph(absl::string_view text);

  absl::string_view rest_;
  // The lines that are left of the last paragraph.
  std::vector<std::string> lines_;
  size_t next_line_ = 0;

  Fence fence_;
  absl::string_view block_end_;  // Empty: not in a block of HTML.
  Fence quoted_fence_;           // In a quotation.
  // The last line belongs to a paragraph in a quotation.
  bool quotation_goes_on_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_MARKDOWN_H_
