#include "tests/common/http/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

size_t ContentLength(const std::string& head) {
  const std::string name = "Content-Length: ";
  const size_t at = head.find(name);
  if (at == std::string::npos) return 0;
  return std::strtoul(head.c_str() + at + name.size(), nullptr, 10);
}

}  // namespace

std::string Peer::ReadRequest() {
  for (;;) {
    const size_t head = text_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const size_t size = head + 4 + ContentLength(text_.substr(0, head));
      if (text_.size() >= size) {
        const std::string request = text_.substr(0, size);
        text_.erase(0, size);
        return request;
      }
    }
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return "";
    text_.append(buffer, static_cast<size_t>(got));
  }
}

bool Peer::Write(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void Peer::WaitForClose() {
  char buffer[4096];
  while (recv(fd_, buffer, sizeof(buffer), 0) > 0) {
  }
}

bool Peer::IsQuiet(int milliseconds) {
  pollfd wanted = {fd_, POLLIN, 0};
  return poll(&wanted, 1, milliseconds) == 0;
}

void Peer::ResetOnClose() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

LoopbackServer::LoopbackServer(std::function<void(Peer&, int)> serve)
    : serve_(std::move(serve)), fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(fd_, 64), 0);
  EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

LoopbackServer::~LoopbackServer() {
  {
    MutexLock lock(&mu_);
    ended_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(fd_, SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : serving_) thread.join();
  close(fd_);
}

std::string LoopbackServer::Url(absl::string_view path,
                                absl::string_view scheme,
                                absl::string_view host) const {
  return absl::StrCat(scheme, "://", host, ":", port_, path);
}

void LoopbackServer::Accept() {
  for (;;) {
    const int fd = accept(fd_, nullptr, nullptr);
    if (fd < 0) return;
    {
      MutexLock lock(&mu_);
      open_.push_back(fd);
      if (ended_) shutdown(fd, SHUT_RDWR);
    }
    const int number = connections_++;
    serving_.emplace_back([this, fd, number] { Serve(fd, number); });
  }
}

void LoopbackServer::Serve(int fd, int number) {
  Peer peer(fd);
  serve_(peer, number);
  MutexLock lock(&mu_);
  std::erase(open_, fd);
  close(fd);
}

}  // namespace signalbox
