#ifndef SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_
#define SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_

#include <string>
#include <thread>
#include <vector>

#include "clients/cli/line_tail.h"

namespace signalbox {

// OutputTail reads the output of a command through pipes, copies it at once and
// unchanged to this process's standard output and standard error, and keeps the
// last lines. `signalbox run --tail` uses it to put them into the description.
//
// If standard output and standard error are the same file, the command gets one
// pipe for both, so that their order stays. If this process can no longer write
// (EPIPE), the command cannot either.
//
// Call from one thread, in this order: the constructor; UseInChild in the child
// process; Start, Finish and Text in this process.
class OutputTail {
 public:
  // Keeps the last `lines` lines of the two streams together.
  explicit OutputTail(size_t lines);
  ~OutputTail();

  OutputTail(const OutputTail&) = delete;
  OutputTail& operator=(const OutputTail&) = delete;

  // False: the constructor could not make the pipes; errno says why.
  bool ok() const { return ok_; }

  // Makes the pipes the standard output and standard error of the child. Call
  // it before exec.
  void UseInChild() const;

  // Begins to copy, in a thread of its own.
  void Start();

  // Copies the rest of what the command has written, and stops. Does not wait
  // for processes that the command left behind; their next write fails.
  void Finish();

  // The last lines, as LineTail::Text returns them. Call it after Finish.
  std::string Text(size_t limit) const { return tail_.Text(limit); }

 private:
  // One pipe.
  struct Stream {
    int read_fd = -1;
    int write_fd = -1;
    std::vector<int> of;  // The standard descriptors that it replaces, 1 or 2.
  };

  void Copy();
  // Copies what can be read now, at most 64 KiB. False: the pipe has ended, or
  // this process cannot write.
  bool CopySome(const Stream& stream);

  bool ok_ = true;
  std::vector<Stream> streams_;
  int stop_fd_;
  LineTail tail_;
  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_OUTPUT_TAIL_H_
