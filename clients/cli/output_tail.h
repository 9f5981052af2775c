#ifndef SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_
#define SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_

#include <string>
#include <thread>
#include <vector>

#include "clients/cli/line_tail.h"

namespace signalbox {

// OutputTail stands between a command and this process's standard output and
// standard error: it copies what the command writes, at once and unchanged, and
// keeps the last lines.
//
// Where both are the same file the command gets one pipe for both, so that the
// order of what it writes stays. If this process's output ends (EPIPE), so does
// the command's.
//
// Calls come in this order, from one thread: UseInChild in a child process,
// then Start, Finish and Text in this one.
class OutputTail {
 public:
  // Keeps `lines` lines of both together.
  explicit OutputTail(size_t lines);
  ~OutputTail();

  OutputTail(const OutputTail&) = delete;
  OutputTail& operator=(const OutputTail&) = delete;

  // False: the pipes could not be made (errno).
  bool ok() const { return ok_; }

  // In the child, before it becomes the command.
  void UseInChild() const;

  // Begins to copy, in a thread of its own.
  void Start();

  // Copies what the command has written, and stops. Does not wait for processes
  // that the command left behind: their next write fails.
  void Finish();

  // The last lines, as LineTail shows them. After Finish.
  std::string Text(size_t limit) const { return tail_.Text(limit); }

 private:
  struct Stream {
    int read_fd = -1;
    int write_fd = -1;
    std::vector<int> of;  // The descriptors it stands for.
  };

  void Copy();
  // Copies what can be read now, at most 64 KiB. False: there will be no more.
  bool CopySome(const Stream& stream);

  bool ok_ = true;
  std::vector<Stream> streams_;
  int stop_fd_;
  LineTail tail_;
  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_
