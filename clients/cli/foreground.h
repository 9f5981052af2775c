#ifndef SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_
#define SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/output_tail.h"
#include "clients/cli/process_tree.h"

namespace signalbox {

// What is run, and how.
struct CommandRun {
  // The name of a program and its arguments.
  std::vector<std::string> command;
  // Then the command and its descendants get SIGTERM, and `kill_after` later
  // SIGKILL if they have not ended.
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration kill_after = absl::Seconds(10);
  // Copies the command's output. Null: the command writes itself.
  OutputTail* output = nullptr;
  // Called once the command runs; not if it cannot be started.
  std::function<void()> started = [] {};
  // Called once, if another process asks this one to end by a signal while the
  // command runs. The signal was passed on.
  std::function<void(int signal)> cancelled = [](int) {};
};

// How a command ended.
struct CommandEnd {
  enum Kind {
    kExited,      // `value` is its exit code.
    kKilled,      // `value` is the signal.
    kNotStarted,  // `value` is the errno of the failure to start it.
  };
  Kind kind = kNotStarted;
  int value = 0;
  // The signal by which this process was asked to end before, 0: none. The
  // command may have ended as if nothing were the matter.
  int asked = 0;
  // It was asked so by other processes more than once.
  bool asked_again = false;
  // The timeout was over before.
  bool timed_out = false;
};

// Foreground runs one command as if it were this process: with its standard
// streams, in its process group, and with the signals that are sent to it.
//
// From construction on this process no longer dies of the signals that it
// passes on: SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP and
// SIGCONT, but for those it ignored before. SIGPIPE is ignored here; the
// command gets it as this process did. Construct it before any thread, because
// threads inherit this.
//
// Not thread-safe; one object per process.
class Foreground {
 public:
  Foreground();

  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;

  // Runs a command, and waits for its end.
  //
  // A signal that the terminal has sent to the whole process group is not
  // passed on, since the command got it. One sent by a process to the whole
  // group reaches the command twice, because it cannot be told from one sent
  // to this process alone.
  CommandEnd Run(const CommandRun& run);

  // Waits until `fd` is readable, or until the timeout; negative: none.
  enum class Readiness { kReadable, kTimeout, kAskedToEnd };
  Readiness WaitForReadable(int fd, int timeout_ms);

 private:
  // Returns 0 or an errno.
  int Start(const CommandRun& run);
  CommandEnd Wait(const CommandRun& run);
  void PassOnAll(const CommandRun& run);
  void PassOn(const signalfd_siginfo& signal, const CommandRun& run);
  void Stop();
  // Waits for processes of which this one is not the parent.
  void AwaitEndOf(const ProcessTree& processes, absl::Time until,
                  const CommandRun& run);
  // Waits for a signal, which it does not read, until `time` of the steady
  // clock.
  void AwaitSignal(absl::Time time);

  sigset_t signals_;
  sigset_t inherited_mask_;
  struct sigaction inherited_sigpipe_;
  int signal_fd_;
  pid_t child_ = -1;
  int asked_ = 0;
  int asked_by_processes_ = 0;  // How often.
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_
