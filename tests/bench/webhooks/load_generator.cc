#include "tests/bench/webhooks/load_generator.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "tests/bench/program.h"

namespace signalbox {
namespace {

constexpr absl::Duration kAnswerLimit = absl::Seconds(10);
// In an open loop.
constexpr size_t kMaxConnections = 512;

SteadyTime Now() { return Clock::System()->Steady(); }

// An answer as far as it has arrived.
struct Answer {
  bool is_complete = false;
  bool is_good = false;
  bool closes = false;
};

Answer ReadAnswer(absl::string_view bytes, bool is_at_end) {
  Answer answer;
  answer.closes = is_at_end;
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == absl::string_view::npos) {
    answer.is_complete = is_at_end;
    return answer;
  }
  const std::string head = absl::AsciiStrToLower(bytes.substr(0, head_end + 2));
  answer.is_good = head.size() > 12 && head[9] == '2';
  answer.closes = is_at_end || absl::StrContains(head, "connection: close");
  answer.is_complete = is_at_end;
  constexpr absl::string_view kLength = "\r\ncontent-length: ";
  const size_t length_at = head.find(kLength.data());
  size_t length = 0;
  if (length_at != std::string::npos) {
    const size_t begin = length_at + kLength.size();
    const absl::string_view digits =
        absl::string_view(head).substr(begin, head.find('\r', begin) - begin);
    if (absl::SimpleAtoi(digits, &length)) {
      answer.is_complete |= bytes.size() >= head_end + 4 + length;
    }
  } else if (absl::StrContains(head, "\r\ntransfer-encoding: chunked")) {
    answer.is_complete |= absl::EndsWith(bytes, "0\r\n\r\n");
  }
  return answer;
}

class Generator {
 public:
  Generator(const Load& load, const LoadRequests& kind,
            absl::Span<const SignedDelivery> deliveries)
      : load_(load),
        kind_(kind),
        deliveries_(deliveries),
        request_(kind.Request(absl::StrCat("127.0.0.1:", load.port),
                              load.keep_alive)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    epoll_event event = {};
    event.events = EPOLLIN;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  }
  ~Generator() {
    for (const auto& connection : connections_) {
      if (connection->fd >= 0) close(connection->fd);
    }
    close(timer_);
    close(epoll_);
  }

  LoadResult Run() {
    begin_ = Now();
    last_answer_ = begin_;
    if (load_.rate > 0) {
      const absl::Duration step = absl::Seconds(1 / load_.rate);
      itimerspec spec = {absl::ToTimespec(step), absl::ToTimespec(step)};
      timerfd_settime(timer_, 0, &spec, nullptr);
    } else {
      for (int i = 0; i < load_.connections; ++i) NewConnection();
    }
    const SteadyTime limit = begin_ + load_.time + kAnswerLimit;
    std::array<epoll_event, 64> events;
    for (;;) {
      BeginAllDue();
      const absl::Duration left = limit - Now();
      if ((!IsDue() && under_way_ == 0 && IsOver()) ||
          left <= absl::ZeroDuration()) {
        break;
      }
      const int count =
          epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                     static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
      for (int i = 0; i < count; ++i) {
        auto* const connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          uint64_t ticks = 0;
          (void)!read(timer_, &ticks, sizeof(ticks));
        } else if (connection->fd >= 0 && connection->is_busy) {
          Go(connection);
        }
      }
    }
    result_.failed += static_cast<int>(under_way_);
    result_.time = last_answer_ - begin_;
    result_.sent = next_;
    return std::move(result_);
  }

 private:
  struct Connection {
    int fd = -1;
    bool is_busy = false;
    bool was_used = false;  // An answer came through it.
    const SignedDelivery* delivery = nullptr;
    SteadyTime begin;
    std::string request;
    size_t written = 0;
    std::string answer;
  };

  Connection* NewConnection() {
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->request = request_;
    free_.push_back(connections_.back().get());
    return free_.back();
  }

