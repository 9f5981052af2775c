#ifndef SIGNALBOX_TESTS_SHIM_SHIM_PROGRAM_H_
#define SIGNALBOX_TESTS_SHIM_SHIM_PROGRAM_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace signalbox {

// The program itself, whose path is SIGNALBOX_SHIM; killed at the end.
class ShimProgram {
 public:
  // `log_file`: where the log goes; empty: into a pipe, which Err() reads.
  // `descriptors`: how many it may take; it begins with half of them. 0: as
  // many as this process.
  ShimProgram(std::vector<std::string> arguments,
              std::vector<std::string> environment,
              const std::string& log_file = "", rlim_t descriptors = 0) {
    arguments.insert(arguments.begin(), "signalbox-shim");
    const std::vector<char*> argv = Pointers(arguments);
    const std::vector<char*> variables = Pointers(environment);
    int out[2];
    int err[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
    const int log = log_file.empty()
                        ? err[1]
                        : open(log_file.c_str(),
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    EXPECT_GE(log, 0);
    const rlimit limit = {descriptors / 2, descriptors};
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(log, STDERR_FILENO);
      if (limit.rlim_max != 0) setrlimit(RLIMIT_NOFILE, &limit);
      execve(SIGNALBOX_SHIM, argv.data(), variables.data());
      _exit(99);
    }
    close(out[1]);
    close(err[1]);
    if (log != err[1]) close(log);
    out_ = out[0];
    err_ = err[0];
  }
  ~ShimProgram() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }

  pid_t pid() const { return pid_; }
  void Signal(int number) { kill(pid_, number); }

  std::string OutLine() { return Read(out_, '\n'); }
  std::string Out() { return Read(out_, '\0'); }
  std::string Err() { return Read(err_, '\0'); }

  bool IsRunning() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

  // The exit code; -1 for a signal.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // Reads it from the line with the address.
  uint16_t Port() {
    const std::string line = OutLine();
    absl::string_view rest = line;
    int port = 0;
    EXPECT_TRUE(absl::ConsumePrefix(&rest, "listening on 127.0.0.1:")) << line;
    EXPECT_TRUE(absl::SimpleAtoi(rest, &port)) << line;
    return static_cast<uint16_t>(port);
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  // Reads up to and with `end`, or to the end.
  static std::string Read(int fd, char end) {
    std::string text;
    char c = 0;
    while (read(fd, &c, 1) == 1) {
      text += c;
      if (c == end) break;
    }
    return text;
  }

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_SHIM_PROGRAM_H_
