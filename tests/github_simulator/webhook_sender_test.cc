#include "tests/github_simulator/webhook_sender.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

// Listens on loopback and never answers.
class SilentReceiver {
 public:
  SilentReceiver() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, generic, size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentReceiver() {
    for (const int accepted : accepted_) close(accepted);
    close(listener_);
  }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  // Accepts a connection and keeps it open.
  void Accept() { accepted_.push_back(accept(listener_, nullptr, nullptr)); }

 private:
  const int listener_;
  int port_ = 0;
  std::vector<int> accepted_;
};

Hooks::Attempt AttemptAt(const std::string& url, int64_t id = 1) {
  return {.id = id,
          .url = url,
          .headers = {{"Content-Type", "application/json"},
                      {"X-GitHub-Event", "push"}},
          .body = "{}"};
}

// A receiver that answers, and the results that the sender reported.
class WebhookSenderTest : public ::testing::Test {
 protected:
  WebhookSenderTest() {
    server_.Post("/hook", [](const auto& request, auto& response) {
      response.status = 202;
      response.set_header("X-Seen", request.get_header_value("X-GitHub-Event"));
      response.set_content(request.body, "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    serving_ = std::thread([this] { server_.listen_after_bind(); });
    // httplib would lose a stop that comes earlier.
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~WebhookSenderTest() override {
    server_.stop();
    serving_.join();
  }

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", port_, "/hook");
  }

  // Waits until `count` attempts have ended.
  std::vector<int> Ended(size_t count) {
    MutexLock lock(&mu_);
    while (codes_.size() < count) changed_.Wait(&mu_);
    return codes_;
  }

  Mutex mu_;
  CondVar changed_;
  std::vector<int> codes_ ABSL_GUARDED_BY(mu_);
  httplib::Server server_;
  int port_ = 0;
  std::thread serving_;
  WebhookSender sender_{
      absl::Seconds(60), Clock::System(),
      [this](const Hooks::Attempt&, const WebhookSender::Result& result) {
        MutexLock lock(&mu_);
        codes_.push_back(result.outcome.status_code);
        changed_.NotifyAll();
      }};
};

TEST_F(WebhookSenderTest, TellsWhatTheReceiverAnswered) {
  const WebhookSender::Result result = sender_.Send(AttemptAt(url()));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.outcome.status_code, 202);
  EXPECT_EQ(result.outcome.body, "{}");
  EXPECT_THAT(result.outcome.headers,
              ::testing::Contains(::testing::Pair("X-Seen", "push")));
  EXPECT_EQ(sender_.Send(AttemptAt(url() + "/x")).outcome.status_code, 404);
}

TEST_F(WebhookSenderTest, SendsInTheBackground) {
  for (int i = 0; i < 20; ++i) sender_.Enqueue(AttemptAt(url(), i + 1));
  EXPECT_THAT(Ended(20), ::testing::Each(202));
}

TEST_F(WebhookSenderTest, SaysWhyItCouldNotSend) {
  for (const char* url : {"", "nowhere", "http://", "gopher://a/",
                          "http://a:99999999999999/", "http://127.0.0.1:1"}) {
    const auto result = sender_.Send(AttemptAt(url));
    EXPECT_EQ(result.outcome.status_code, 0) << url;
    EXPECT_EQ(result.outcome.reason, "") << url;
    EXPECT_NE(result.error, "") << url;
  }
}

TEST_F(WebhookSenderTest, GivesUpWhenTheTimeIsOver) {
  SilentReceiver receiver;
  WebhookSender hasty(absl::Seconds(1), Clock::System(),
                      [](const auto&, const auto&) {});
  const auto result = hasty.Send(AttemptAt(receiver.url()));
  EXPECT_EQ(result.outcome.status_code, 0);
  EXPECT_EQ(result.outcome.reason, "timed out");
}

// Stop cuts the attempt under way short; the others are never made.
TEST_F(WebhookSenderTest, StopsCleanly) {
  SilentReceiver receiver;
  for (int i = 0; i < 10; ++i) sender_.Enqueue(AttemptAt(receiver.url()));
  receiver.Accept();
  sender_.Stop();
  const size_t ended = Ended(1).size();
  EXPECT_LE(ended, 4u) << "only those under way";
  EXPECT_NE(sender_.Send(AttemptAt(url())).error, "");
  sender_.Enqueue(AttemptAt(url()));
  sender_.Stop();
  EXPECT_EQ(Ended(1).size(), ended);
}

}  // namespace
}  // namespace signalbox
