#include "common/http/head_gate.h"

#include <fcntl.h>
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

void UniqueFd::Reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

HeadGate::HeadGate(size_t capacity, std::chrono::milliseconds timeout,
                   std::function<void(Arrival)> pass)
    : capacity_(std::max<size_t>(capacity, 1)),
      timeout_(timeout),
      pass_(std::move(pass)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_.get();
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  thread_ = std::thread([this] { Run(); });
}

void HeadGate::Add(int fd) {
  UniqueFd socket(fd);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  std::optional<Arrival> passed;
  {
    MutexLock lock(&mu_);
    while (!stopping_ && waiting_.size() >= capacity_) {
      const Clock::time_point stay_end = waiting_.front().stay_end;
      const Clock::time_point now = Clock::now();
      if (now >= stay_end) break;
      has_room_.WaitFor(&mu_, absl::FromChrono(stay_end - now));
    }
    if (stopping_) return;
    if (waiting_.size() >= capacity_) {
      // The head of the oldest connection may have arrived already.
      const List::iterator oldest = waiting_.begin();
      passed = TryReadHead(oldest);
      if (waiting_.size() >= capacity_) Remove(oldest);
    }
    Waiting waiting;
    waiting.fd = fd;
    waiting.arrival.socket = std::move(socket);
    const Clock::time_point now = Clock::now();
    waiting.stay_end = now + kShortestStay;
    waiting.deadline = now + timeout_;
    waiting_.push_back(std::move(waiting));
    by_fd_[fd] = std::prev(waiting_.end());
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      Remove(std::prev(waiting_.end()));
    } else if (waiting_.size() == 1) {
      // The thread may be asleep without a deadline.
      Wake();
    }
  }
  if (passed.has_value()) pass_(*std::move(passed));
}

void HeadGate::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    has_room_.NotifyAll();
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const auto waiting = it++;
      char byte = 0;
      const bool has_begun = !waiting->arrival.bytes.empty() ||
                             recv(waiting->fd, &byte, 1, MSG_PEEK) > 0;
      if (!has_begun) Remove(waiting);
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
      if (stopping_ && waiting_.empty()) return;
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
  const ssize_t count = recv(waiting->fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count <= 0) {
    Remove(waiting);
    return std::nullopt;
  }
  const size_t known = arrival.bytes.size();
  if (known == 0) arrival.first_byte = Clock::now();
  arrival.bytes.append(buffer.data(), static_cast<size_t>(count));
  if (HttpHeadSize(arrival.bytes, known) == 0) return std::nullopt;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, waiting->fd, nullptr);
  Arrival passed = std::move(arrival);
  Remove(waiting);
  return passed;
}

int HeadGate::CloseLate() {
  const Clock::time_point now = Clock::now();
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    Remove(waiting_.begin());
  }
  if (waiting_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      waiting_.front().deadline - now);
  return static_cast<int>(left.count());
}

void HeadGate::Remove(List::iterator waiting) {
  // Closing takes the socket out of epoll too.
  by_fd_.erase(waiting->fd);
  waiting_.erase(waiting);
  has_room_.NotifyOne();
}

}  // namespace signalbox