  bool IsOver() const {
    return next_ >= deliveries_.size() || Now() >= begin_ + load_.time;
  }
  // When an open loop is to send a delivery.
  SteadyTime TurnOf(size_t number) const {
    return begin_ + absl::Seconds(static_cast<double>(number) / load_.rate);
  }
  // Whether it is time to send another delivery.
  bool IsDue() const {
    if (next_ >= deliveries_.size()) return false;
    if (load_.rate <= 0) return Now() < begin_ + load_.time;
    const SteadyTime turn = TurnOf(next_);
    return turn <= Now() && turn < begin_ + load_.time;
  }

  void BeginAllDue() {
    while (IsDue()) {
      if (free_.empty() && load_.rate > 0 &&
          connections_.size() < kMaxConnections) {
        NewConnection();
      }
      if (free_.empty()) return;
      Connection* const connection = free_.back();
      free_.pop_back();
      connection->begin = load_.rate > 0 ? TurnOf(next_) : Now();
      connection->delivery = &deliveries_[next_++];
      connection->is_busy = true;
      ++under_way_;
      kind_.Fill(*connection->delivery, &connection->request);
      Send(connection);
    }
  }

  void Send(Connection* connection) {
    connection->written = 0;
    connection->answer.clear();
    if (connection->fd < 0) Connect(connection);
    Go(connection);
  }

  void Connect(Connection* connection) {
    connection->was_used = false;
    connection->fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) GiveUp("cannot create a socket");
    const int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(load_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection->fd, reinterpret_cast<sockaddr*>(&address),
                sizeof(address)) != 0 &&
        errno != EINPROGRESS) {
      GiveUp("the measured server does not accept connections any more");
    }
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->fd, &event);
  }

  // Writes and reads as much as it can.
  void Go(Connection* connection) {
    bool is_broken = false;
    while (connection->written < connection->request.size()) {
      const ssize_t count =
          send(connection->fd, connection->request.data() + connection->written,
               connection->request.size() - connection->written, MSG_NOSIGNAL);
      if (count > 0) {
        connection->written += static_cast<size_t>(count);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        is_broken = true;  // Its answer may be there all the same.
        break;
      }
    }
    bool is_at_end = is_broken;
    for (;;) {
      char buffer[4096];
      const ssize_t count = recv(connection->fd, buffer, sizeof(buffer), 0);
      if (count > 0) {
        connection->answer.append(buffer, static_cast<size_t>(count));
        continue;
      }
      if (count < 0 && errno == EINTR) continue;
      if (count == 0 || errno != EAGAIN) is_at_end = true;
      break;
    }
    if (is_at_end && connection->answer.empty() && connection->was_used) {
      // The server closed it while nothing was under way.
      Close(connection);
      Send(connection);
      return;
    }
    const Answer answer = ReadAnswer(connection->answer, is_at_end);
    if (!answer.is_complete) return;
    last_answer_ = Now();
    if (answer.is_good) {
      result_.latencies.push_back(last_answer_ - connection->begin);
    } else {
      ++result_.failed;
    }
    connection->was_used = true;
    connection->is_busy = false;
    if (!load_.keep_alive || answer.closes) Close(connection);
    free_.push_back(connection);
    --under_way_;
  }

  void Close(Connection* connection) {
    close(connection->fd);
    connection->fd = -1;
  }

  const Load load_;
  const LoadRequests& kind_;
  const absl::Span<const SignedDelivery> deliveries_;
  const std::string request_;
  const int epoll_;
  const int timer_;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  size_t under_way_ = 0;
  size_t next_ = 0;
  SteadyTime begin_;
  SteadyTime last_answer_;
  LoadResult result_;
};

}  // namespace

LoadResult SendLoad(const Load& load, const LoadRequests& kind,
                    absl::Span<const SignedDelivery> deliveries) {
  return Generator(load, kind, deliveries).Run();
}

}  // namespace signalbox
