#include "clients/cli/foreground.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace signalbox {
namespace {

constexpr int kPassedOn[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                             SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};

bool AsksToEnd(int signal) {
  return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT ||
         signal == SIGTERM;
}

// Nothing if no signal is there.
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
  // Ignored, as some parents leave it, it would hide how the command ended.
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, nullptr);
}

int Foreground::Start(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);

  // The child writes errno here if it cannot become the command; becoming it
  // closes the pipe.
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return errno;
  child_ = fork();
  if (child_ == 0) {
    sigaction(SIGPIPE, &inherited_sigpipe_, nullptr);
    pthread_sigmask(SIG_SETMASK, &inherited_mask_, nullptr);
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

CommandEnd Foreground::Wait() {
  while (true) {
    signalfd_siginfo signal;
    while (ReadSignal(signal_fd_, &signal)) PassOn(signal);
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_) {
      child_ = -1;
      // What came before the end is not the wish not to wait for the report.
      while (ReadSignal(signal_fd_, &signal)) PassOn(signal);
      if (WIFSIGNALED(status)) {
        return {CommandEnd::kKilled, WTERMSIG(status), asked_};
      }
      return {CommandEnd::kExited, WEXITSTATUS(status), asked_};
    }
    pollfd readable = {signal_fd_, POLLIN, 0};
    poll(&readable, 1, -1);
  }
}

void Foreground::PassOn(const signalfd_siginfo& signal) {
  const int number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCHLD) return;
  // Not SIGQUIT: programs answer it with a dump, and go on.
  if (asked_ == 0 && number != SIGQUIT && AsksToEnd(number)) asked_ = number;
  if (child_ > 0) {
    const bool terminal_sent_it =
        signal.ssi_code == SI_KERNEL && getpgid(child_) == getpgrp();
    if (!terminal_sent_it) kill(child_, number);
  }
  if (number == SIGTSTP) Stop();
}

// Stops this process as SIGTSTP does by default, which is not at all if nobody
// could let it go on.
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
