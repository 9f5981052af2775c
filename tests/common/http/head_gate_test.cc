#include "common/http/head_gate.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signalbox {
namespace {

constexpr char kHead[] = "POST / HTTP/1.1\r\n\r\n";

// The client's end of a connection.
class Client {
 public:
  Client() = default;
  explicit Client(HeadGate& gate, const std::string& first = "") {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    fd_ = UniqueFd(fds[0]);
    Send(first);
    gate.Add(UniqueFd(fds[1]));
  }
  // A client whose last request was answered.
  static Client Kept(HeadGate& gate) {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    Client client;
    client.fd_ = UniqueFd(fds[0]);
    gate.Keep(UniqueFd(fds[1]));
    return client;
  }

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Waits for the other side to close.
  bool IsClosedSoon() {
    pollfd polled = {fd_.get(), POLLIN, 0};
    char byte = 0;
    return poll(&polled, 1, 30000) == 1 && recv(fd_.get(), &byte, 1, 0) <= 0;
  }
  bool IsClosed() {
    char byte = 0;
    return recv(fd_.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  UniqueFd fd_;
};

class HeadGateTest : public ::testing::Test {
 protected:
  void Start(size_t capacity,
             std::chrono::milliseconds timeout = std::chrono::hours(24),
             std::chrono::milliseconds idle_timeout = std::chrono::hours(24)) {
    const auto pass = [this](Arrival one) {
      const std::string bytes = one.bytes;
      {
        const std::lock_guard<std::mutex> lock(mu_);
        passed_.push_back(std::move(one));
      }
      if (bytes == Held()) held_.get_future().wait();
    };
    gate_ = std::make_unique<HeadGate>(capacity, timeout, idle_timeout, pass);
  }
  // A head that the gate passes on until `held_` is set.
  static std::string Held() { return "HOLD / HTTP/1.1\r\n\r\n"; }

  std::vector<std::string> Passed() {
    const std::lock_guard<std::mutex> lock(mu_);
    std::vector<std::string> all;
    for (const Arrival& one : passed_) all.push_back(one.bytes);
    return all;
  }
  void AwaitPassed(size_t count) {
    while (Passed().size() < count) std::this_thread::yield();
  }

  std::mutex mu_;
  std::vector<Arrival> passed_;
  std::promise<void> held_;
  std::unique_ptr<HeadGate> gate_;
};

TEST_F(HeadGateTest, HeadsArePassedWithWhatCameBehindThem) {
  Start(10);
  Client whole(*gate_, std::string(kHead) + "body");
  AwaitPassed(1);
  Client dripping(*gate_);
  for (const char c : std::string(kHead)) {
    EXPECT_EQ(Passed().size(), 1u);
    dripping.Send(std::string(1, c));
  }
  AwaitPassed(2);
  EXPECT_EQ(Passed(),
            (std::vector<std::string>{std::string(kHead) + "body", kHead}));
  EXPECT_FALSE(whole.IsClosed());
  EXPECT_FALSE(dripping.IsClosed());
}

TEST_F(HeadGateTest, WhoHasNoHeadInTimeIsClosed) {
  Start(10, std::chrono::milliseconds(20));
  Client silent(*gate_);
  Client begun(*gate_, "POST");
  EXPECT_TRUE(silent.IsClosedSoon());
  EXPECT_TRUE(begun.IsClosedSoon());
  EXPECT_TRUE(Passed().empty());
}

TEST_F(HeadGateTest, TheOldestIsClosedWhenThereAreTooMany) {
  Start(2);
  Client first(*gate_, "POST");
  Client second(*gate_);
  EXPECT_FALSE(first.IsClosed());
  Client third(*gate_);
  EXPECT_TRUE(first.IsClosedSoon());
  EXPECT_FALSE(second.IsClosed());
  EXPECT_FALSE(third.IsClosed());
}

// In a flood, connections come faster than their heads are read. A client that
// has connected still needs a moment until its first byte.
TEST_F(HeadGateTest, NobodyIsClosedAtOnce) {
  Start(2);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Client> clients;
  for (int i = 0; i < 11; ++i) clients.emplace_back(*gate_);
  // Two at a time stay.
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            5 * HeadGate::kShortestStay - std::chrono::milliseconds(1));
}

TEST_F(HeadGateTest, WhoStaysDelaysNobodyBehindAHead) {
  Start(1, std::chrono::hours(24));
  Client first(*gate_);
  std::thread second([this] { Client(*gate_, kHead); });
  first.Send(kHead);
  second.join();
  AwaitPassed(2);
}

TEST_F(HeadGateTest, WhoseHeadIsThereIsPassedWhenThereAreTooMany) {
  Start(2);
  const Client busy(*gate_, Held());
  AwaitPassed(1);
  // The gate's thread is busy.
  Client ready(*gate_, kHead);
  std::vector<std::unique_ptr<Client>> flood;
  for (int i = 0; i < 5; ++i) flood.push_back(std::make_unique<Client>(*gate_));
  EXPECT_EQ(Passed(), (std::vector<std::string>{Held(), kHead}));
  EXPECT_FALSE(ready.IsClosed());
  EXPECT_TRUE(flood[0]->IsClosedSoon());
  EXPECT_FALSE(flood[4]->IsClosed());
  held_.set_value();
}

TEST_F(HeadGateTest, IdleConnectionsWaitForTheNextHead) {
  Start(10);
  Client kept = Client::Kept(*gate_);
  kept.Send("POST / HTTP/1.1\r\n");
  kept.Send("\r\nbody");
  AwaitPassed(1);
  EXPECT_EQ(Passed(), std::vector<std::string>{std::string(kHead) + "body"});
}

TEST_F(HeadGateTest, WhoIsIdleForTooLongIsClosed) {
  Start(10, std::chrono::hours(24), std::chrono::milliseconds(20));
  Client waiting(*gate_);
  Client kept = Client::Kept(*gate_);
  EXPECT_TRUE(kept.IsClosedSoon());
  EXPECT_FALSE(waiting.IsClosed());
}

// Otherwise a slow client would have more time on an idle connection.
TEST_F(HeadGateTest, AHeadThatHasBegunHasNoMoreTimeThanOnANewConnection) {
  Start(10, std::chrono::milliseconds(20));
  Client idle = Client::Kept(*gate_);
  Client begun = Client::Kept(*gate_);
  begun.Send("P");
  EXPECT_TRUE(begun.IsClosedSoon());
  EXPECT_FALSE(idle.IsClosed());
  EXPECT_TRUE(Passed().empty());
}

TEST_F(HeadGateTest, IdleConnectionsMakeRoomForOthers) {
  Start(2);
  Client waiting(*gate_, "POST");
  Client first = Client::Kept(*gate_);
  Client refused = Client::Kept(*gate_);
  EXPECT_TRUE(refused.IsClosedSoon());
  EXPECT_FALSE(first.IsClosed());
  Client second(*gate_);
  EXPECT_TRUE(first.IsClosedSoon());
  EXPECT_FALSE(waiting.IsClosed());
  EXPECT_FALSE(second.IsClosed());
}

TEST_F(HeadGateTest, StopClosesIdleConnectionsAtOnce) {
  Start(10);
  Client kept = Client::Kept(*gate_);
  gate_->Stop();
  EXPECT_TRUE(kept.IsClosedSoon());
  Client late = Client::Kept(*gate_);
  EXPECT_TRUE(late.IsClosedSoon());
}

TEST_F(HeadGateTest, StopWaitsForHeadsThatHaveBegun) {
  Start(10);
  Client silent(*gate_);
  Client begun(*gate_, "POST / HTTP/1.1\r\n");
  std::thread stopping([this] { gate_->Stop(); });
  EXPECT_TRUE(silent.IsClosedSoon());
  EXPECT_FALSE(begun.IsClosed());
  begun.Send("\r\n");
  stopping.join();
  EXPECT_EQ(Passed(), std::vector<std::string>{kHead});
  Client late(*gate_, kHead);
  EXPECT_TRUE(late.IsClosedSoon());
}

}  // namespace
}  // namespace signalbox
