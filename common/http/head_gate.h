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
#include "common/http/http_connection.h"
#include "common/mutex.h"

namespace signalbox {

// A connection on which the head of a request (its request line and headers)
// has arrived.
struct Arrival {
  HttpConnection connection;
  std::string bytes;  // The whole head, and the bytes after it.
  // When the first byte arrived.
  std::chrono::steady_clock::time_point first_byte;
};

// HeadGate holds the connections of HttpServer until the head of their request
// has arrived: accepted connections, and idle ones, whose last request was
// answered. It needs one thread for all of them, also for the handshakes of
// TLS. So a client that sends nothing, or sends slowly, costs a descriptor and
// a few bytes, but no thread, and delays no other client.
//
// Thread-safe.
class HeadGate {
 public:
  // When a head is complete, HeadGate calls `pass` with the connection, on its
  // own thread or on a thread that calls Add. `pass` must not block for long.
  // HeadGate closes a connection whose head is not complete `timeout` after
  // Add, or after the first byte on an idle connection. It closes a connection
  // that has been idle for `idle_timeout`. It holds at most `capacity`
  // connections: to make room it closes the one that has been idle longest; if
  // none is idle, the oldest, if that has been held for `kShortestStay`.
  HeadGate(size_t capacity, std::chrono::milliseconds timeout,
           std::chrono::milliseconds idle_timeout,
           std::function<void(Arrival)> pass);
  ~HeadGate() { Stop(); }

  // How long HeadGate holds each connection at least, even in a flood of
  // connections. Under load, a client may need so long to send its first byte.
  static constexpr std::chrono::milliseconds kShortestStay{10};

  // Takes an accepted connection. While there is no room for it, blocks until
  // the oldest connection may be closed. The system then queues new
  // connections.
  void Add(HttpConnection connection);

  // Takes an idle connection. Closes it if there is no room.
  void Keep(HttpConnection connection);

  // Closes connections that have sent nothing, or with TLS nothing after their
  // handshake began. Waits for the heads of the others, at most until their
  // timeout. Then returns. Add and Keep close connections that come later.
  void Stop();

 private:
  // A connection without a complete head.
  struct Waiting {
    int fd;
    short awaited;  // What epoll looks for: POLLIN or POLLOUT.
    bool is_idle;
    Arrival arrival;                                 // So far.
    std::chrono::steady_clock::time_point stay_end;  // After kShortestStay.
    std::chrono::steady_clock::time_point deadline;  // After the timeout.
  };
  using List = std::list<Waiting>;

  void Run();
  void Wake();
  void Insert(HttpConnection connection, bool is_idle)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReadHead(int fd);
  // Reads the available bytes. Returns the connection if its head is complete.
  // Nothing: the head is not complete. Removes the connection from the list if
  // the head is complete, or if the client has closed the connection.
  std::optional<Arrival> TryReadHead(List::iterator waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Has epoll look for what the connection awaits.
  void Await(Waiting& waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Closes connections whose deadline has passed. Returns the milliseconds
  // until the next deadline; -1: there are no connections.
  int CloseLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remove(List::iterator waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t capacity_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::milliseconds idle_timeout_;
  const std::function<void(Arrival)> pass_;
  const UniqueFd epoll_;
  const UniqueFd wake_;

  Mutex mu_;
  CondVar has_room_;
  // Both oldest first, which is also by deadline. `waiting_` has all but the
  // idle connections.
  List waiting_ ABSL_GUARDED_BY(mu_);
  List idle_ ABSL_GUARDED_BY(mu_);
  std::unordered_map<int, List::iterator> by_fd_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HEAD_GATE_H_
