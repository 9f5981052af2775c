#ifndef SIGNALBOX_COMMON_WEBHOOK_MARKDOWN_H_
#define SIGNALBOX_COMMON_WEBHOOK_MARKDOWN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Markdown returns the lines of a GitHub comment that are the author's own
// text. ReadRetestCommand uses it, so that a quoted command is not run.
//
// It leaves out what GitHub's page shows as something else: code (between lines
// of ``` or ~~~, indented, in <pre>, or in backticks over several lines),
// quotations, the lines directly after quoted lines (GitHub shows them in the
// quotation), and HTML comments. It is not a complete CommonMark parser: in
// deeply nested lists, and if it is not sure, it leaves a line out.
//
// The time is linear in the length of the text. Not thread-safe.
class Markdown {
 public:
  // Borrows the bytes of `text`.
  explicit Markdown(absl::string_view text) : rest_(text) {}

  // The next line of the author's text, without line end and HTML comments.
  // Nothing: there are no more lines.
  std::optional<std::string> NextText();

 private:
  // A line of ``` or ~~~. The lines up to the next such line are code.
  struct Fence {
    char mark = '`';
    size_t size = 0;            // The number of marks; 0: not in code.
    size_t max_end_indent = 3;  // The most spaces before the line that ends it.
  };

  // The fence that `line` is; size 0: it is none.
  static Fence FenceAt(absl::string_view line);
  static bool Ends(const Fence& fence, absl::string_view line);
  // Whether a line cannot continue the paragraph of the line before it.
  static bool InterruptsParagraph(absl::string_view line);

  // The first line of `rest_`.
  absl::string_view Line() const;
  void SkipLine();
  // Whether `line` is not the author's text. Notes the code, the quotation or
  // the HTML that it begins or ends.
  bool IsHidden(absl::string_view line);
  // Notes what the quoted `line` means for the lines after the quotation.
  void FollowQuotation(absl::string_view line);
  // Moves the next paragraph from `rest_` to `lines_`.
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
