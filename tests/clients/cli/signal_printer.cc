// A command for tests: prints `ready`, then the name of each signal it gets,
// and exits with 9 after SIGUSR1. Unlike a shell it misses none.

#include <signal.h>

#include <cstdio>

int main() {
  constexpr int kSignals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                              SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kSignals) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  std::puts("ready");
  int signal = 0;
  do {
    sigwait(&signals, &signal);
    std::printf("SIG%s\n", sigabbrev_np(signal));
  } while (signal != SIGUSR1);
  return 9;
}
