#ifndef SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_
#define SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// LineTail makes one line of text from the last lines of a program's output.
// `signalbox run --tail` uses it for the description of a status.
//
// Lines are as a person sees them: without colours and other escape sequences.
// If a program overwrites a line after `\r`, as progress bars do, only the last
// version counts. Empty lines do not count. Only the first 4 KiB of a line
// count.
//
// Not thread-safe.
class LineTail {
 public:
  // Keeps the last `lines` lines, at least 1.
  explicit LineTail(size_t lines) : lines_(lines) {}

  // Takes the next bytes of the output. They need not end with a line.
  void Add(absl::string_view bytes);

  // The last lines with ` / ` between them, as valid UTF-8 without control
  // characters. A text of more than `limit` characters is cut at its beginning,
  // which then is `…`. Empty: there was no output.
  std::string Text(size_t limit) const;

 private:
  void EndLine();

  const size_t lines_;
  std::deque<std::string> last_;
  std::string line_;             // The unfinished line, with escape sequences.
  bool is_overwritten_ = false;  // After `\r`: the next byte begins it anew.
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_LINE_TAIL_H_
