#include "clients/cli/foreground.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "clients/cli/steady_clock.h"

namespace signalbox {
namespace {

constexpr int kPassedOn[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                             SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};

bool AsksToEnd(int signal) {
  return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT ||
         signal == SIGTERM;
}

// False if no signal has arrived.
bool ReadSignal(int signal_fd, signalfd_siginfo* signal) {
  return read(signal_fd, signal, sizeof(*signal)) == sizeof(*signal);
}

}  // namespace

Foreground::Foreground() {
  sigemptyset(&signals_);
  for (const int signal : kPassedOn) {
    struct sigaction inherited;
    sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) sigaddset(&signals_, signal);
  }
  sigaddset(&signals_, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &signals_, &inherited_mask_);
  signal_fd_ = signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);

  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, &inherited_sigpipe_);
  // Some parents leave SIGCHLD ignored. That would hide how the command ended.
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, nullptr);
}

CommandEnd Foreground::Run(const CommandRun& run) {
  const int error = Start(run);
  if (error != 0) return {CommandEnd::kNotStarted, error};
  if (run.output != nullptr) run.output->Start();
  run.started();
  const CommandEnd end = Wait(run);
  if (run.output != nullptr) run.output->Finish();
  return end;
}

int Foreground::Start(const CommandRun& run) {
  std::vector<char*> argv;
  for (const std::string& word : run.command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);

  // The child writes errno here if exec fails. A successful exec closes the
  // pipe.
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return errno;
  child_ = fork();
  if (child_ == 0) {
    sigaction(SIGPIPE, &inherited_sigpipe_, nullptr);
    pthread_sigmask(SIG_SETMASK, &inherited_mask_, nullptr);
    if (run.output != nullptr) run.output->UseInChild();
    execvp(argv[0], argv.data());
    const int error = errno;
    const ssize_t ignored = write(failure[1], &error, sizeof(error));
    static_cast<void>(ignored);
    _exit(127);
  }
  int error = child_ < 0 ? errno : 0;
  close(failure[1]);
  if (child_ > 0) {
    ssize_t count;
    do {
      count = read(failure[0], &error, sizeof(error));
    } while (count < 0 && errno == EINTR);
    if (count == sizeof(error)) {
      waitpid(child_, nullptr, 0);
      child_ = -1;
    } else {
      error = 0;
    }
  }
  close(failure[0]);
  return error;
}

CommandEnd Foreground::Wait(const CommandRun& run) {
  // The processes to end, once the timeout has passed. `next` is the time of
  // the next signal to them.
  std::optional<ProcessTree> overdue;
  absl::Time next = SteadyNow() + run.timeout;
  while (true) {
    PassOnAll(run);
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_) {
      child_ = -1;
      // A signal from before the end does not ask to skip the report.
      PassOnAll(run);
      if (overdue) {
        // The command's descendants get the same time to end.
        AwaitEndOf(*overdue, next, run);
        overdue->Signal(SIGKILL);
      }
      CommandEnd end = {CommandEnd::kExited, WEXITSTATUS(status), asked_,
                        asked_by_processes_ > 1, overdue.has_value()};
      if (WIFSIGNALED(status)) {
        end.kind = CommandEnd::kKilled;
        end.value = WTERMSIG(status);
      }
      return end;
    }
    if (SteadyNow() < next) {
      AwaitSignal(next);
    } else if (overdue) {
      overdue->Signal(SIGKILL);
      next = absl::InfiniteFuture();
    } else {
      overdue.emplace(child_);
      overdue->Signal(SIGTERM);
      overdue->Signal(SIGCONT);  // A stopped process cannot end.
      next = SteadyNow() + run.kill_after;
    }
  }
}

void Foreground::AwaitEndOf(const ProcessTree& processes, absl::Time until,
                            const CommandRun& run) {
  constexpr absl::Duration kBetweenLooks = absl::Milliseconds(50);
  while (!processes.HasEnded() && SteadyNow() < until) {
    AwaitSignal(std::min(until, SteadyNow() + kBetweenLooks));
    PassOnAll(run);
  }
}

void Foreground::AwaitSignal(absl::Time time) {
  // Rounded up: otherwise the caller would spin just before the time.
  const absl::Duration left =
      std::clamp(time - SteadyNow() + absl::Milliseconds(1),
                 absl::ZeroDuration(), absl::Hours(1));
  pollfd readable = {signal_fd_, POLLIN, 0};
  poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
}

void Foreground::PassOnAll(const CommandRun& run) {
  signalfd_siginfo signal;
  while (ReadSignal(signal_fd_, &signal)) PassOn(signal, run);
}

void Foreground::PassOn(const signalfd_siginfo& signal, const CommandRun& run) {
  const int number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCHLD) return;
  const bool terminal_sent_it = signal.ssi_code == SI_KERNEL &&
                                (child_ <= 0 || getpgid(child_) == getpgrp());
  if (child_ > 0 && !terminal_sent_it) kill(child_, number);
  // Not SIGQUIT: programs may answer it with a dump and go on.
  if (number != SIGQUIT && AsksToEnd(number)) {
    if (asked_ == 0) asked_ = number;
    // At a terminal, people also interrupt commands that then go on.
    if (!terminal_sent_it && ++asked_by_processes_ == 1 && child_ > 0) {
      run.cancelled(asked_);
    }
  }
  if (number == SIGTSTP) Stop();
}

// Stops this process as SIGTSTP does by default. The kernel ignores that if no
// process could continue it.
void Foreground::Stop() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  raise(SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

Foreground::Readiness Foreground::WaitForReadable(int fd, int timeout_ms) {
  while (true) {
    pollfd readable[] = {{fd, POLLIN, 0}, {signal_fd_, POLLIN, 0}};
    const int count = poll(readable, 2, timeout_ms);
    if (readable[0].revents != 0) return Readiness::kReadable;
    if (count == 0) return Readiness::kTimeout;
    signalfd_siginfo signal;
    while (ReadSignal(signal_fd_, &signal)) {
      if (AsksToEnd(static_cast<int>(signal.ssi_signo))) {
        return Readiness::kAskedToEnd;
      }
      if (signal.ssi_signo == SIGTSTP) Stop();
    }
  }
}

}  // namespace signalbox
