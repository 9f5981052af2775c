#ifndef SIGNALBOX_TESTS_BENCH_CALLS_WATCH_LOAD_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_WATCH_LOAD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// Watchers of a server, each with its own WatchStatuses, while this lives. A
// watcher that the server finds too slow resumes where it was.
class Watchers {
 public:
  // `repository_of` names what each watches, from 0; empty: everything.
  Watchers(const std::string& address, int count,
           const std::function<std::string(int)>& repository_of);
  // Ends all and awaits their ends.
  ~Watchers();

  // Changes that all watchers together have received.
  int64_t told() const { return told_; }
  // How often the server asked a watcher to resume.
  int64_t resumed() const { return resumed_; }
  // Ends for any other reason, and changes out of order.
  int64_t failed() const { return failed_; }

 private:
  class Watch;

  std::atomic<int64_t> told_ = 0;
  std::atomic<int64_t> resumed_ = 0;
  std::atomic<int64_t> failed_ = 0;
  std::vector<std::unique_ptr<v1::StatusService::Stub>> stubs_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_WATCH_LOAD_H_
