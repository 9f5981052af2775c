#ifndef SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_
#define SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace signalbox {

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

  // Runs `command`, the name of a program and its arguments, and waits for its
  // end. `started` is called once it runs, and not if it cannot be started.
  //
  // A signal that the terminal has sent to the whole process group is not
  // passed on, since the command got it. One sent by a process to the whole
  // group reaches the command twice, because it cannot be told from one sent
  // to this process alone.
  template <typename Started>
  CommandEnd Run(const std::vector<std::string>& command, Started started) {
    const int error = Start(command);
    if (error != 0) return {CommandEnd::kNotStarted, error};
    started();
    return Wait();
  }

  // Waits until `fd` is readable, or until the timeout; negative: none.
  enum class Readiness { kReadable, kTimeout, kAskedToEnd };
  Readiness WaitForReadable(int fd, int timeout_ms);

 private:
  int Start(const std::vector<std::string>& command);
  CommandEnd Wait();
  void PassOn(const signalfd_siginfo& signal);
  void Stop();

  sigset_t signals_;
  sigset_t inherited_mask_;
  struct sigaction inherited_sigpipe_;
  int signal_fd_;
  pid_t child_ = -1;
  int asked_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_FOREGROUND_H_
