#include "tests/clients/cli/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signalbox {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// In the child only the exit code can show a failure.
[[noreturn]] void Become(const std::vector<std::string>& command,
                         const Process::Options& options) {
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) {
    _exit(99);
  }
  if (options.own_group) setpgid(0, 0);
  if (options.ignore_signal != 0) signal(options.ignore_signal, SIG_IGN);
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  std::vector<std::string> variables = {
      absl::StrCat("PATH=", std::getenv("PATH"))};
  for (const auto& [name, value] : options.environment) {
    variables.push_back(absl::StrCat(name, "=", value));
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) {
    environment.push_back(variable.data());
  }
  environment.push_back(nullptr);
  execve(argv[0], argv.data(), environment.data());
  _exit(98);
}

// A child that could not be made must end the test here: its pid would be -1,
// and a signal to that goes to every process there is.
pid_t MustBeMade(pid_t pid) {
  if (pid >= 0) return pid;
  std::perror("cannot start a child process");
  std::abort();
}

int ExitCodeOf(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void WaitForStopOf(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, WUNTRACED) == child && !WIFSTOPPED(status)) {
  }
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = testing::TempDir() + "/signalbox_XXXXXX";
  path_ = mkdtemp(name.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::filesystem::remove_all(path_);
}

std::string TemporaryDirectory::Write(const std::string& name,
                                      const std::string& content) const {
  std::ofstream(File(name), std::ios::binary) << content;
  return File(name);
}

Process::Process(const std::vector<std::string>& command,
                 const Options& options) {
  const std::string input = directory_.Write("input", options.input);
  const std::string errors = directory_.Write("errors", "");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  pid_ = MustBeMade(fork());
  if (pid_ == 0) {
    dup2(open(input.c_str(), O_RDONLY | O_CLOEXEC), 0);
    dup2(ends[1], 1);
    dup2(open(errors.c_str(), O_WRONLY | O_CLOEXEC), 2);
    Become(command, options);
  }
  close(ends[1]);
  output_fd_ = ends[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(output_fd_);
}

void Process::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

void Process::WaitForStop() const { WaitForStopOf(pid_); }

std::vector<std::string> Process::WaitForLines(size_t count) {
  while (true) {
    std::vector<std::string> lines = absl::StrSplit(output_, '\n');
    lines.pop_back();
    if (lines.size() >= count) return lines;
    char buffer[4096];
    const ssize_t length = read(output_fd_, buffer, sizeof(buffer));
    if (length <= 0) return lines;
    output_.append(buffer, length);
  }
}

int Process::Wait() {
  char buffer[65536];
  ssize_t length = 0;
  while ((length = read(output_fd_, buffer, sizeof(buffer))) > 0) {
    output_.append(buffer, length);
  }
  return ExitCodeOf(std::exchange(pid_, -1));
}

std::string Process::output() const { return output_; }

std::string Process::errors() const {
  return ReadAll(directory_.File("errors"));
}

Terminal::Terminal(const std::vector<std::string>& command,
                   const Process::Options& options) {
  pid_ = MustBeMade(forkpty(&fd_, nullptr, nullptr, nullptr));
  if (pid_ == 0) Become(command, options);
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(fd_);
}

void Terminal::Type(const std::string& keys) const {
  EXPECT_EQ(write(fd_, keys.data(), keys.size()),
            static_cast<ssize_t>(keys.size()));
}

void Terminal::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

void Terminal::WaitForStop() const { WaitForStopOf(pid_); }

std::string Terminal::ReadUntil(const std::string& text) const {
  std::string result;
  char c;
  while ((text.empty() || !absl::EndsWith(result, text)) &&
         read(fd_, &c, 1) == 1) {
    result.push_back(c);
  }
  return result;
}

int Terminal::Wait() { return ExitCodeOf(std::exchange(pid_, -1)); }

void WaitForEndOf(pid_t pid) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return;  // It has ended already.
  pollfd ended = {fd, POLLIN, 0};
  while (poll(&ended, 1, -1) != 1) {
  }
  close(fd);
}

}  // namespace signalbox
