#ifndef SIGNALBOX_TESTS_INTEGRATION_PROCESS_H_
#define SIGNALBOX_TESTS_INTEGRATION_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A program of ours, run as people run it. Killed when it goes out of scope.
//
// Not thread-safe.
class Process {
 public:
  // `program` is a name in build/bin. Its environment is PATH and
  // `environment`, and nothing else. Its stderr goes to a file.
  static std::unique_ptr<Process> Start(
      const std::string& program, const std::vector<std::string>& arguments,
      const std::map<std::string, std::string>& environment = {});

  ~Process();

  // Reads stdout up to the line that contains `text`, and returns what follows
  // `text` in that line. Fails the test and returns "" if the program ends
  // before, or after 30 s.
  std::string WaitForLine(absl::string_view text);

  // The rest of stdout, once the program has closed it. If it has not within 30
  // s, fails the test and returns what came.
  std::string ReadOutput();

  void Signal(int signal_number);

  // The exit code, or 128 + the signal that ended it. Kills it and fails the
  // test after `limit`.
  int Wait(absl::Duration limit = absl::Seconds(30));

  // Valid while it runs.
  pid_t pid() const { return pid_; }

  // All that it wrote to stderr so far.
  std::string StandardError() const;

 private:
  Process(pid_t pid, int stdout_fd, std::string stderr_path);

  pid_t pid_;
  int stdout_fd_;
  std::string stderr_path_;
  std::string unread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_PROCESS_H_
