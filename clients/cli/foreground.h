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

// A command to run, and how to run it.
struct CommandRun {
  // The name of a program and its arguments.
  std::vector<std::string> command;
  // After `timeout` the command and its descendants get SIGTERM. If they have
  // not ended `kill_after` later, they get SIGKILL.
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration kill_after = absl::Seconds(10);
  // Copies the command's output. Null: the command writes directly to this
  // process's standard output and standard error.
  OutputTail* output = nullptr;
  // Called after the command has started. Not called if it cannot be started.
  std::function<void()> started = [] {};
  // Called once, when another process asks this process to end, by a signal,
  // while the command runs. Foreground has sent the signal to the command.
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
  // The first of SIGHUP, SIGINT and SIGTERM that this process received before
  // the command ended. 0: none. The command may have ignored it.
  int asked = 0;
  // Other processes asked this process to end more than once.
  bool asked_again = false;
  // The timeout had passed when the command ended.
  bool timed_out = false;
};

// Foreground runs the command of `signalbox run` as if the command were this
// process: the command has this process's standard streams and process group,
// and receives the signals that are sent to this process.
//
// The constructor changes how this process treats signals. These no longer end
// or stop it, and Run sends them on to the command: SIGHUP, SIGINT, SIGQUIT,
// SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP and SIGCONT. Signals that this process
// ignored before stay ignored. This process also ignores SIGPIPE; the command
// does not inherit that. Construct it before any thread, because threads
// inherit the signal mask.
//
// Not thread-safe; one object per process.
class Foreground {
 public:
  Foreground();

  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;

  // Runs a command, and waits for its end.
  //
  // If the terminal sends a signal, for example after Ctrl-C, it sends it to
  // the whole process group. Run does not send it on, because the command has
  // it already. If another process sends a signal to the whole group, the
  // command receives it twice: it looks the same as a signal to this process
  // alone.
  CommandEnd Run(const CommandRun& run);

  // Waits until `fd` is readable, until `timeout_ms` milliseconds have passed
  // (negative: no limit), or until a signal asks this process to end.
  enum class Readiness { kReadable, kTimeout, kAskedToEnd };
  Readiness WaitForReadable(int fd, int timeout_ms);

 private:
  // Starts the command as `child_`. Returns 0, or the errno of the failure.
  int Start(const CommandRun& run);
  CommandEnd Wait(const CommandRun& run);
  // Sends all waiting signals on to the command.
  void PassOnAll(const CommandRun& run);
  void PassOn(const signalfd_siginfo& signal, const CommandRun& run);
  // Stops this process, as SIGTSTP would.
  void Stop();
  // Waits until `until` for the end of processes that are not this process's
  // children.
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
