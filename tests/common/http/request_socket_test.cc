#include "common/http/request_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

// A client and the request it makes, which began `age` seconds ago.
class Connection {
 public:
  Connection(WaitingRoom& room, int age, uint64_t max_bytes = 1000000,
             const char* first_bytes = "",
             std::chrono::milliseconds timeout = std::chrono::hours(24),
             std::chrono::milliseconds patience = {}) {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    client_ = fds[0];
    server_ = HttpConnection(UniqueFd(fds[1]));
    const auto now = Clock::now();
    socket_ = std::make_unique<RequestSocket>(
        server_, first_bytes,
        RequestSocket::Limits{now - std::chrono::seconds(age), now + timeout,
                              now + timeout, patience, max_bytes},
        room);
  }
  ~Connection() {
    Finish();
    EndSending();
  }

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void EndSending() {
    if (client_ >= 0) close(client_);
    client_ = -1;
  }

  RequestSocket& socket() { return *socket_; }
  void Finish() { socket_ = nullptr; }

  // Reads once, on its own thread.
  std::future<absl::StatusCode> StartReading() {
    return std::async(std::launch::async,
                      [this] { return socket_->Read().status().code(); });
  }
  std::future<void> StartDraining() {
    return std::async(std::launch::async, [this] { socket_->Drain(); });
  }

 private:
  int client_ = -1;
  HttpConnection server_;
  std::unique_ptr<RequestSocket> socket_;
};

class RequestSocketTest : public ::testing::Test {
 protected:
  // Makes one connection give way.
  void MakeRoom() {
    shortage_ = 1;
    EXPECT_TRUE(room_.MakeRoom());
    shortage_ = 0;
  }
  // Waits until `count` wait: each looks whether others need room when it
  // begins, and when its patience ends.
  void AwaitWaiting(int count, int looks = 2) {
    while (looks_ < count * looks) std::this_thread::yield();
  }
  static bool IsReading(const std::future<absl::StatusCode>& read) {
    return read.wait_for(std::chrono::milliseconds(20)) ==
           std::future_status::timeout;
  }

  std::atomic<size_t> shortage_ = 0;
  std::atomic<int> looks_ = 0;
  WaitingRoom room_{[this] {
    ++looks_;
    return shortage_.load();
  }};
};

TEST_F(RequestSocketTest, ReadsWhatCameAndWhatComes) {
  Connection connection(room_, 0, 1000000, "first");
  EXPECT_EQ(*connection.socket().Read(), "first");
  connection.Send("second");
  EXPECT_EQ(*connection.socket().Read(), "second");
  auto read = connection.StartReading();
  connection.Send("third");
  EXPECT_EQ(read.get(), absl::StatusCode::kOk);
  connection.EndSending();
  EXPECT_TRUE(absl::IsInvalidArgument(connection.socket().Read().status()));
}

TEST_F(RequestSocketTest, LateBytesAreNotAwaited) {
  Connection connection(room_, 0, 1000000, "", std::chrono::milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(connection.socket().Read().status()));
  // Late bytes do not count, or a client with more would never be late.
  connection.Send("x");
  EXPECT_TRUE(absl::IsDeadlineExceeded(connection.socket().Read().status()));
}

TEST_F(RequestSocketTest, BytesAreCounted) {
  Connection connection(room_, 0, 5);
  connection.Send("123");
  EXPECT_EQ(*connection.socket().Read(), "123");
  connection.Send("456");
  EXPECT_EQ(*connection.socket().Read(), "45");
  EXPECT_TRUE(absl::IsInvalidArgument(connection.socket().Read().status()));
}

TEST_F(RequestSocketTest, NobodyGivesWayWhileThereAreThreads) {
  Connection connection(room_, 0);
  auto read = connection.StartReading();
  AwaitWaiting(1);
  room_.MakeRoom();
  EXPECT_TRUE(IsReading(read));
  connection.Send("x");
  EXPECT_EQ(read.get(), absl::StatusCode::kOk);
}

