#include "common/http/head_gate.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <utility>

#include "absl/time/time.h"
#include "common/http/http_head.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

HeadGate::HeadGate(size_t capacity, std::chrono::milliseconds timeout,
                   std::chrono::milliseconds idle_timeout,
                   std::function<void(Arrival)> pass)
    : capacity_(std::max<size_t>(capacity, 1)),
      timeout_(timeout),
      idle_timeout_(idle_timeout),
      pass_(std::move(pass)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_.get();
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  thread_ = std::thread([this] { Run(); });
}

void HeadGate::Add(HttpConnection connection) {
  std::optional<Arrival> passed;
  {
    MutexLock lock(&mu_);
    while (!stopping_ && by_fd_.size() >= capacity_ && idle_.empty()) {
      const Clock::time_point stay_end = waiting_.front().stay_end;
      const Clock::time_point now = Clock::now();
      if (now >= stay_end) break;
      has_room_.WaitFor(&mu_, absl::FromChrono(stay_end - now));
    }
    if (stopping_) return;
    if (by_fd_.size() >= capacity_) {
      // The head of the oldest connection may have arrived already.
      const List::iterator oldest =
          idle_.empty() ? waiting_.begin() : idle_.begin();
      passed = TryReadHead(oldest);
      if (by_fd_.size() >= capacity_) Remove(oldest);
    }
    Insert(std::move(connection), /*is_idle=*/false);
  }
  if (passed.has_value()) pass_(*std::move(passed));
}

void HeadGate::Keep(HttpConnection connection) {
  MutexLock lock(&mu_);
  if (stopping_ || by_fd_.size() >= capacity_) return;
  Insert(std::move(connection), /*is_idle=*/true);
}

void HeadGate::Insert(HttpConnection connection, bool is_idle) {
  const int fd = connection.fd();
  const Clock::time_point now = Clock::now();
  Waiting waiting;
  waiting.fd = fd;
  waiting.awaited = POLLIN;
  waiting.is_idle = is_idle;
  waiting.arrival.connection = std::move(connection);
  waiting.stay_end = now + kShortestStay;
  waiting.deadline = now + (is_idle ? idle_timeout_ : timeout_);
  List& list = is_idle ? idle_ : waiting_;
  list.push_back(std::move(waiting));
  by_fd_[fd] = std::prev(list.end());
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    Remove(std::prev(list.end()));
  } else if (list.size() == 1) {
    // The thread may be asleep without a deadline, or until one of the other
    // list.
    Wake();
  }
}

void HeadGate::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    has_room_.NotifyAll();
    for (List* const list : {&waiting_, &idle_}) {
      for (auto it = list->begin(); it != list->end();) {
        const auto waiting = it++;
        char byte = 0;
        const bool has_begun = !waiting->arrival.bytes.empty() ||
                               recv(waiting->fd, &byte, 1, MSG_PEEK) > 0;
        if (!has_begun) Remove(waiting);
      }
    }
  }
  Wake();
  if (thread_.joinable()) thread_.join();
}

void HeadGate::Run() {
  std::array<epoll_event, 64> events;
  while (true) {
    int timeout_ms = -1;
    {
      MutexLock lock(&mu_);
      timeout_ms = CloseLate();
      if (stopping_ && by_fd_.empty()) return;
    }
    const int count = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == wake_.get()) {
        uint64_t ignored = 0;
        (void)!read(fd, &ignored, sizeof(ignored));
        continue;
      }
      try {
        ReadHead(fd);
      } catch (const std::exception&) {
        // Out of memory: the gate drops the connection, or tries it again until
        // its deadline.
      }
    }
  }
}

void HeadGate::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

void HeadGate::ReadHead(int fd) {
  std::optional<Arrival> passed;
  {
    MutexLock lock(&mu_);
    const auto found = by_fd_.find(fd);
    if (found == by_fd_.end()) return;
    passed = TryReadHead(found->second);
  }
  if (passed.has_value()) pass_(*std::move(passed));
}

std::optional<Arrival> HeadGate::TryReadHead(List::iterator waiting) {
  Arrival& arrival = waiting->arrival;
  std::array<char, 16 << 10> buffer;
  const ssize_t count = arrival.connection.Read(buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    Await(*waiting);
    return std::nullopt;
  }
  if (count <= 0) {
    Remove(waiting);
    return std::nullopt;
  }
  const size_t known = arrival.bytes.size();
  if (known == 0) arrival.first_byte = Clock::now();
  if (waiting->is_idle) {
    // From now on as any other request.
    waiting->is_idle = false;
    waiting->stay_end = arrival.first_byte + kShortestStay;
    waiting->deadline = arrival.first_byte + timeout_;
    waiting_.splice(waiting_.end(), idle_, waiting);
  }
  arrival.bytes.append(buffer.data(), static_cast<size_t>(count));
  if (HttpHeadSize(arrival.bytes, known) == 0) return std::nullopt;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, waiting->fd, nullptr);
  Arrival passed = std::move(arrival);
  Remove(waiting);
  return passed;
}

void HeadGate::Await(Waiting& waiting) {
  const short awaited = waiting.arrival.connection.awaited();
  if (awaited == waiting.awaited) return;
  waiting.awaited = awaited;
  epoll_event event = {};
  event.events = EPOLLOUT;
  if (awaited == POLLIN) event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = waiting.fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, waiting.fd, &event);
}

int HeadGate::CloseLate() {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  for (List* const list : {&waiting_, &idle_}) {
    while (!list->empty() && list->front().deadline <= now) {
      Remove(list->begin());
    }
    if (!list->empty()) next = std::min(next, list->front().deadline);
  }
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(left.count());
}

void HeadGate::Remove(List::iterator waiting) {
  // Closing takes the socket out of epoll too.
  by_fd_.erase(waiting->fd);
  (waiting->is_idle ? idle_ : waiting_).erase(waiting);
  has_room_.NotifyOne();
}

}  // namespace signalbox
