// Tests that take minutes; the short forms are in robustness_test.cc.

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/shim/shim_fixture.h"

namespace signalbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ShimSlowRobustnessTest : public ShimFixture {};

// All attacks at once, so long that each runs into every timeout repeatedly.
TEST_F(ShimSlowRobustnessTest, OutlivesAllAttacksForMinutes) {
  Start();
  {
    const Attack idle(port_, 1000, "");
    const Attack heads(port_, 1000, "POST /event_handler HTTP/1.1\r\nA: ", "x");
    const Attack bodies(port_, 200, ForgedHead("Content-Length: 100000"), "x");
    const Attack more(port_, 100, ForgedHead("Transfer-Encoding: chunked"),
                      "1");
    const Attack huge(port_, 20, ForgedHead("Content-Length: 26214400"),
                      std::string(1 << 20, 'x'), 1 << 20);
    const Attack refused(port_, 100,
                         "GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\n");
    int64_t early_mib = 0;
    const auto begin = Clock::now();
    for (int round = 0; Clock::now() < begin + minutes(3); ++round) {
      ExpectPrompt(absl::StrCat("all attacks, round ", round));
      if (HasFailure()) return;
      poll(nullptr, 0, 5000);
      if (Clock::now() < begin + minutes(1)) early_mib = FindMemory().now;
    }
    // Memory does not go on growing. Twenty huge bodies come and go.
    EXPECT_LE(FindMemory().now, early_mib + 160);
  }
  ExpectRecovered();
}

TEST_F(ShimSlowRobustnessTest, OutlivesAServerThatIsGoneForMinutes) {
  Start();
  const int port = server_.port();
  server_.Stop();
  const auto end = Clock::now() + minutes(3);
  std::atomic<int> asked = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back([&] {
      while (Clock::now() < end) {
        const auto begin = Clock::now();
        EXPECT_EQ(Ask(Push().Text()), 503);
        EXPECT_LT(Clock::now() - begin, seconds(9));
        ++asked;
      }
    });
  }
  poll(nullptr, 0, 30000);
  const int64_t early_mib = FindMemory().now;
  for (std::thread& client : clients) client.join();
  EXPECT_LE(FindMemory().now, early_mib + 8) << asked;
  server_.Start(port);
  ASSERT_EQ(server_.port(), port);
  const auto begin = Clock::now();
  EXPECT_TRUE(Becomes([this] { return Ask(Push().Text()) == 202; }));
  EXPECT_LT(Clock::now() - begin, seconds(5));
  ExpectRecovered();
}

TEST_F(ShimSlowRobustnessTest, OutlivesAServerThatHangsForMinutes) {
  Start();
  server_.Hold();
  const auto end = Clock::now() + minutes(1);
  std::vector<std::thread> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back([&] {
      while (Clock::now() < end) {
        const auto begin = Clock::now();
        EXPECT_EQ(Ask(Push().Text()), 503);
        EXPECT_LT(Clock::now() - begin, seconds(10));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  server_.Release();
  ExpectRecovered();
}

}  // namespace
}  // namespace signalbox
