#ifndef SIGNALBOX_TESTS_SUPPORT_PROCESS_H_
#define SIGNALBOX_TESTS_SUPPORT_PROCESS_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A program that a test or a benchmark starts beside itself, in its own process
// group.
//
// The destructor kills the group. The kernel also kills the program when the
// thread that started it ends, for whatever reason.
//
// Waits take at most a minute, or the limit given. A longer wait is a failure:
// it calls Options::fail.
//
// Not thread-safe.
class Process {
 public:
  struct Options {
    // The program's name in messages. Empty: the name of its file.
    std::string name = "";
    // The whole environment of the program. PATH of this process is added.
    std::map<std::string, std::string> environment = {};
    // Its working directory. Empty: that of this process.
    std::string directory = "";
    // What it reads from standard input, before the input ends.
    std::string input = "";
    // The file to which its standard error is appended. Empty: a temporary
    // file, see Errors().
    std::string errors_file = "";
    // Gives it a terminal of its own as input, output and errors. The terminal
    // echoes what is typed.
    bool has_terminal = false;
    // The program ignores this signal from the beginning. 0: none.
    int ignore_signal = 0;
    // The most file descriptors that it may have (hard limit). Its soft limit
    // is half of that. 0: as in this process.
    rlim_t descriptors = 0;
    // Called with the reason of each failure. Empty: fails the gtest test.
    std::function<void(const std::string& why)> fail = nullptr;
  };

  // Starts the program. The first element of `command` is its path, or a name
  // to be found in PATH.
  Process(const std::vector<std::string>& command, Options options);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const std::string& name() const { return options_.name; }
  // Stays the program's own until the destructor, even after its end.
  pid_t pid() const { return pid_; }

  void Signal(int number) const;

  bool IsRunning() const;

  // Waits until the program is stopped, as by SIGSTOP.
  void WaitForStop() const;

  // Waits until the program has ended and no process has its output open any
  // more. Kills it after `limit`. Returns the exit code, or minus the signal
  // that killed it.
  int Wait(absl::Duration limit = absl::Minutes(1));

  // Reads up to the first line that contains `text`. Returns what follows
  // `text` in that line. If the output ends before, fails and returns "".
  std::string WaitForLine(absl::string_view text);
  // What the last WaitForLine() returned.
  const std::string& found() const { return found_; }
  // The port in found(): the number after its last colon.
  int Port() const;

  // Reads up to the end of `text`, or to the end of the output if that comes
  // first. Returns what was read. Empty `text`: to the end.
  std::string ReadUntil(absl::string_view text);

  // Waits until the output has `count` lines or ends. Returns all its lines.
  std::vector<std::string> WaitForLines(size_t count);

  // Types these keys on its terminal; needs has_terminal.
  void Type(absl::string_view keys) const;

  // The output that the waits have read so far. After Wait(), all of it.
  const std::string& Output() const { return output_; }
  // All that the program has written to its standard error so far.
  std::string Errors() const;

  // The CPU time of all its threads since it began, in steps of 10 ms.
  absl::Duration CpuTime() const;
  // Its resident memory, now and at most so far.
  double ResidentMebibytes() const { return StatusMebibytes("VmRSS:"); }
  double PeakMebibytes() const { return StatusMebibytes("VmHWM:"); }

 private:
  // Waits for more output until `end`, a reading of the steady clock. False
  // if none came.
  bool ReadMore(absl::Duration end);
  // ReadUntil() without a failure. False if `text` did not come.
  bool TakeUntil(absl::string_view text, std::string* taken);
  double StatusMebibytes(absl::string_view field) const;

  Options options_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int errors_fd_ = -1;
  std::string output_;
  size_t taken_ = 0;  // How much of `output_` ReadUntil() has returned.
  bool output_has_ended_ = false;
  std::string found_;
};

// The path of a program of this build, such as "signalbox-server".
std::string OurProgram(absl::string_view name);

// Starts a program of this build. `name` as in OurProgram.
std::unique_ptr<Process> StartProgram(absl::string_view name,
                                      const std::vector<std::string>& arguments,
                                      Process::Options options = {});

// Waits until another process, which need not be a child, has ended.
void WaitForEndOf(pid_t pid);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_PROCESS_H_
