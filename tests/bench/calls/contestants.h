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

// A loopback address that nobody listens at, for as long as this lives: a
// GitHub that is away.
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

// A gRPC server of signalbox.v1 in a process of its own.
struct Contestant {
  std::unique_ptr<Program> program;
  std::string address;
  Stubs stubs;
};

Contestant StartNoop();

// signalbox-server with its data in `data_dir`.
//
// It has a credential for github.com, and GitHub cannot be reached: reports
// become due and wait, after each commit the poster looks for work and finds
// its credential silent. So what is measured is acceptance alone. Without a
// credential it would be more: every report is then taken out and abandoned, in
// two transactions of its own. With a GitHub that answers, a pace of some posts
// a minute would come on top, of which nobody who reports notices anything.
Contestant StartServer(const std::string& data_dir, const DeadAddress& github);

// What `work` costs a program, with what is left to do behind its answers: the
// CPU time until, after `work`, the program has been quiet, for two seconds at
// most.
absl::Duration CpuOf(const Program& program, const std::function<void()>& work);

// The type of the file system that has `path`, as "ext4"; its number in
// hexadecimal if it is none of the usual.
std::string FileSystemOf(const std::string& path);
// Whether it is one in memory: what is durable there costs nothing.
bool IsInMemory(absl::string_view file_system);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CONTESTANTS_H_
