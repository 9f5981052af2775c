#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

constexpr absl::Duration kLineLimit = absl::Seconds(30);

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& text : *strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Waits until `fd` can be read. False after `limit`.
bool Readable(int fd, absl::Duration limit) {
  pollfd poll_fd = {fd, POLLIN, 0};
  return poll(&poll_fd, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) >
         0;
}

}  // namespace

std::unique_ptr<Process> Process::Start(
    const std::string& program, const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& environment) {
  std::vector<std::string> argv = {
      absl::StrCat(SIGNALBOX_BIN_DIR, "/", program)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> envp = {"PATH=/usr/bin:/bin"};
  for (const auto& [name, value] : environment) {
    envp.push_back(absl::StrCat(name, "=", value));
  }
  std::string stderr_path = testing::TempDir() + "signalbox-stderr-XXXXXX";
  const int stderr_fd = mkostemp(stderr_path.data(), O_CLOEXEC);
  int stdout_pipe[2];
  if (stderr_fd < 0 || pipe2(stdout_pipe, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "cannot make files for " << program;
    return nullptr;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, stdout_pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, nullptr,
                                Pointers(&argv).data(), Pointers(&envp).data());
  posix_spawn_file_actions_destroy(&actions);
  close(stdout_pipe[1]);
  close(stderr_fd);
  if (error != 0) {
    ADD_FAILURE() << "cannot start " << argv[0];
    close(stdout_pipe[0]);
    return nullptr;
  }
  return std::unique_ptr<Process>(
      new Process(pid, stdout_pipe[0], std::move(stderr_path)));
}

Process::Process(pid_t pid, int stdout_fd, std::string stderr_path)
    : pid_(pid), stdout_fd_(stdout_fd), stderr_path_(std::move(stderr_path)) {}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(stdout_fd_);
  unlink(stderr_path_.c_str());
}

std::string Process::WaitForLine(absl::string_view text) {
  const absl::Duration end = Clock::System()->Monotonic() + kLineLimit;
  for (;;) {
    const size_t line_end = unread_.find('\n');
    if (line_end != std::string::npos) {
      const std::string line = unread_.substr(0, line_end);
      unread_.erase(0, line_end + 1);
      const size_t found = absl::string_view(line).find(text);
      if (found != absl::string_view::npos) {
        return line.substr(found + text.size());
      }
      continue;
    }
    char buffer[4096];
    const absl::Duration left = end - Clock::System()->Monotonic();
    const ssize_t size =
        left > absl::ZeroDuration() && Readable(stdout_fd_, left)
            ? read(stdout_fd_, buffer, sizeof(buffer))
            : 0;
    if (size <= 0) {
      ADD_FAILURE() << "no line with \"" << text << "\"; stderr:\n"
                    << StandardError();
      return "";
    }
    unread_.append(buffer, static_cast<size_t>(size));
  }
}

std::string Process::ReadOutput() {
  const absl::Duration end = Clock::System()->Monotonic() + kLineLimit;
  for (;;) {
    char buffer[4096];
    const absl::Duration left = end - Clock::System()->Monotonic();
    if (left <= absl::ZeroDuration() || !Readable(stdout_fd_, left)) {
      ADD_FAILURE() << "still writes; stderr:\n" << StandardError();
      break;
    }
    const ssize_t size = read(stdout_fd_, buffer, sizeof(buffer));
    if (size <= 0) break;
    unread_.append(buffer, static_cast<size_t>(size));
  }
  return std::exchange(unread_, "");
}

void Process::Signal(int signal_number) {
  if (pid_ > 0) kill(pid_, signal_number);
}

int Process::Wait(absl::Duration limit) {
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (!Readable(pid_fd, limit)) {
    ADD_FAILURE() << "still runs after " << limit << "; stderr:\n"
                  << StandardError();
    kill(pid_, SIGKILL);
  }
  close(pid_fd);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Process::StandardError() const {
  std::ostringstream text;
  text << std::ifstream(stderr_path_).rdbuf();
  return text.str();
}

}  // namespace signalbox
