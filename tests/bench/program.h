#ifndef SIGNALBOX_TESTS_BENCH_PROGRAM_H_
#define SIGNALBOX_TESTS_BENCH_PROGRAM_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A program that is measured. It is killed when this goes out of scope, and
// when this process ends in any way. Its stderr is dropped.
//
// A failure ends the benchmark with a message.
//
// Not thread-safe.
class Program {
 public:
  // `command` begins with a path, or a name to be found in PATH. `environment`
  // is added to the environment. A new line on stdout that contains `ready`
  // shows that the program serves. It must come within half a minute.
  static std::unique_ptr<Program> Start(
      const std::string& name, const std::vector<std::string>& command,
      const std::map<std::string, std::string>& environment,
      absl::string_view ready);
  ~Program();

  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // For people.
  const std::string& name() const { return name_; }
  // The text after `ready` in its line.
  const std::string& ready() const { return ready_; }
  // The port of the HOST:PORT in that text, which anything but a digit may
  // follow.
  int Port() const;

  // Of all its threads, since it began; in steps of 10 ms.
  absl::Duration CpuTime() const;
  double ResidentMebibytes() const { return StatusMebibytes("VmRSS:"); }
  double PeakMebibytes() const { return StatusMebibytes("VmHWM:"); }

 private:
  Program(std::string name, pid_t pid) : name_(std::move(name)), pid_(pid) {}

  double StatusMebibytes(absl::string_view field) const;

  const std::string name_;
  const pid_t pid_;
  int stdout_ = -1;
  std::string ready_;
};

// Where the programs of this build are.
std::string BinDirectory();

// Ends the benchmark with exit code 2.
[[noreturn]] void GiveUp(absl::string_view why);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_PROGRAM_H_
