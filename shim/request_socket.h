#ifndef SIGNALBOX_SHIM_REQUEST_SOCKET_H_
#define SIGNALBOX_SHIM_REQUEST_SOCKET_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

class RequestSocket;

// The requests whose thread waits for bytes of their client. While others wait
// for a thread, those that were given some time give way: first those that were
// answered already, then those that began first. So clients that are slow on
// purpose delay others little, and one whose body is there is served however
// many of them there are.
//
// Thread-safe.
class WaitingRoom {
 public:
  // `shortage` says how many requests there is no thread for; it is called on
  // many threads at once.
  explicit WaitingRoom(std::function<size_t()> shortage)
      : shortage_(std::move(shortage)) {}

  // Has requests give way if there are too few threads. Call it when that may
  // have come about.
  //
  // False if no thread will be free before some request is answered: nobody
  // waits here.
  bool MakeRoom();

 private:
  friend class RequestSocket;
  using Place =
      std::tuple<bool, std::chrono::steady_clock::time_point, RequestSocket*>;

  void Enter(const Place& place);
  void Leave(const Place& place);
  void ThreadIsFree();

  const std::function<size_t()> shortage_;

  std::mutex mu_;
  // Guarded by mu_.
  std::set<Place> waiting_;  // Who gives way first is first.
  size_t giving_way_ = 0;    // Those whose threads are still to be free.
};

// The bytes of one request and of its answer, with one deadline and one count
// for all of it.
//
// Not thread-safe.
class RequestSocket {
 public:
  struct Limits {
    // From when on the request is old.
    std::chrono::steady_clock::time_point first_byte;
    std::chrono::steady_clock::time_point read_deadline;
    std::chrono::steady_clock::time_point write_deadline;
    // How long bytes may be awaited before this can be made to give way.
    std::chrono::milliseconds patience;
    uint64_t max_bytes;  // From the socket.
  };

  // Borrows `fd`, which must not block, and `room`. What is read begins with
  // `first_bytes`, if there are any.
  RequestSocket(int fd, std::string first_bytes, const Limits& limits,
                WaitingRoom& room);
  ~RequestSocket();

  RequestSocket(const RequestSocket&) = delete;
  RequestSocket& operator=(const RequestSocket&) = delete;

  // The next bytes, at most 16 KiB. Valid until this is called again. Errors:
  //   DEADLINE_EXCEEDED  they are late.
  //   UNAVAILABLE        the request has to give way.
  //   INVALID_ARGUMENT   no more come: the client has ended, or broken off, or
  //                      there were too many already.
  absl::StatusOr<absl::string_view> Read();

  // Sends everything. False if that failed.
  bool Write(absl::string_view bytes);

  // Reads on for a while, so that closing does not reset the connection under
  // a client that is still sending and has yet to read its answer.
  void Drain();

 private:
  friend class WaitingRoom;

  bool AwaitBytes();
  bool Await(short events, std::chrono::steady_clock::time_point deadline);
  // Called by the room while this waits in it.
  void GiveWay();

  const int fd_;
  WaitingRoom& room_;
  Limits limits_;
  std::string buffer_;  // At first what came behind the head.
  bool is_first_read_ = true;
  bool is_answered_ = false;
  // Since bytes were awaited first.
  std::optional<std::chrono::steady_clock::time_point> patience_end_;
  std::atomic<bool> gave_way_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_REQUEST_SOCKET_H_
