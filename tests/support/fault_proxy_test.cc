#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

using Direction = FaultProxy::Direction;

// One end of a connection, closed when it goes out of scope.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { Close(); }
  Socket(const Socket&) = delete;

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void ShutWrite() { shutdown(fd_, SHUT_WR); }
  int fd() const { return fd_; }

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  // Receives `size` bytes, or fewer if the connection ends; then appends
  // "RESET" or "END".
  std::string Receive(size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      pollfd readable = {fd_, POLLIN, 0};
      if (poll(&readable, 1, 30'000) != 1) return bytes + "NOTHING";
      char buffer[4096];
      const ssize_t count =
          recv(fd_, buffer, std::min(sizeof(buffer), size - bytes.size()), 0);
      if (count == 0) return bytes + "END";
      if (count < 0) return bytes + "RESET";
      bytes.append(buffer, static_cast<size_t>(count));
    }
    return bytes;
  }

  // Whether nothing arrives within a moment.
  bool IsQuiet() {
    pollfd readable = {fd_, POLLIN, 0};
    return poll(&readable, 1, 50) == 0;
  }

 private:
  int fd_;
};

class FaultProxyTest : public testing::Test {
 protected:
  FaultProxyTest() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    proxy_ = std::make_unique<FaultProxy>(
        absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  }
  ~FaultProxyTest() override {
    if (listener_ >= 0) close(listener_);
  }

  static sockaddr_in Loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  // A client's socket, connected to the proxy.
  int Connect() {
    const std::string host_port = proxy_->address();
    int port = 0;
    EXPECT_TRUE(
        absl::SimpleAtoi(host_port.substr(host_port.rfind(':') + 1), &port));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
    return fd;
  }
  int Accept() { return accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }

  int listener_ = -1;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, ForwardsBothWaysAndAnOrderlyEnd) {
  Socket client(Connect());
  Socket target(Accept());
  client.Send("ping");
  EXPECT_EQ(target.Receive(4), "ping");
  target.Send("pong");
  EXPECT_EQ(client.Receive(4), "pong");
  client.Send("last");
  client.ShutWrite();
  EXPECT_EQ(target.Receive(9), "lastEND");
  target.Send("answer");
  target.Close();
  EXPECT_EQ(client.Receive(9), "answerEND");
  EXPECT_EQ(proxy_->connection_count(), 1);
  EXPECT_EQ(proxy_->broken_count(), 0);
}

// More than sockets and proxy can buffer, so that it waits for the reader.
TEST_F(FaultProxyTest, ForwardsMuchToASlowReader) {
  Socket client(Connect());
  Socket target(Accept());
  const std::string much(20 << 20, 'x');
  std::thread sender([&] {
    client.Send(much);
    client.ShutWrite();
  });
  EXPECT_EQ(target.Receive(much.size()), much);
  EXPECT_EQ(target.Receive(1), "END");
  sender.join();
}

TEST_F(FaultProxyTest, ResetsWhatThereIs) {
  Socket client(Connect());
  Socket target(Accept());
  client.Send("x");
  EXPECT_EQ(target.Receive(1), "x");
  proxy_->ResetAll();
  EXPECT_EQ(client.Receive(1), "RESET");
  EXPECT_EQ(target.Receive(1), "RESET");
  EXPECT_EQ(proxy_->broken_count(), 1);

  Socket next(Connect());
  Socket next_target(Accept());
  next.Send("y");
  EXPECT_EQ(next_target.Receive(1), "y");
}

TEST_F(FaultProxyTest, ClosesWhatThereIs) {
  Socket client(Connect());
  Socket target(Accept());
  client.Send("x");
  EXPECT_EQ(target.Receive(1), "x");
  proxy_->CloseAll();
  EXPECT_EQ(client.Receive(1), "END");
  EXPECT_EQ(target.Receive(1), "END");
  EXPECT_EQ(proxy_->broken_count(), 1);
}

