#include "server/web/web_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "tests/common/http/raw_client.h"

namespace signalbox {
namespace {

class WebServerTest : public testing::Test {
 protected:
  std::unique_ptr<WebServer> Start(bool pages, bool metrics) {
    WebServer::Options options;
    options.pages = pages;
    options.metrics = metrics;
    options.ready = [this] { return ready_; };
    auto web = WebServer::Start(options, &metrics_);
    EXPECT_TRUE(web.ok()) << web.status();
    return *std::move(web);
  }

  httplib::Client Client(const WebServer& web) {
    return httplib::Client("127.0.0.1", web.port());
  }

  absl::Status ready_;
  Metrics metrics_;
};

TEST_F(WebServerTest, SaysWhetherItIsReadyAndWhyNot) {
  const auto web = Start(true, true);
  EXPECT_EQ(Client(*web).Get("/healthz")->status, 200);
  EXPECT_EQ(Client(*web).Get("/readyz")->status, 200);
  ready_ = absl::UnavailableError("stopping");
  EXPECT_EQ(Client(*web).Get("/healthz")->status, 200);
  const auto answer = Client(*web).Get("/readyz");
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "stopping\n");
}

TEST_F(WebServerTest, ShowsMetrics) {
  metrics_.Add("signalbox_tests_total", "Tests.", {{"kind", "web"}}, 2);
  const auto web = Start(true, true);
  const auto answer = Client(*web).Get("/metrics");
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("signalbox_tests_total{kind=\"web\"} 2"),
            std::string::npos)
      << answer->body;
}

TEST_F(WebServerTest, AMetricsAddressShowsMetricsOnly) {
  const auto web = Start(false, true);
  EXPECT_EQ(Client(*web).Get("/metrics")->status, 200);
  EXPECT_EQ(Client(*web).Get("/readyz")->status, 404);
  const auto pages = Start(true, false);
  EXPECT_EQ(Client(*pages).Get("/metrics")->status, 404);
}

TEST_F(WebServerTest, ForbidsWhatAPageCouldDo) {
  const auto web = Start(true, true);
  const auto answer = Client(*web).Get("/healthz");
  EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer->get_header_value("Cache-Control"), "no-store");
  EXPECT_NE(answer->get_header_value("Content-Security-Policy"), "");
}

TEST_F(WebServerTest, RefusesOtherPathsAndMethods) {
  const auto web = Start(true, true);
  const std::string path = "/" + std::string(2000, 'a');
  EXPECT_EQ(Client(*web).Get(path.c_str())->status, 404);
  EXPECT_EQ(Client(*web).Get("/other")->status, 404);
  EXPECT_EQ(Client(*web).Post("/metrics", "x", "text/plain")->status, 404);
  EXPECT_EQ(Client(*web).Get("/healthz")->status, 200);
}

TEST_F(WebServerTest, AnswersHeadAndIgnoresAQuery) {
  const auto web = Start(true, true);
  const auto head = Client(*web).Head("/metrics");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(Client(*web).Get("/healthz?verbose=1")->status, 200);
}

// With a thread for each connection, a few of them would hold up all others
// for five seconds.
TEST_F(WebServerTest, SilentConnectionsDelayNobody) {
  const auto web = Start(true, true);
  std::vector<RawClient> silent;
  for (int i = 0; i < 50; ++i) {
    silent.emplace_back(static_cast<uint16_t>(web->port()));
    if (i % 2 == 0) silent.back().Send("GET /healthz HTTP/1.1\r\nA: ");
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Client(*web).Get("/healthz")->status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(WebServerTest, APortThatIsTakenIsAnError) {
  const auto first = Start(true, true);
  WebServer::Options options;
  options.port = first->port();
  options.ready = [] { return absl::OkStatus(); };
  const auto second = WebServer::Start(options, &metrics_);
  EXPECT_EQ(ReasonOf(second.status()), "ADDRESS_NOT_AVAILABLE");
}

}  // namespace
}  // namespace signalbox
