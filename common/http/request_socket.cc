#include "common/http/request_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxRead = 16 << 10;
// How long and how much a client may go on sending after its answer.
constexpr std::chrono::milliseconds kDrainTime{2000};
constexpr uint64_t kDrainBytes = 256 << 20;

}  // namespace

bool WaitingRoom::MakeRoom() {
  const size_t shortage = shortage_();
  const Clock::time_point now = Clock::now();
  MutexLock lock(&mu_);
  for (auto it = waiting_.begin();
       it != waiting_.end() && giving_way_ < shortage;) {
    RequestSocket* const socket = std::get<RequestSocket*>(*it);
    if (now < *socket->patience_end_) {
      ++it;
      continue;
    }
    socket->GiveWay();
    it = waiting_.erase(it);
    ++giving_way_;
  }
  return giving_way_ > 0 || !waiting_.empty();
}

void WaitingRoom::Enter(const Place& place) {
  {
    MutexLock lock(&mu_);
    waiting_.insert(place);
  }
  MakeRoom();
}

void WaitingRoom::Leave(const Place& place) {
  MutexLock lock(&mu_);
  waiting_.erase(place);
}

void WaitingRoom::ThreadIsFree() {
  MutexLock lock(&mu_);
  --giving_way_;
}

RequestSocket::~RequestSocket() {
  if (gave_way_) room_.ThreadIsFree();
}

absl::StatusOr<absl::string_view> RequestSocket::Read() {
  if (std::exchange(is_first_read_, false) && !buffer_.empty()) return buffer_;
  buffer_.resize(std::min<uint64_t>(kMaxRead, limits_.max_bytes));
  if (buffer_.empty()) {
    return absl::InvalidArgumentError(
        "the client sent more bytes in the body than the server reads");
  }
  while (true) {
    if (Clock::now() >= limits_.read_deadline) {
      return absl::DeadlineExceededError("the body did not arrive in time");
    }
    const ssize_t count = connection_.Read(buffer_.data(), buffer_.size());
    if (count > 0) {
      limits_.max_bytes -= static_cast<size_t>(count);
      return absl::string_view(buffer_.data(), static_cast<size_t>(count));
    }
    if (count == 0) {
      return absl::InvalidArgumentError(
          "the client closed the connection before the end of the body");
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return absl::InvalidArgumentError(
          "the connection to the client was lost");
    }
    if (!AwaitBytes()) {
      return absl::UnavailableError(
          "the HTTP server is busy, and the body arrived too slowly");
    }
  }
}

bool RequestSocket::IsQuiet() const {
  if (is_first_read_ && !buffer_.empty()) return false;
  return connection_.IsQuiet();
}

bool RequestSocket::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = connection_.Write(bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      if (!Await(limits_.write_deadline)) return false;
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

void RequestSocket::Drain() {
  is_answered_ = true;
  connection_.EndWriting();
  limits_.read_deadline =
      std::min(limits_.write_deadline, Clock::now() + kDrainTime);
  limits_.max_bytes = kDrainBytes;
  while (Read().ok()) {
  }
}

// Returns false if this request has to give way.
bool RequestSocket::AwaitBytes() {
  if (!patience_end_.has_value()) {
    patience_end_ = Clock::now() + limits_.patience;
  }
  const WaitingRoom::Place place(!is_answered_, limits_.first_byte, this);
  room_.Enter(place);
  if (!Await(std::min(*patience_end_, limits_.read_deadline))) {
    room_.MakeRoom();
    Await(limits_.read_deadline);
  }
  room_.Leave(place);
  return !gave_way_;
}

bool RequestSocket::Await(Clock::time_point deadline) {
  pollfd polled = {connection_.fd(), connection_.awaited(), 0};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    const int ready = poll(&polled, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

void RequestSocket::GiveWay() {
  gave_way_ = true;
  // Wakes the thread that waits for the request's bytes.
  shutdown(connection_.fd(), SHUT_RD);
}

}  // namespace signalbox
