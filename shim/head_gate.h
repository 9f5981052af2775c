#ifndef SIGNALBOX_SHIM_HEAD_GATE_H_
#define SIGNALBOX_SHIM_HEAD_GATE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

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
  int Release();
  void Reset(int fd);

 private:
  int fd_ = -1;
};

// A connection whose request has begun to arrive.
struct Arrival {
  UniqueFd socket;    // Does not block.
  std::string bytes;  // A whole head, and what came behind it.
  std::chrono::steady_clock::time_point first_byte;
};

// Keeps connections, without a thread for each, until the head of their
// request is there: connections that stay silent or drip cost a descriptor and
// a few bytes, and delay nobody.
//
// Thread-safe.
class HeadGate {
 public:
  // Hands every connection with a head (by HttpHeadSize) to `pass`, which runs
  // on the gate's thread, or on one that adds a connection, and must not block
  // for long. A connection that has no head `timeout` after it was added is
  // closed; so is the oldest when there are more than `capacity`, but not
  // before it had `kShortestStay`.
  HeadGate(size_t capacity, std::chrono::milliseconds timeout,
           std::function<void(Arrival)> pass);
  ~HeadGate() { Stop(); }

  // Between its connecting and its first byte a client may have to wait for a
  // processor, so in a flood of connections it is not closed at once.
  static constexpr std::chrono::milliseconds kShortestStay{10};

  // Takes an accepted connection. Blocks while there are `capacity` and the
  // oldest is to stay; the system keeps those that nobody accepts meanwhile.
  void Add(int fd);

  // Closes connections that have sent nothing, waits for the heads of the
  // others, but not beyond their timeout, and returns. What is added
  // afterwards is closed.
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
  // Reads what there is; nothing if it is no head yet. Takes the connection
  // out of the list if it is, or if none will come.
  std::optional<Arrival> TryReadHead(List::iterator waiting);
  // Closes what is late and says how many milliseconds there are until more
  // may be; -1: nothing waits.
  int CloseLate();
  void Remove(List::iterator waiting);

  const size_t capacity_;
  const std::chrono::milliseconds timeout_;
  const std::function<void(Arrival)> pass_;
  const UniqueFd epoll_;
  const UniqueFd wake_;

  std::mutex mu_;
  std::condition_variable has_room_;
  // Guarded by mu_.
  List waiting_;  // Oldest first, which is also by deadline.
  std::unordered_map<int, List::iterator> by_fd_;
  bool stopping_ = false;

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_HEAD_GATE_H_