// The oldest request has had most time.
TEST_F(RequestSocketTest, TheOldestGivesWay) {
  Connection young(room_, 1);
  Connection old(room_, 3);
  Connection middle(room_, 2);
  auto young_read = young.StartReading();
  auto old_read = old.StartReading();
  auto middle_read = middle.StartReading();
  AwaitWaiting(3);
  MakeRoom();
  EXPECT_EQ(old_read.get(), absl::StatusCode::kUnavailable);
  old.Finish();
  MakeRoom();
  EXPECT_EQ(middle_read.get(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(IsReading(young_read));
  young.Send("x");
  EXPECT_EQ(young_read.get(), absl::StatusCode::kOk);
}

// Clients with an answer can only miss the rest of it.
TEST_F(RequestSocketTest, WhoIsAnsweredGivesWayFirst) {
  Connection waiting(room_, 9);
  Connection answered(room_, 0);
  auto read = waiting.StartReading();
  auto drained = answered.StartDraining();
  AwaitWaiting(2);
  MakeRoom();
  drained.get();
  EXPECT_TRUE(IsReading(read));
  waiting.Send("x");
  EXPECT_EQ(read.get(), absl::StatusCode::kOk);
}

// A burst of good requests is not an attack: their bodies need a moment.
TEST_F(RequestSocketTest, NobodyGivesWayAtOnce) {
  Connection patient(room_, 0, 1000000, "", std::chrono::hours(24),
                     std::chrono::hours(24));
  shortage_ = 1;
  auto read = patient.StartReading();
  AwaitWaiting(1, 1);
  // True: one may give way later.
  EXPECT_TRUE(room_.MakeRoom());
  EXPECT_TRUE(IsReading(read));
  patient.Send("x");
  EXPECT_EQ(read.get(), absl::StatusCode::kOk);
}

// No other request has to come for that.
TEST_F(RequestSocketTest, PatienceEnds) {
  shortage_ = 1;
  Connection connection(room_, 0, 1000000, "", std::chrono::hours(24),
                        std::chrono::milliseconds(20));
  EXPECT_TRUE(absl::IsUnavailable(connection.socket().Read().status()));
}

// Bytes that come one by one gain no time.
TEST_F(RequestSocketTest, PatienceIsForAllBytesTogether) {
  Connection connection(room_, 0, 1000000, "", std::chrono::hours(24),
                        std::chrono::milliseconds(20));
  auto read = connection.StartReading();
  EXPECT_TRUE(IsReading(read));
  connection.Send("x");
  EXPECT_EQ(read.get(), absl::StatusCode::kOk);
  shortage_ = 1;
  EXPECT_TRUE(absl::IsUnavailable(connection.socket().Read().status()));
}

// One thread is wanted. Asking again before it is free must not make a second
// connection give way.
TEST_F(RequestSocketTest, NoMoreGiveWayThanAreNeeded) {
  Connection first(room_, 2);
  Connection second(room_, 1);
  auto first_read = first.StartReading();
  auto second_read = second.StartReading();
  AwaitWaiting(2);
  shortage_ = 1;
  EXPECT_TRUE(room_.MakeRoom());
  EXPECT_TRUE(room_.MakeRoom());
  EXPECT_EQ(first_read.get(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(room_.MakeRoom());
  EXPECT_TRUE(IsReading(second_read));
  second.Send("x");
  EXPECT_EQ(second_read.get(), absl::StatusCode::kOk);
}

// This holds however many wait for a thread.
TEST_F(RequestSocketTest, WhoseBytesAreThereNeverGivesWay) {
  shortage_ = 1000;
  Connection connection(room_, 9);
  connection.Send("x");
  EXPECT_TRUE(connection.socket().Read().ok());
  EXPECT_FALSE(room_.MakeRoom());
}

// A connection may begin to wait after the last call of MakeRoom.
TEST_F(RequestSocketTest, WhoBeginsToWaitMakesRoom) {
  shortage_ = 1;
  Connection connection(room_, 0);
  EXPECT_TRUE(absl::IsUnavailable(connection.socket().Read().status()));
}

}  // namespace
}  // namespace signalbox
