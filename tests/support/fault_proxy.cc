#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

// For one direction of a connection. The rest stays with the sender.
constexpr size_t kMostBuffered = 256 << 10;

sockaddr_in AddressOf(const std::string& host_port) {
  const size_t colon = host_port.rfind(':');
  int port = 0;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(host_port.substr(colon + 1), &port) ||
      inet_pton(AF_INET, host_port.substr(0, colon).c_str(),
                &address.sin_addr) != 1) {
    abort();
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void MakePrompt(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void Reset(int fd) {
  const linger none = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  close(fd);
}

struct Chunk {
  SteadyTime ready;
  std::string bytes;
};

// One direction of a connection.
struct Pipe {
  int from = -1;
  int to = -1;
  std::deque<Chunk> chunks;
  size_t buffered = 0;
  int64_t carried = 0;
  std::optional<int64_t> cut_at;  // `carried` at which it breaks.
  bool is_read_out = false;       // `from` has ended.
  bool is_shut = false;           // So has `to`.
};

struct Connection {
  int client = -1;
  int target = -1;
  Pipe pipes[2];  // By Direction.
  bool is_dead = false;
};

}  // namespace

class FaultProxy::Loop {
 public:
  enum class How { kReset, kClose };

  explicit Loop(const std::string& target) : target_(AddressOf(target)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sockaddr_in address = AddressOf("127.0.0.1:0");
    socklen_t size = sizeof(address);
    if (listener_ < 0 || wake_ < 0 ||
        bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 1024) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) !=
            0) {
      abort();
    }
    address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    Order([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { stop_ = true; });
    thread_.join();
    for (Connection& one : connections_) End(&one, How::kReset);
    close(listener_);
    close(wake_);
  }

  const std::string& address() const { return address_; }

  void BreakAll(How how) {
    Order([this, how]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      for (Connection& connection : connections_) Break(&connection, how);
    });
  }

  void Blackhole() {
    Order([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { blackhole_ = true; });
  }

  void Delay(absl::Duration delay) {
    Order([=, this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { delay_ = delay; });
  }

  void Refuse() {
    Order([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { refuse_ = true; });
  }

  void Heal() {
    Order([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      blackhole_ = refuse_ = false;
      delay_ = absl::ZeroDuration();
      for (int i = 0; i < 2; ++i) {
        cut_after_[i].reset();
        for (Connection& c : connections_) c.pipes[i].cut_at.reset();
      }
    });
  }

  void CutAfter(Direction direction, int64_t bytes) {
    Order([=, this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      const int i = static_cast<int>(direction);
      cut_after_[i] = bytes;
      for (Connection& connection : connections_) {
        Pipe& pipe = connection.pipes[i];
        pipe.cut_at = pipe.carried + bytes;
      }
    });
  }

  int64_t connection_count() {
    MutexLock lock(&mu_);
    return connection_count_;
  }

  int64_t broken_count() {
    MutexLock lock(&mu_);
    return broken_count_;
  }

 private:
  // Changes the orders and wakes the thread.
  template <typename Change>
  void Order(Change change) {
    {
      MutexLock lock(&mu_);
      change();
    }
    eventfd_write(wake_, 1);
  }

  void Run() {
    for (;;) {
      std::vector<pollfd> fds = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
      int timeout_ms = -1;
      {
        MutexLock lock(&mu_);
        if (stop_) return;
        Work();
        timeout_ms = Watch(&fds);
      }
      poll(fds.data(), fds.size(), timeout_ms);
      eventfd_t ignored;
      eventfd_read(wake_, &ignored);
    }
  }

  // Does everything that needs no waiting.
  void Work() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    Accept();
    const SteadyTime now = Clock::System()->Steady();
    for (Connection& connection : connections_) {
      if (blackhole_) break;
      for (Pipe& pipe : connection.pipes) {
        if (!connection.is_dead) Carry(&connection, &pipe, now);
      }
      const bool is_over =
          connection.pipes[0].is_shut && connection.pipes[1].is_shut;
      if (is_over && !connection.is_dead) End(&connection, How::kClose);
    }
    connections_.remove_if([](const Connection& c) { return c.is_dead; });
  }

  void Accept() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (;;) {
      const int client =
          accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      ++connection_count_;
      const int target =
          refuse_ ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      // Loopback answers at once, so that this does not block.
      if (target < 0 ||
          connect(target, reinterpret_cast<const sockaddr*>(&target_),
                  sizeof(target_)) != 0) {
        if (refuse_) ++broken_count_;
        Reset(client);
        if (target >= 0) close(target);
        continue;
      }
      fcntl(target, F_SETFL, O_NONBLOCK);
      MakePrompt(client);
      MakePrompt(target);
      Connection& connection = connections_.emplace_back();
      connection.client = client;
      connection.target = target;
      connection.pipes[0].from = connection.pipes[1].to = client;
      connection.pipes[0].to = connection.pipes[1].from = target;
      for (int i = 0; i < 2; ++i) connection.pipes[i].cut_at = cut_after_[i];
    }
  }

  void Carry(Connection* connection, Pipe* pipe, SteadyTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    while (!pipe->is_read_out && pipe->buffered < kMostBuffered) {
      char buffer[16 << 10];
      const ssize_t size = read(pipe->from, buffer, sizeof(buffer));
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0) return End(connection, How::kReset);
      if (size == 0) {
        pipe->is_read_out = true;
        break;
      }
      pipe->buffered += static_cast<size_t>(size);
      pipe->chunks.push_back(
          {now + delay_, std::string(buffer, static_cast<size_t>(size))});
    }
    while (!pipe->chunks.empty() && pipe->chunks.front().ready <= now) {
      std::string& bytes = pipe->chunks.front().bytes;
      size_t allowed = bytes.size();
      if (pipe->cut_at.has_value()) {
        const int64_t left = *pipe->cut_at - pipe->carried;
        if (left <= 0) return Break(connection, How::kReset);
        allowed = std::min(allowed, static_cast<size_t>(left));
      }
      const ssize_t size = send(pipe->to, bytes.data(), allowed, MSG_NOSIGNAL);
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0) return End(connection, How::kReset);
      pipe->carried += size;
      pipe->buffered -= static_cast<size_t>(size);
      bytes.erase(0, static_cast<size_t>(size));
      if (bytes.empty()) pipe->chunks.pop_front();
    }
    if (pipe->is_read_out && pipe->chunks.empty() && !pipe->is_shut) {
      shutdown(pipe->to, SHUT_WR);
      pipe->is_shut = true;
    }
  }

  void Break(Connection* connection, How how)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (connection->is_dead) return;
    ++broken_count_;
    End(connection, how);
  }

  static void End(Connection* connection, How how) {
    if (connection->is_dead) return;
    connection->is_dead = true;
    for (const int fd : {connection->client, connection->target}) {
      if (how == How::kReset) {
        Reset(fd);
      } else {
        close(fd);
      }
    }
  }

  // Adds what to poll. Returns the longest wait in milliseconds; -1: no limit.
  int Watch(std::vector<pollfd>* fds) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (blackhole_) return -1;
    const SteadyTime now = Clock::System()->Steady();
    absl::Duration wait = absl::InfiniteDuration();
    for (const Connection& connection : connections_) {
      for (const Pipe& pipe : connection.pipes) {
        if (!pipe.is_read_out && pipe.buffered < kMostBuffered) {
          fds->push_back({pipe.from, POLLIN, 0});
        }
        if (pipe.chunks.empty()) continue;
        if (pipe.chunks.front().ready <= now) {
          fds->push_back({pipe.to, POLLOUT, 0});
        } else {
          wait = std::min(wait, pipe.chunks.front().ready - now);
        }
      }
    }
    if (wait == absl::InfiniteDuration()) return -1;
    return static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1;
  }

  const sockaddr_in target_;
  int listener_ = -1;
  int wake_ = -1;
  std::string address_;

  Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  bool blackhole_ ABSL_GUARDED_BY(mu_) = false;
  bool refuse_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration delay_ ABSL_GUARDED_BY(mu_);
  int64_t connection_count_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t broken_count_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<int64_t> cut_after_[2] ABSL_GUARDED_BY(mu_);
  std::list<Connection> connections_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

FaultProxy::FaultProxy(const std::string& target)
    : loop_(std::make_unique<Loop>(target)) {}

FaultProxy::~FaultProxy() = default;

std::string FaultProxy::address() const { return loop_->address(); }

void FaultProxy::ResetAll() { loop_->BreakAll(Loop::How::kReset); }

void FaultProxy::CloseAll() { loop_->BreakAll(Loop::How::kClose); }

void FaultProxy::CutAfter(Direction direction, int64_t bytes) {
  loop_->CutAfter(direction, bytes);
}

void FaultProxy::Blackhole() { loop_->Blackhole(); }

void FaultProxy::Delay(absl::Duration delay) { loop_->Delay(delay); }

void FaultProxy::Refuse() { loop_->Refuse(); }

void FaultProxy::Heal() { loop_->Heal(); }

int64_t FaultProxy::connection_count() const {
  return loop_->connection_count();
}

int64_t FaultProxy::broken_count() const { return loop_->broken_count(); }

}  // namespace signalbox
