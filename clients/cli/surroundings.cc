#include "clients/cli/surroundings.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/steady_clock.h"

namespace signalbox {
namespace {

constexpr size_t kMaxFile = 32 << 20;
constexpr size_t kMaxOutput = 64 << 10;
constexpr absl::Duration kProgramTimeout = absl::Seconds(10);

// Reads until the end, `kMaxOutput` or the timeout. False unless it read to the
// end.
bool ReadToEnd(int fd, std::string* text) {
  const absl::Time give_up = SteadyNow() + kProgramTimeout;
  while (text->size() < kMaxOutput) {
    const absl::Duration left = give_up - SteadyNow();
    if (left <= absl::ZeroDuration()) return false;
    pollfd readable = {fd, POLLIN, 0};
    if (poll(&readable, 1, 1 + absl::ToInt64Milliseconds(left)) <= 0) continue;
    char buffer[4096];
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count == 0) return true;
    if (count > 0) text->append(buffer, count);
    if (count < 0 && errno != EINTR) return false;
  }
  return false;
}

// The first line that a program wrote to the file, such as `fatal: not a git
// repository`.
std::string FirstLineOf(int fd) {
  char buffer[512];
  const ssize_t count = pread(fd, buffer, sizeof(buffer), 0);
  const absl::string_view text(buffer, count > 0 ? count : 0);
  return std::string(text.substr(0, text.find('\n')));
}

absl::StatusOr<std::string> Run(std::string program,
                                const std::vector<std::string>& arguments) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, program);
  }
  const int errors = memfd_create("errors", MFD_CLOEXEC);

  std::vector<std::string> words = arguments;
  std::vector<char*> argv = {program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  if (errors >= 0) {
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid;
  const int spawned = posix_spawnp(&pid, program.c_str(), &actions, nullptr,
                                   argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);

  std::string output;
  bool complete = false;
  int wait_status = 0;
  if (spawned == 0) {
    complete = ReadToEnd(pipe_ends[0], &output);
    if (!complete) kill(pid, SIGKILL);
    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
  }
  close(pipe_ends[0]);
  const std::string complaint = errors >= 0 ? FirstLineOf(errors) : "";
  if (errors >= 0) close(errors);
  if (spawned != 0) {
    return absl::NotFoundError(
        spawned == ENOENT
            ? absl::StrCat(program, " is not installed")
            : absl::StrCat(program, ": ", std::strerror(spawned)));
  }
  if (!complete) {
    return absl::DeadlineExceededError(absl::StrCat(
        program, " did not end within ", absl::FormatDuration(kProgramTimeout),
        ", or printed more than ", kMaxOutput, " bytes"));
  }
  if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        program, ": ",
        complaint.empty() ? "failed without an error message" : complaint));
  }
  return std::string(absl::StripSuffix(output, "\n"));
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  char buffer[65536];
  while (file && content.size() <= kMaxFile) {
    file.read(buffer, sizeof(buffer));
    content.append(buffer, file.gcount());
  }
  if (!file.eof() || content.size() > kMaxFile) return std::nullopt;
  return content;
}

}  // namespace

absl::string_view Surroundings::Get(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? absl::string_view() : found->second;
}

Surroundings RealSurroundings() {
  Surroundings surroundings;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos) continue;
    surroundings.environment.emplace(text.substr(0, equals),
                                     text.substr(equals + 1));
  }
  surroundings.git = [](const std::vector<std::string>& arguments) {
    return Run("git", arguments);
  };
  surroundings.ssh_host = [](const std::string& host) -> std::string {
    const absl::StatusOr<std::string> said = Run("ssh", {"-G", "--", host});
    if (!said.ok()) return "";
    for (absl::string_view line : absl::StrSplit(*said, '\n')) {
      if (absl::ConsumePrefix(&line, "hostname ")) return std::string(line);
    }
    return "";
  };
  surroundings.read_file = ReadFile;
  return surroundings;
}

}  // namespace signalbox
