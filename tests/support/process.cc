#include "tests/support/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signalbox {
namespace {

constexpr absl::Duration kLimit = absl::Minutes(1);

absl::Duration Now() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

// Without these calls a test cannot go on: a pid of -1 would be every process
// there is.
int Must(int result) {
  if (result >= 0) return result;
  std::perror("cannot start a program");
  std::abort();
}

// An open file without a name, at its beginning.
int MemoryFile(absl::string_view content) {
  const int file = Must(memfd_create("signalbox", MFD_CLOEXEC));
  Must(static_cast<int>(pwrite(file, content.data(), content.size(), 0)));
  return file;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Waits until `fd` can be read. False at `end`.
bool Readable(int fd, absl::Duration end) {
  pollfd polled = {fd, POLLIN, 0};
  const absl::Duration left = std::max(end - Now(), absl::ZeroDuration());
  return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) >
         0;
}

// Waits until a process has ended. False at `end`.
bool HasEnded(pid_t pid, absl::Duration end) {
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pid_fd < 0) return true;
  const bool has_ended = Readable(pid_fd, end);
  close(pid_fd);
  return has_ended;
}

// Makes this process the program. Allocates nothing: it runs after a fork of a
// process that may have threads. Returns if that fails, and sets errno.
void Become(const Process::Options& options, const int (&streams)[3],
            char* const* arguments, char* const* environment) {
  if (options.has_terminal) {
    setsid();
    ioctl(streams[0], TIOCSCTTY, 0);
  } else {
    setpgid(0, 0);
  }
  for (int i = 0; i < 3; ++i) dup2(streams[i], i);
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) {
    return;
  }
  if (options.ignore_signal != 0) signal(options.ignore_signal, SIG_IGN);
  if (options.descriptors != 0) {
    const rlimit limit = {options.descriptors / 2, options.descriptors};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  }
  execvpe(arguments[0], arguments, environment);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, Options options)
    : options_(std::move(options)) {
  if (options_.name.empty()) {
    options_.name = command[0].substr(command[0].rfind('/') + 1);
  }
  if (!options_.fail) {
    options_.fail = [](const std::string& why) { ADD_FAILURE() << why; };
  }
  const char* const path = std::getenv("PATH");
  options_.environment.try_emplace("PATH",
                                   path == nullptr ? "/usr/bin:/bin" : path);
  std::vector<std::string> words = command;
  std::vector<std::string> variables;
  for (const auto& [name, value] : options_.environment) {
    variables.push_back(absl::StrCat(name, "=", value));
  }
  const std::vector<char*> arguments = Pointers(&words);
  const std::vector<char*> environment = Pointers(&variables);

  errors_fd_ = options_.errors_file.empty()
                   ? MemoryFile("")
                   : Must(open(options_.errors_file.c_str(),
                               O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  int input = -1;
  int output = -1;
  if (options_.has_terminal) {
    Must(openpty(&output_fd_, &output, nullptr, nullptr, nullptr));
    Must(fcntl(output_fd_, F_SETFD, FD_CLOEXEC));
    Must(fcntl(output, F_SETFD, FD_CLOEXEC));
  } else {
    int ends[2];
    Must(pipe2(ends, O_CLOEXEC));
    output_fd_ = ends[0];
    output = ends[1];
    input = MemoryFile(options_.input);
  }
  const int streams[3] = {options_.has_terminal ? output : input, output,
                          options_.has_terminal ? output : errors_fd_};
  // Gets errno if there is no program. A successful exec closes it.
  int failure[2];
  Must(pipe2(failure, O_CLOEXEC));
  const pid_t parent = getpid();
  pid_ = Must(fork());
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    Become(options_, streams, arguments.data(), environment.data());
    const int error = errno;
    static_cast<void>(!write(failure[1], &error, sizeof(error)));
    _exit(127);
  }
  close(failure[1]);
  close(output);
  if (input >= 0) close(input);
  int error = 0;
  if (read(failure[0], &error, sizeof(error)) > 0) {
    options_.fail(
        absl::StrCat("cannot start ", command[0], ": ", std::strerror(error)));
  }
  close(failure[0]);
}

Process::~Process() {
  // Wait() reaps nobody, so the group still has this number.
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_fd_);
  close(errors_fd_);
}

void Process::Signal(int number) const { kill(pid_, number); }

bool Process::IsRunning() const {
  siginfo_t end = {};
  waitid(P_PID, pid_, &end, WEXITED | WNOHANG | WNOWAIT);
  return end.si_pid == 0;
}

void Process::WaitForStop() const {
  const absl::Duration limit = Now() + kLimit;
  siginfo_t stop = {};
  while (waitid(P_PID, pid_, &stop, WSTOPPED | WNOHANG) == 0 &&
         stop.si_pid == 0) {
    if (Now() > limit) {
      options_.fail(absl::StrCat(name(), " was not stopped"));
      return;
    }
    poll(nullptr, 0, 10);
  }
}

