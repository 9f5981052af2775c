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
#include "common/http/http_connection.h"
#include "common/mutex.h"

namespace signalbox {

class RequestSocket;

// WaitingRoom is the list of HttpServer's requests whose thread waits for bytes
// from the client. It exists so that clients that are slow on purpose hardly
// delay others: if other requests lack a thread, requests of the list give way.
// A request that gives way ends without its body, so that its thread becomes
// free. It can happen only when its patience (see RequestSocket::Limits) is
// over. First give way those that are answered already, then the oldest. A
// request whose body has arrived is not in the list.
//
// Thread-safe.
class WaitingRoom {
 public:
  // `shortage` returns how many requests lack a thread. Many threads call it at
  // once.
  explicit WaitingRoom(std::function<size_t()> shortage)
      : shortage_(std::move(shortage)) {}

  // Makes as many requests give way as lack a thread. Call it when requests may
  // lack a thread. False: no request of the list can free a thread, now or
  // later.
  bool MakeRoom();

 private:
  friend class RequestSocket;
  // A request's place in the list: whether it is not answered yet, when it
  // began, and the request.
  using Place =
      std::tuple<bool, std::chrono::steady_clock::time_point, RequestSocket*>;

  void Enter(const Place& place);
  void Leave(const Place& place);
  // A request that gave way has ended.
  void ThreadIsFree();

  const std::function<size_t()> shortage_;

  Mutex mu_;
  // The request that gives way next is the first.
  std::set<Place> waiting_ ABSL_GUARDED_BY(mu_);
  // Requests that give way, and whose threads are not free yet.
  size_t giving_way_ ABSL_GUARDED_BY(mu_) = 0;
};

// RequestSocket reads the bytes of one request of HttpServer, and writes its
// answer. Its limits are for the whole request, not for each call.
//
// Not thread-safe.
class RequestSocket {
 public:
  struct Limits {
    // When the first byte arrived. The request's age counts from then.
    std::chrono::steady_clock::time_point first_byte;
    std::chrono::steady_clock::time_point read_deadline;
    std::chrono::steady_clock::time_point write_deadline;
    // How long after it first waited for bytes the request may have to give
    // way.
    std::chrono::milliseconds patience;
    uint64_t max_bytes;  // The most bytes to read from the socket.
  };

  // Borrows `connection` and `room`. `first_bytes` have been read from the
  // connection already; Read returns them first.
  RequestSocket(HttpConnection& connection, std::string first_bytes,
                const Limits& limits, WaitingRoom& room)
      : connection_(connection),
        room_(room),
        limits_(limits),
        buffer_(std::move(first_bytes)) {}
  ~RequestSocket();

  RequestSocket(const RequestSocket&) = delete;
  RequestSocket& operator=(const RequestSocket&) = delete;

  // Reads the next bytes, at least one and at most 16 KiB. They are valid until
  // the next call. Errors:
  //   DEADLINE_EXCEEDED  the read deadline has passed.
  //   UNAVAILABLE        the request must give way (see WaitingRoom).
  //   INVALID_ARGUMENT   the client has closed or lost the connection, or has
  //                      sent more than `max_bytes`.
  absl::StatusOr<absl::string_view> Read();

  // Whether the client has sent nothing after the bytes that Read returned, and
  // has not ended its side. Does not wait.
  bool IsQuiet() const;

  // Sends all bytes. False: the connection is lost, or the write deadline has
  // passed.
  bool Write(absl::string_view bytes);
  void SetWriteDeadline(std::chrono::steady_clock::time_point deadline) {
    limits_.write_deadline = deadline;
  }

  // Call it after the answer, before the connection is closed. Reads on for up
  // to 2 s. If the connection were closed at once, a client that still sends
  // could lose the answer.
  void Drain();

 private:
  friend class WaitingRoom;

  // Waits for bytes from the client, in the room. False: must give way.
  bool AwaitBytes();
  // Waits until the connection can go on. False: the deadline has passed.
  bool Await(std::chrono::steady_clock::time_point deadline);
  // The room calls it while this request is in its list.
  void GiveWay();

  HttpConnection& connection_;
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
