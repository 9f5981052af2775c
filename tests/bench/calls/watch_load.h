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

// Clients that watch a server with WatchStatuses as long as this object lives.
// If the server ends a watch because the client is too slow, the client resumes
// it where it stopped.
class Watchers {
 public:
  // Starts `count` watchers. `repository_of` names the repository that each of
  // them, numbered from 0, watches; empty: all.
  Watchers(const std::string& address, int count,
           const std::function<std::string(int)>& repository_of);
  // Ends all watches and waits for their ends.
  ~Watchers();

  // How many changes all watchers together have received.
  int64_t received() const { return received_; }
  // How often the server asked a watcher to resume.
  int64_t resumed() const { return resumed_; }
  // How many watches ended for other reasons, or sent a change out of order.
  int64_t failed() const { return failed_; }

 private:
  class Watch;

  std::atomic<int64_t> received_ = 0;
  std::atomic<int64_t> resumed_ = 0;
  std::atomic<int64_t> failed_ = 0;
  std::vector<std::unique_ptr<v1::StatusService::Stub>> stubs_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_WATCH_LOAD_H_