int Process::Wait(absl::Duration limit) {
  const absl::Duration end = Now() + limit;
  while (ReadMore(end)) {
  }
  if (!output_has_ended_ || !HasEnded(pid_, end)) {
    options_.fail(absl::StrCat(name(), " still runs after ",
                               absl::FormatDuration(limit), "; stderr:\n",
                               Errors()));
    kill(-pid_, SIGKILL);
  }
  siginfo_t ended = {};
  waitid(P_PID, pid_, &ended, WEXITED | WNOWAIT);
  return ended.si_code == CLD_EXITED ? ended.si_status : -ended.si_status;
}

bool Process::ReadMore(absl::Duration end) {
  if (output_has_ended_ || !Readable(output_fd_, end)) return false;
  char buffer[65536];
  const ssize_t size = read(output_fd_, buffer, sizeof(buffer));
  // A terminal that nobody holds any more ends with an error.
  output_has_ended_ = size <= 0;
  if (output_has_ended_) return false;
  output_.append(buffer, static_cast<size_t>(size));
  return true;
}

bool Process::TakeUntil(absl::string_view text, std::string* taken) {
  const absl::Duration end = Now() + kLimit;
  for (;;) {
    const absl::string_view rest = absl::string_view(output_).substr(taken_);
    const size_t found = text.empty() ? rest.npos : rest.find(text);
    const bool has_come = found != rest.npos;
    if (!has_come && ReadMore(end)) continue;
    *taken =
        std::string(rest.substr(0, has_come ? found + text.size() : found));
    taken_ += taken->size();
    return has_come;
  }
}

std::string Process::ReadUntil(absl::string_view text) {
  std::string taken;
  if (!TakeUntil(text, &taken) && !output_has_ended_) {
    options_.fail(absl::StrCat(name(), " still runs, and has not written \"",
                               text, "\"; stderr:\n", Errors()));
  }
  return taken;
}

std::string Process::WaitForLine(absl::string_view text) {
  for (std::string line; TakeUntil("\n", &line);) {
    const size_t found = absl::string_view(line).find(text);
    if (found == std::string::npos) continue;
    line.pop_back();
    return found_ = line.substr(found + text.size());
  }
  options_.fail(absl::StrCat(name(), " has written no line with \"", text,
                             "\"; stderr:\n", Errors()));
  return found_ = "";
}

int Process::Port() const {
  const size_t begin = found_.rfind(':') + 1;
  const size_t end = found_.find_first_not_of("0123456789", begin);
  int port = 0;
  if (!absl::SimpleAtoi(found_.substr(begin, end - begin), &port)) {
    options_.fail(absl::StrCat(name(), " listens on \"", found_, "\""));
  }
  return port;
}

std::vector<std::string> Process::WaitForLines(size_t count) {
  const absl::Duration end = Now() + kLimit;
  for (;;) {
    std::vector<std::string> lines = absl::StrSplit(output_, '\n');
    lines.pop_back();
    if (lines.size() >= count) return lines;
    if (ReadMore(end)) continue;
    if (!output_has_ended_) {
      options_.fail(absl::StrCat(name(), " has written ", lines.size(),
                                 " lines of ", count));
    }
    return lines;
  }
}

void Process::Type(absl::string_view keys) const {
  if (write(output_fd_, keys.data(), keys.size()) !=
      static_cast<ssize_t>(keys.size())) {
    options_.fail(absl::StrCat("cannot type on the terminal of ", name()));
  }
}

std::string Process::Errors() const {
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = pread(errors_fd_, buffer, sizeof(buffer),
                       static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer, static_cast<size_t>(size));
  }
  return text;
}

absl::Duration Process::CpuTime() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/stat"));
  std::stringstream text;
  text << file.rdbuf();
  // The name, which may have anything in it, ends with the last parenthesis.
  std::istringstream fields(text.str().substr(text.str().rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  if (!(fields >> user >> system) || !IsRunning()) {
    options_.fail(absl::StrCat(name(), " has ended"));
  }
  return absl::Seconds(static_cast<double>(user + system) /
                       static_cast<double>(sysconf(_SC_CLK_TCK)));
}

double Process::StatusMebibytes(absl::string_view field) const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/status"));
  std::string name_of_field;
  while (file >> name_of_field) {
    double kibibytes = 0;
    if (name_of_field == field && file >> kibibytes) return kibibytes / 1024;
    std::getline(file, name_of_field);
  }
  options_.fail(absl::StrCat(name(), " has ended"));
  return 0;
}

std::string OurProgram(absl::string_view name) {
  return absl::StrCat(SIGNALBOX_BIN_DIR, "/", name);
}

std::unique_ptr<Process> StartProgram(absl::string_view name,
                                      const std::vector<std::string>& arguments,
                                      Process::Options options) {
  std::vector<std::string> command = {OurProgram(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(command, std::move(options));
}

void WaitForEndOf(pid_t pid) {
  EXPECT_TRUE(HasEnded(pid, Now() + kLimit)) << pid << " still runs";
}

}  // namespace signalbox
