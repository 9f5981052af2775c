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

// A loopback address at which nobody listens while this lives: a GitHub that is
// down.
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

// A gRPC server of signalbox.v1 in its own process.
struct Contestant {
  std::unique_ptr<Process> program;
  std::string address;
  Stubs stubs;
};

Contestant StartNoop();

// The bare durable server of noop.h, with its file in `directory`.
Contestant StartDurable(const std::string& directory);

// signalbox-server with its data in `data_dir`.
//
// It has a credential for github.com, but cannot reach GitHub. Reports become
// due and wait. After each commit the poster looks for work and finds that its
// credential has to wait. So this measures acceptance alone. Without a
// credential the poster would take out and abandon every report, in two more
// transactions. With a GitHub that answers, it would make some posts a minute,
// which no caller notices.
Contestant StartServer(const std::string& data_dir, const DeadAddress& github);

// What `work` costs a program in CPU time, including the work after its
// answers: it is measured until the program has been quiet after `work`, for
// two seconds at most.
absl::Duration CpuOf(const Process& program, const std::function<void()>& work);

// The type of the file system that has `path`, such as "ext4"; its number in
// hexadecimal if it has no usual name.
std::string FileSystemOf(const std::string& path);
// Whether it is in memory, where durability costs nothing.
bool IsInMemory(absl::string_view file_system);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CONTESTANTS_H_
