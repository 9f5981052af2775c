#ifndef SIGNALBOX_TESTS_SHIM_SHIM_FIXTURE_H_
#define SIGNALBOX_TESTS_SHIM_SHIM_FIXTURE_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/common/http/raw_client.h"
#include "tests/shim/fake_server.h"
#include "tests/shim/signed_request.h"
#include "tests/support/process.h"

namespace signalbox {

// The head of a webhook request with a signature that has the right form but is
// false. `framing` is the header that says how long the body is.
inline std::string ForgedHead(absl::string_view framing,
                              absl::string_view type = "application/json") {
  return absl::StrCat(
      "POST /event_handler HTTP/1.1\r\nHost: x\r\nContent-Type: ", type,
      "\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: 1\r\n"
      "X-Hub-Signature-256: sha256=",
      std::string(64, 'a'), "\r\n", framing, "\r\n\r\n");
}

// Attacks a shim with many slow clients until the destructor. Each client sends
// `first`. Then it sends ten times a second up to `most` bytes of `rest`, from
// the beginning of `rest` each time. When the shim closes its connection, the
// client connects again.
class Attack {
 public:
  Attack(uint16_t port, int clients, std::string first, std::string rest = "",
         size_t most = 1)
      : port_(port), first_(std::move(first)) {
    for (int i = 0; i < clients; ++i) clients_.push_back(Connect());
    thread_ = std::thread([this, rest = std::move(rest), most] {
      while (!stopping_) {
        for (RawClient& client : clients_) {
          if (stopping_) return;
          if (!Send(client, rest, most)) client = Connect();
        }
        poll(nullptr, 0, 100);
      }
    });
  }
  ~Attack() {
    stopping_ = true;
    thread_.join();
  }

 private:
  RawClient Connect() {
    RawClient client(port_);
    client.SendSome(first_);
    return client;
  }

  static bool Send(RawClient& client, absl::string_view rest, size_t most) {
    while (!rest.empty() && most > 0) {
      const ssize_t sent = client.SendSome(rest.substr(0, most));
      if (sent < 0) return false;
      if (sent == 0) return true;
      most -= static_cast<size_t>(sent);
    }
    return rest.empty() ? !client.IsClosed() : true;
  }

  const uint16_t port_;
  const std::string first_;
  std::vector<RawClient> clients_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// Waits until a shim that was just started listens. Returns its port.
inline uint16_t PortOf(Process& shim) {
  shim.WaitForLine("listening on ");
  return static_cast<uint16_t>(shim.Port());
}

// Waits until the condition is true, at most 30 s. Returns whether it is.
template <typename Condition>
bool Becomes(Condition condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, 10);
  }
  return true;
}

// The real shim in front of a FakeServer. Tests attack the shim. It must stay
// up, answer good deliveries meanwhile, and afterwards use no more memory and
// descriptors than before.
class ShimFixture : public ::testing::Test {
 protected:
  using Clock = std::chrono::steady_clock;

  // How many deliveries Start() makes.
  static constexpr int kFirst = 8;
  // The longest that a good delivery may take. It normally takes some
  // milliseconds. The shim's timeouts against an attack are longer than this.
  static constexpr std::chrono::seconds kPrompt{4};
  // Memory that allocators, stacks and gRPC may keep after an attack.
  static constexpr int64_t kMaxGrowthMib = 48;

  // The program's resident memory in MiB, now and at most so far.
  struct Memory {
    int64_t now = 0;
    int64_t most = 0;
  };

  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "a sanitizer takes time and memory of its own";
#endif
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    server_.Start();
  }

  // Starts the shim, lets it handle kFirst deliveries, and notes its memory and
  // descriptors. `descriptors` limits its file descriptors; 0: as in this
  // process.
  void Start(rlim_t descriptors = 0) {
    program_ =
        StartProgram("signalbox-shim",
                     {"--listen", "127.0.0.1:0", "--server",
                      absl::StrCat("127.0.0.1:", server_.port())},
                     {.environment = {{"GITHUB_WEBHOOK_SECRET", kSecret}},
                      .errors_file = "/dev/null",
                      .descriptors = descriptors});
    port_ = PortOf(*program_);
    // The program makes what it keeps before anything is measured.
    for (int i = 0; i < kFirst; ++i) ASSERT_EQ(Ask(Push().Text()), 202);
    memory_ = FindMemory();
    descriptors_ = CountDescriptors();
  }

  void TearDown() override {
    if (program_ == nullptr || !program_->IsRunning()) return;
    program_->Signal(SIGTERM);
    EXPECT_EQ(program_->Wait(), 0);
  }

  RawClient Connect() { return RawClient(port_); }
  // Sends a request on a new connection. Returns the answer's status code; 0:
  // there was no answer.
  int Ask(absl::string_view request) { return Connect().Ask(request); }

  // Sends good deliveries one after the other for a quarter of a second. Each
  // must be answered with 202 within kPrompt. `when` is for messages.
  void ExpectPrompt(absl::string_view when) {
    std::vector<double> taken_ms;
    const std::string requests[] = {Push().Text(),
                                    AsForm(PullRequest()).Text()};
    const auto end = Clock::now() + std::chrono::milliseconds(250);
    while (taken_ms.size() < 2 || Clock::now() < end) {
      const auto begin = Clock::now();
      ASSERT_EQ(Ask(requests[taken_ms.size() % 2]), 202) << when;
      const auto taken = Clock::now() - begin;
      ASSERT_LT(taken, kPrompt) << when;
      taken_ms.push_back(
          std::chrono::duration<double, std::milli>(taken).count());
    }
    std::sort(taken_ms.begin(), taken_ms.end());
    std::printf(
        "[ MEASURED ] %s: %d good deliveries, %.1f ms each, at most %.1f\n",
        std::string(when).c_str(), static_cast<int>(taken_ms.size()),
        taken_ms[taken_ms.size() / 2], taken_ms.back());
  }

  // Expects, after an attack, that the shim runs, answers promptly, and has
  // given descriptors and memory back.
  void ExpectRecovered() {
    ASSERT_TRUE(program_->IsRunning());
    EXPECT_TRUE(Becomes([this] { return CountDescriptors() <= descriptors_; }))
        << CountDescriptors() << " descriptors, were " << descriptors_;
    ExpectPrompt("afterwards");
    const Memory memory = FindMemory();
    std::printf("[ MEASURED ] resident MiB: %d before, %d at most, %d now\n",
                static_cast<int>(memory_.now), static_cast<int>(memory.most),
                static_cast<int>(memory.now));
    EXPECT_LE(memory.now, memory_.now + kMaxGrowthMib);
  }

  Memory FindMemory() const {
    return {static_cast<int64_t>(program_->ResidentMebibytes()),
            static_cast<int64_t>(program_->PeakMebibytes())};
  }

  FakeServer server_;
  std::unique_ptr<Process> program_;
  uint16_t port_ = 0;

 private:
  // 0 if this process may not look.
  int64_t CountDescriptors() const {
    std::error_code error;
    const std::filesystem::directory_iterator all(
        absl::StrCat("/proc/", program_->pid(), "/fd"), error);
    return error ? 0 : std::distance(begin(all), end(all));
  }

  Memory memory_;
  int64_t descriptors_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_SHIM_FIXTURE_H_
