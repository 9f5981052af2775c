#include "tests/bench/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

constexpr absl::Duration kStartLimit = absl::Seconds(30);

// Reads the rest of the first line of `fd` that contains `wanted`. False if the
// output ended before, or took too long.
bool AwaitLine(int fd, absl::string_view wanted, std::string* rest) {
  const absl::Duration end = Clock::System()->Monotonic() + kStartLimit;
  std::string text;
  for (;;) {
    for (size_t line_end = text.find('\n'); line_end != std::string::npos;
         line_end = text.find('\n')) {
      const std::string line = text.substr(0, line_end);
      text.erase(0, line_end + 1);
      const size_t found = line.find(std::string(wanted));
      if (found == std::string::npos) continue;
      *rest = line.substr(found + wanted.size());
      return true;
    }
    const absl::Duration left = end - Clock::System()->Monotonic();
    pollfd polled = {fd, POLLIN, 0};
    if (left <= absl::ZeroDuration() ||
        poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) <=
            0) {
      return false;
    }
    char buffer[4096];
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size <= 0) return false;
    text.append(buffer, static_cast<size_t>(size));
  }
}

}  // namespace

void GiveUp(absl::string_view why) {
  const std::string line =
      absl::StrCat(program_invocation_short_name, ": ", why, "\n");
  std::fputs(line.c_str(), stderr);
  std::exit(2);
}

std::string BinDirectory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) GiveUp("/proc is not there");
  return self.parent_path().string();
}

std::unique_ptr<Program> Program::Start(
    const std::string& name, const std::vector<std::string>& command,
    const std::map<std::string, std::string>& environment,
    absl::string_view ready) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) GiveUp("no pipe can be made");
  // Nothing is allocated between fork and exec.
  std::vector<std::string> texts = command;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  for (const auto& [key, value] : environment) {
    variables.push_back(absl::StrCat(key, "=", value));
  }
  std::vector<char*> environment_pointers;
  for (std::string& text : variables)
    environment_pointers.push_back(text.data());
  environment_pointers.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) GiveUp("no process can be made");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(pipe_ends[1], STDOUT_FILENO);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nowhere, STDIN_FILENO);
    if (getenv("SIGNALBOX_BENCH_STDERR") == nullptr) {
      dup2(nowhere, STDERR_FILENO);
    }
    execvpe(arguments[0], arguments.data(), environment_pointers.data());
    _exit(127);
  }
  close(pipe_ends[1]);
  std::unique_ptr<Program> program(new Program(name, pid));
  program->stdout_ = pipe_ends[0];
  if (!AwaitLine(pipe_ends[0], ready, &program->ready_)) {
    // Not by the destructor: std::exit runs none of a local object.
    kill(pid, SIGKILL);
    GiveUp(absl::StrCat(name, " did not start: ", command[0],
                        "; SIGNALBOX_BENCH_STDERR=1 shows what it says"));
  }
  return program;
}

Program::~Program() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(stdout_);
}

int Program::Port() const {
  const size_t begin = ready_.rfind(':') + 1;
  const size_t end = ready_.find_first_not_of("0123456789", begin);
  int port = 0;
  if (!absl::SimpleAtoi(ready_.substr(begin, end - begin), &port)) {
    GiveUp(absl::StrCat(name_, " listens on ", ready_));
  }
  return port;
}

absl::Duration Program::CpuTime() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/stat"));
  std::stringstream text;
  text << file.rdbuf();
  // The name, which may have anything in it, ends with the last parenthesis.
  std::istringstream fields(text.str().substr(text.str().rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  if (!(fields >> user >> system)) GiveUp(absl::StrCat(name_, " has ended"));
  return absl::Seconds(static_cast<double>(user + system) /
                       static_cast<double>(sysconf(_SC_CLK_TCK)));
}

double Program::StatusMebibytes(absl::string_view field) const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/status"));
  std::string name;
  while (file >> name) {
    double kibibytes = 0;
    if (name == field && file >> kibibytes) return kibibytes / 1024;
    std::getline(file, name);
  }
  GiveUp(absl::StrCat(name_, " has ended"));
}

}  // namespace signalbox
