#ifndef SIGNALBOX_COMMON_HTTP_REQUEST_SOCKET_H_
#define SIGNALBOX_COMMON_HTTP_REQUEST_SOCKET_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"

namespace signalbox {

class RequestSocket;

// WaitingRoom holds the requests whose thread waits for bytes from the client.
// While other requests wait for a thread, requests whose patience is over give
// way: first those that were answered already, then those that began first. So
// clients that are slow on purpose hardly delay others. A request whose body
// has arrived is always served.
//
// Thread-safe.
class WaitingRoom {
 public:
  // `shortage` returns how many requests lack a thread. Many threads call it at
  // once.
  explicit WaitingRoom(std::function<size_t()> shortage)
      : shortage_(std::move(shortage)) {}

  // Makes requests give way if there are too few threads. Call it whenever
  // there may be too few.
  //
  // False: no thread becomes free before a request is answered, because no
  // request waits here.
  bool MakeRoom();

 private:
  friend class RequestSocket;
  using Place =
      std::tuple<bool, std::chrono::steady_clock::time_point, RequestSocket*>;

  void Enter(const Place& place);
  void Leave(const Place& place);
  void ThreadIsFree();

  const std::function<size_t()> shortage_;

  Mutex mu_;
  // The first to give way is first.
  std::set<Place> waiting_ ABSL_GUARDED_BY(mu_);
  // Requests whose threads are not free yet.
  size_t giving_way_ ABSL_GUARDED_BY(mu_) = 0;
};

// RequestSocket reads the bytes of one request and writes its answer. One
// deadline for reading, one for writing and one count of bytes apply to the
// whole request.
//
// Not thread-safe.
class RequestSocket {
 public:
  struct Limits {
    // The age of the request counts from here.
    std::chrono::steady_clock::time_point first_byte;
    std::chrono::steady_clock::time_point read_deadline;
    std::chrono::steady_clock::time_point write_deadline;
    // How long the request may wait for bytes before it may have to give way.
    std::chrono::milliseconds patience;
    uint64_t max_bytes;  // Read from the socket.
  };

  // Borrows `fd`, which must be non-blocking, and `room`. Reading begins with
  // `first_bytes`.
  RequestSocket(int fd, std::string first_bytes, const Limits& limits,
                WaitingRoom& room)
      : fd_(fd),
        room_(room),
        limits_(limits),
        buffer_(std::move(first_bytes)) {}
  ~RequestSocket();

  RequestSocket(const RequestSocket&) = delete;
  RequestSocket& operator=(const RequestSocket&) = delete;

  // The next bytes, at most 16 KiB. Valid until the next call. Errors:
  //   DEADLINE_EXCEEDED  the bytes are late.
  //   UNAVAILABLE        the request has to give way.
  //   INVALID_ARGUMENT   no more bytes come: the client has closed or lost the
  //                      connection, or has sent too many.
  absl::StatusOr<absl::string_view> Read();

  // Sends all bytes. False: that failed.
  bool Write(absl::string_view bytes);

  // Reads on for a while before the connection is closed. Closing at once could
  // reset the connection of a client that still sends and has not read its
  // answer.
  void Drain();

 private:
  friend class WaitingRoom;

  bool AwaitBytes();
  bool Await(short events, std::chrono::steady_clock::time_point deadline);
  // The room calls it while this request waits in it.
  void GiveWay();

  const int fd_;
  WaitingRoom& room_;
  Limits limits_;
  std::string buffer_;  // At first the bytes after the head.
  bool is_first_read_ = true;
  bool is_answered_ = false;
  // Set when the request first waits for bytes.
  std::optional<std::chrono::steady_clock::time_point> patience_end_;
  std::atomic<bool> gave_way_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_REQUEST_SOCKET_H_
