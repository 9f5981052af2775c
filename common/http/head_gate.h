#ifndef SIGNALBOX_COMMON_HTTP_HEAD_GATE_H_
#define SIGNALBOX_COMMON_HTTP_HEAD_GATE_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"

namespace signalbox {

// A socket that closes itself. Move-only.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(-1); }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd);

 private:
  int fd_ = -1;
};

// A connection with the head of a request.
struct Arrival {
  UniqueFd socket;    // Non-blocking.
  std::string bytes;  // A whole head, and the bytes after it.
  std::chrono::steady_clock::time_point first_byte;
};

// HeadGate keeps connections until the head of their request has arrived,
// without a thread for each. So a connection that stays silent or sends slowly
// costs a descriptor and a few bytes, and delays no other.
//
// Thread-safe.
class HeadGate {
 public:
  // HeadGate hands every connection with a head (by HttpHeadSize) to `pass`,
  // which runs on the gate's thread or on one that calls Add. `pass` must not
  // block for long. HeadGate closes a connection that has no head `timeout`
  // after it was added. With more than `capacity` connections it closes the
  // oldest, but not before `kShortestStay`.
  HeadGate(size_t capacity, std::chrono::milliseconds timeout,
           std::function<void(Arrival)> pass);
  ~HeadGate() { Stop(); }

  // Under load, a client may need this long from connecting to its first byte.
  // HeadGate keeps each connection so long, even in a flood of connections.
  static constexpr std::chrono::milliseconds kShortestStay{10};

  // Takes an accepted connection. Blocks while there are `capacity` and the
  // oldest may not be closed yet; the system queues the connections that are
  // not accepted meanwhile.
  void Add(int fd);

  // Closes connections that have sent nothing, waits for the heads of the
  // others, at most until their timeout, and returns. Connections that are
  // added afterwards are closed.
  void Stop();

 private:
  struct Waiting {
    int fd;
    Arrival arrival;
    std::chrono::steady_clock::time_point stay_end;
    std::chrono::steady_clock::time_point deadline;
  };
  using List = std::list<Waiting>;

  void Run();
  void Wake();
  void ReadHead(int fd);
  // Reads the available bytes. Nothing: the head is not complete. Removes the
  // connection from the list if the head is complete, or if none will come.
  std::optional<Arrival> TryReadHead(List::iterator waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Closes late connections, and returns how many milliseconds are left until
  // the next is late; -1: there are no connections.
  int CloseLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remove(List::iterator waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t capacity_;
  const std::chrono::milliseconds timeout_;
  const std::function<void(Arrival)> pass_;
  const UniqueFd epoll_;
  const UniqueFd wake_;

  Mutex mu_;
  CondVar has_room_;
  // Oldest first, which is also by deadline.
  List waiting_ ABSL_GUARDED_BY(mu_);
  std::unordered_map<int, List::iterator> by_fd_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HEAD_GATE_H_
