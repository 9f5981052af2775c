#ifndef SIGNALBOX_SHIM_WEBHOOK_MARKDOWN_H_
#define SIGNALBOX_SHIM_WEBHOOK_MARKDOWN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Follows a comment paragraph by paragraph, as GitHub's page shows it, and
// knows which lines are no text of its author: those in code (fenced, indented,
// <pre>, or in backticks over several lines), in quotations, directly behind
// quoted lines, which GitHub shows in the quotation, and in comments of HTML.
//
// It is no complete CommonMark: where lists nest deeply, and in doubt, a line
// is left out.
//
// Takes time linear in the text, whatever is in it. Not thread-safe.
class Markdown {
 public:
  // Borrows what `text` points to.
  explicit Markdown(absl::string_view text) : rest_(text) {}

  // The next line that is text, without its end and without comments of HTML;
  // nothing at the end.
  std::optional<std::string> NextText();

 private:
  // ``` or ~~~, which make code of the lines up to the next such line.
  struct Fence {
    char mark = '`';
    size_t size = 0;  // 0: there is none.
    size_t max_end_indent = 3;
  };

  // `line` may begin one.
  static Fence FenceAt(absl::string_view line);
  static bool Ends(const Fence& fence, absl::string_view line);
  // Whether a line cannot go on with the paragraph of the line before it.
  static bool InterruptsParagraph(absl::string_view line);

  // The line that `rest_` begins with.
  absl::string_view Line() const;
  void SkipLine();
  bool IsHidden(absl::string_view line);
  void FollowQuotation(absl::string_view line);
  void TakeParagraph();
  // Code in backticks and comments may go over several lines of a paragraph,
  // but not over its end: without an end they are shown as they stand.
  void ReadParagraph(absl::string_view text);

  absl::string_view rest_;
  // What is left of the last paragraph.
  std::vector<std::string> lines_;
  size_t next_line_ = 0;

  Fence fence_;
  absl::string_view block_end_;  // Empty: not in a block of HTML.
  Fence quoted_fence_;           // In a quotation.
  // The last line was of a paragraph in a quotation.
  bool quotation_goes_on_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_MARKDOWN_H_
