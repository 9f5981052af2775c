#ifndef SIGNALBOX_TESTS_COMMON_HTTP_RAW_CLIENT_H_
#define SIGNALBOX_TESTS_COMMON_HTTP_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// A TCP connection to a loopback port, for tests of HTTP servers. It sends
// exactly the bytes that a test gives it, also wrong ones.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address)) == 0;
  }
  RawClient(RawClient&& other) noexcept
      : fd_(other.fd_), connected_(other.connected_) {
    other.fd_ = -1;
  }
  RawClient& operator=(RawClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(connected_, other.connected_);
    return *this;
  }
  ~RawClient() { Close(); }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  // Sends all bytes, and waits for room if necessary. False: the peer has
  // closed the connection.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }

  // Sends as many bytes as fit without waiting. Returns how many; -1: the peer
  // has closed the connection.
  ssize_t SendSome(absl::string_view bytes) {
    const ssize_t count =
        send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 && errno == EAGAIN ? 0 : count;
  }

  // Tells the peer that no more bytes will come. Reading still works.
  void EndSending() { shutdown(fd_, SHUT_WR); }

  // True if the peer has closed the connection, but also if bytes to read have
  // arrived. Does not wait.
  bool IsClosed() {
    char byte = 0;
    return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
  }

  // Reads until the text contains `end` or the peer closes, for at most a
  // minute without new bytes. Returns all that it read, with "RESET" or
  // "TIMEOUT" at its end if the peer reset the connection or sent nothing for a
  // minute.
  std::string Read(absl::string_view end = {}) {
    std::string all;
    char buffer[4096];
    pollfd polled = {fd_, POLLIN, 0};
    while (poll(&polled, 1, 60000) > 0) {
      const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
      if (count < 0) return all + "RESET";
      if (count == 0) return all;
      all.append(buffer, static_cast<size_t>(count));
      if (!end.empty() && absl::StrContains(all, end)) return all;
    }
    return all + "TIMEOUT";
  }

  // Sends a request and reads until the server closes. Returns the status code
  // of the answer; 0: there was none.
  int Ask(absl::string_view request) {
    Send(request);
    return StatusOf(Read());
  }

  // The status code of an HTTP/1.1 answer; 0: it is none.
  static int StatusOf(absl::string_view answer) {
    int status = 0;
    if (answer.substr(0, 9) != "HTTP/1.1 " ||
        !absl::SimpleAtoi(answer.substr(9, 3), &status)) {
      return 0;
    }
    return status;
  }

  // Closes the connection with a reset.
  void Reset() {
    const linger at_once = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_HTTP_RAW_CLIENT_H_
