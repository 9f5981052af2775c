#ifndef SIGNALBOX_TESTS_BENCH_CALLS_CONTESTANTS_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_CONTESTANTS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/bench/calls/call_load.h"
#include "tests/bench/program.h"

namespace signalbox {

// The address of a GitHub that is down: a loopback address at which nothing
// listens as long as this object lives.
class DeadAddress {
 public:
  DeadAddress();
  ~DeadAddress();

  DeadAddress(const DeadAddress&) = delete;
  DeadAddress& operator=(const DeadAddress&) = delete;

  // HOST:PORT.
  const std::string& text() const { return text_; }

 private:
  int socket_ = -1;
  std::string text_;
};

// A running gRPC server of signalbox.v1 that a benchmark measures: ours, or one
// to compare it with. It is a process of its own.
struct Contestant {
  std::unique_ptr<Process> program;
  std::string address;
  Stubs stubs;
};

// Starts the server of noop.h that answers and does nothing else.
Contestant StartNoop();

// Starts the server of noop.h that makes each report durable and does nothing
// else, with its file in `directory`.
Contestant StartDurable(const std::string& directory);

// Starts signalbox-server with its data in `data_dir`. So that a benchmark
// measures the acceptance of reports alone, the server has a credential for
// github.com, but its GitHub is down. Reports become due and wait. After each
// commit the poster looks for work and finds that the credential must wait.
//
// Without a credential, the poster would take out and abandon every report, in
// two more transactions. With a GitHub that answers, it would make some posts a
// minute, which no caller would notice.
Contestant StartServer(const std::string& data_dir, const DeadAddress& github);

// The CPU time that a program uses for `work`, which this function runs. It
// includes what the program does after its answers: the function measures until
// the program has been quiet, for at most two seconds after `work`.
absl::Duration CpuOf(const Process& program, const std::function<void()>& work);

// The type of the file system that holds `path`, such as "ext4". If it has no
// usual name: its number in hexadecimal.
std::string FileSystemOf(const std::string& path);
// Whether a file system of this type is in memory, where durability costs
// nothing.
bool IsInMemory(absl::string_view file_system);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CONTESTANTS_H_