TEST_F(FaultProxyTest, PassesAResetOn) {
  Socket client(Connect());
  Socket target(Accept());
  client.Send("x");
  EXPECT_EQ(target.Receive(1), "x");
  const linger none = {1, 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  client.Close();
  EXPECT_EQ(target.Receive(1), "RESET");
  EXPECT_EQ(proxy_->broken_count(), 0);
}

TEST_F(FaultProxyTest, CutsAfterSoManyBytes) {
  for (const Direction direction :
       {Direction::kToTarget, Direction::kFromTarget}) {
    for (const bool is_new : {false, true}) {
      SCOPED_TRACE(absl::StrCat(static_cast<int>(direction), is_new));
      if (is_new) proxy_->CutAfter(direction, 3);
      Socket client(Connect());
      Socket target(Accept());
      const bool down = direction == Direction::kFromTarget;
      Socket& sender = down ? target : client;
      Socket& receiver = down ? client : target;
      if (!is_new) {
        sender.Send("before");
        EXPECT_EQ(receiver.Receive(6), "before");
        proxy_->CutAfter(direction, 3);
      }
      receiver.Send("the other way");
      EXPECT_EQ(sender.Receive(13), "the other way");
      sender.Send("abcdef");
      EXPECT_EQ(receiver.Receive(6), "abcRESET");
      EXPECT_EQ(sender.Receive(1), "RESET");
      proxy_->Heal();
    }
  }
}

TEST_F(FaultProxyTest, NothingIsCutThatIsNoLonger) {
  Socket client(Connect());
  Socket target(Accept());
  proxy_->CutAfter(Direction::kToTarget, 3);
  client.Send("abc");
  EXPECT_EQ(target.Receive(3), "abc");
  client.Send("");
  proxy_->Heal();
  client.Send("def");
  EXPECT_EQ(target.Receive(3), "def");
}

TEST_F(FaultProxyTest, ABlackHoleKeepsWhatIsSent) {
  Socket client(Connect());
  Socket target(Accept());
  proxy_->Blackhole();
  Socket late(Connect());
  Socket late_target(Accept());
  client.Send("a");
  late.Send("b");
  target.Send("c");
  EXPECT_TRUE(target.IsQuiet());
  EXPECT_TRUE(late_target.IsQuiet());
  EXPECT_TRUE(client.IsQuiet());
  proxy_->Heal();
  EXPECT_EQ(target.Receive(1), "a");
  EXPECT_EQ(late_target.Receive(1), "b");
  EXPECT_EQ(client.Receive(1), "c");
}

TEST_F(FaultProxyTest, DelaysEverything) {
  proxy_->Delay(absl::Milliseconds(80));
  Socket client(Connect());
  Socket target(Accept());
  const SteadyTime begin = Clock::System()->Steady();
  client.Send("a");
  EXPECT_EQ(target.Receive(1), "a");
  EXPECT_GE(Clock::System()->Steady() - begin, absl::Milliseconds(80));
  target.Send("b");
  client.ShutWrite();
  EXPECT_EQ(client.Receive(1), "b");
  EXPECT_GE(Clock::System()->Steady() - begin, absl::Milliseconds(160));
  EXPECT_EQ(target.Receive(1), "END");
}

TEST_F(FaultProxyTest, RefusesNewConnections) {
  Socket old(Connect());
  Socket target(Accept());
  proxy_->Refuse();
  Socket refused(Connect());
  EXPECT_EQ(refused.Receive(1), "RESET");
  old.Send("x");
  EXPECT_EQ(target.Receive(1), "x");
  proxy_->Heal();
  Socket next(Connect());
  Socket next_target(Accept());
  next.Send("y");
  EXPECT_EQ(next_target.Receive(1), "y");
}

TEST_F(FaultProxyTest, ResetsWhereNobodyListens) {
  close(listener_);
  listener_ = -1;
  Socket client(Connect());
  EXPECT_EQ(client.Receive(1), "RESET");
}

}  // namespace
}  // namespace signalbox
