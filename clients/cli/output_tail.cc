#include "clients/cli/output_tail.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace signalbox {
namespace {

bool AreSameFile(int one, int other) {
  struct stat of_one, of_other;
  return fstat(one, &of_one) == 0 && fstat(other, &of_other) == 0 &&
         of_one.st_dev == of_other.st_dev && of_one.st_ino == of_other.st_ino;
}

void Close(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

// Waits for a slow reader, even if another process made the descriptor
// non-blocking.
bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(count);
    } else if (errno == EAGAIN) {
      pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

OutputTail::OutputTail(size_t lines)
    : stop_fd_(eventfd(0, EFD_CLOEXEC)), tail_(lines) {
  streams_.resize(AreSameFile(STDOUT_FILENO, STDERR_FILENO) ? 1 : 2);
  streams_.front().of.push_back(STDOUT_FILENO);
  streams_.back().of.push_back(STDERR_FILENO);
  for (Stream& stream : streams_) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      ok_ = false;
      return;
    }
    stream.read_fd = ends[0];
    stream.write_fd = ends[1];
    fcntl(stream.read_fd, F_SETFL, O_NONBLOCK);
  }
}

OutputTail::~OutputTail() {
  Finish();
  for (Stream& stream : streams_) {
    Close(&stream.read_fd);
    Close(&stream.write_fd);
  }
  Close(&stop_fd_);
}

void OutputTail::UseInChild() const {
  for (const Stream& stream : streams_) {
    for (const int fd : stream.of) dup2(stream.write_fd, fd);
  }
}

void OutputTail::Start() {
  for (Stream& stream : streams_) Close(&stream.write_fd);
  thread_ = std::thread([this] { Copy(); });
}

void OutputTail::Finish() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_fd_, 1);
  thread_.join();
}

void OutputTail::Copy() {
  size_t open = streams_.size();
  bool stops = false;
  while (open > 0) {
    std::vector<pollfd> waits;
    for (const Stream& stream : streams_) {
      waits.push_back({stream.read_fd, POLLIN, 0});  // poll skips -1.
    }
    waits.push_back({stop_fd_, POLLIN, 0});
    const int count = poll(waits.data(), waits.size(), -1);
    if (count < 0) continue;
    bool read_any = false;
    for (size_t i = 0; i < streams_.size(); ++i) {
      if (waits[i].revents == 0) continue;
      read_any = true;
      if (CopySome(streams_[i])) continue;
      Close(&streams_[i].read_fd);
      --open;
    }
    // Stops only after a round that read nothing: then all has been read.
    if (stops && !read_any) return;
    stops = waits.back().revents != 0;
  }
}

bool OutputTail::CopySome(const Stream& stream) {
  char buffer[65536];
  const ssize_t count = read(stream.read_fd, buffer, sizeof(buffer));
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  const absl::string_view bytes(buffer, count);
  tail_.Add(bytes);
  return WriteAll(stream.of.front(), bytes);
}

}  // namespace signalbox
