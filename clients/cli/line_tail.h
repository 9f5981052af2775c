#ifndef SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_
#define SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// LineTail keeps the last lines of a program's output as one line of text, for
// the description of a status.
//
// A line is what a person sees: without colours and other escape sequences,
// and of a line that is overwritten, as progress bars do it with `\r`, only the
// last version. Empty lines do not count. Of a long line the first 4 KiB count.
//
// Not thread-safe.
class LineTail {
 public:
  // Keeps `lines` lines, at least 1.
  explicit LineTail(size_t lines) : lines_(lines) {}

  // Takes the next bytes of the output, cut anywhere.
  void Add(absl::string_view bytes);

  // The last lines with ` / ` between them, valid UTF-8 without control
  // characters. Of more than `limit` characters the last ones, behind `…`.
  // Empty: there was no output.
  std::string Text(size_t limit) const;

 private:
  void EndLine();

  const size_t lines_;
  std::deque<std::string> last_;
  std::string line_;             // As it is so far, with escape sequences.
  bool is_overwritten_ = false;  // By what comes next: `\r` was read.
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_
