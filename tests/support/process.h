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

// A program that runs beside a test or a benchmark, in its own process group.
//
// The destructor kills the group. The kernel kills the program when the thread
// that started it ends, in any way.
//
// A wait that takes a minute, or the limit given, is a failure.
//
// Not thread-safe.
class Process {
 public:
  struct Options {
    // In messages. Empty: the name of the program's file.
    std::string name = "";
    // All of the program's environment, with the PATH of this process.
    std::map<std::string, std::string> environment = {};
    // Where it starts. Empty: where this process is.
    std::string directory = "";
    // Its standard input, which then ends.
    std::string input = "";
    // The file to which its standard error is appended. Empty: one without a
    // name.
    std::string errors_file = "";
    // Its input, output and errors are its own terminal, which echoes.
    bool has_terminal = false;
    // The program ignores this signal from the beginning. 0: none.
    int ignore_signal = 0;
    // How many descriptors it may have. It begins with half of them. 0: as many
    // as this process.
    rlim_t descriptors = 0;
    // Called with the reason of each failure. Empty: fails the test.
    std::function<void(const std::string& why)> fail = nullptr;
  };

  // `command` begins with a path, or a name to be found in PATH.
  Process(const std::vector<std::string>& command, Options options);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const std::string& name() const { return options_.name; }
  // No other process has it before the destructor.
  pid_t pid() const { return pid_; }

  void Signal(int number) const;

  bool IsRunning() const;

  // Waits until the program is stopped, as by SIGSTOP.
  void WaitForStop() const;

  // Waits until the program has ended and nobody can write to its output any
  // more. Returns its exit code, or minus the signal that killed it. Kills it
  // after `limit`.
  int Wait(absl::Duration limit = absl::Minutes(1));

  // Reads up to the line that contains `text`, and returns what follows `text`
  // in that line. "" and a failure if the output ends before.
  std::string WaitForLine(absl::string_view text);
  // What the last WaitForLine() returned.
  const std::string& found() const { return found_; }
  // The port of the HOST:PORT in found(), which anything but a digit may
  // follow.
  int Port() const;

  // Reads up to and with `text`, or to the end of the output if that comes
  // first. An empty `text`: to the end.
  std::string ReadUntil(absl::string_view text);

  // All lines of the output, once they are `count` or the output ends.
  std::vector<std::string> WaitForLines(size_t count);

  // Types on its terminal.
  void Type(absl::string_view keys) const;

  // All the output that a wait has seen: after Wait(), all there is.
  const std::string& Output() const { return output_; }
  // All that the program has written to its standard error so far.
  std::string Errors() const;

  // Of all its threads, since it began; in steps of 10 ms.
  absl::Duration CpuTime() const;
  double ResidentMebibytes() const { return StatusMebibytes("VmRSS:"); }
  double PeakMebibytes() const { return StatusMebibytes("VmHWM:"); }

 private:
  // Waits for more output until `end`, a reading of the steady clock. False if
  // none came.
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

// The path of a program of this build.
std::string OurProgram(absl::string_view name);

// Starts a program of this build.
std::unique_ptr<Process> StartProgram(absl::string_view name,
                                      const std::vector<std::string>& arguments,
                                      Process::Options options = {});

// Waits until another process, which need not be a child, has ended.
void WaitForEndOf(pid_t pid);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_PROCESS_H_
