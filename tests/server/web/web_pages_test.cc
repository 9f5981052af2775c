#include "server/web/web_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "tests/common/http/raw_client.h"
#include "tests/common/http/tls_client.h"
#include "tests/support/certificate.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;

class WebPagesTest : public testing::Test {
 protected:
  void SetUp() override { health_.NoteServing(); }

  WebPages Start(const std::string& metrics_listen = "") {
    auto web =
        StartWebPages({"127.0.0.1:0", metrics_listen, {}}, &health_, &metrics_);
    EXPECT_TRUE(web.ok()) << web.status();
    return *std::move(web);
  }

  static httplib::Client Client(const WebPages& web) {
    return httplib::Client("127.0.0.1", web.address.port);
  }

  Metrics metrics_;
  Health health_;
};

TEST_F(WebPagesTest, SaysWhetherItIsReadyAndWhyNot) {
  const WebPages web = Start();
  EXPECT_EQ(Client(web).Get("/healthz")->status, 200);
  EXPECT_EQ(Client(web).Get("/readyz")->status, 200);
  health_.NoteStopping();
  EXPECT_EQ(Client(web).Get("/healthz")->status, 200);
  const auto answer = Client(web).Get("/readyz");
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "stopping\n");
}

TEST_F(WebPagesTest, ShowsMetrics) {
  metrics_.Add("signalbox_tests_total", "Tests.", {{"kind", "web"}}, 2);
  const WebPages web = Start();
  const auto answer = Client(web).Get("/metrics");
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("signalbox_tests_total{kind=\"web\"} 2"),
            std::string::npos)
      << answer->body;
}

TEST_F(WebPagesTest, MetricsMayHaveTheirOwnAddress) {
  const WebPages web = Start("127.0.0.2:0");
  EXPECT_EQ(Client(web).Get("/healthz")->status, 200);
  EXPECT_EQ(Client(web).Get("/metrics")->status, 404);
  httplib::Client metrics("127.0.0.2", web.metrics->port());
  EXPECT_EQ(metrics.Get("/metrics")->status, 200);
  EXPECT_EQ(metrics.Get("/readyz")->status, 404);
}

TEST_F(WebPagesTest, AnErrorNamesTheSetting) {
  const auto none = StartWebPages({"[::]:0", "", {}}, &health_, &metrics_);
  EXPECT_NE(none.status().message().find("web_listen"), std::string::npos);
  const auto no_metrics =
      StartWebPages({"127.0.0.1:0", "0.0.0.0:0", {}}, &health_, &metrics_);
  EXPECT_NE(no_metrics.status().message().find("metrics_listen"),
            std::string::npos);
}

TEST_F(WebPagesTest, WithACertificateOtherMachinesMayConnect) {
  const TempDir dir;
  const TlsPaths tls = {dir.Path("certificate.pem"), dir.Path("key.pem"), ""};
  WriteCertificate(tls.cert_file, tls.key_file, "IP:127.0.0.1");
  const auto ask = [](int port, const std::string& path) {
    TlsClient client(static_cast<uint16_t>(port));
    client.Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.Read();
  };
  const auto web = StartWebPages({"0.0.0.0:0", "", tls}, &health_, &metrics_);
  ASSERT_TRUE(web.ok()) << web.status();
  EXPECT_THAT(ask(web->address.port, "/readyz"), HasSubstr("ready"));
  // Metrics are shown to other machines only where the operator wants them.
  EXPECT_THAT(ask(web->address.port, "/metrics"), HasSubstr("404"));
  EXPECT_FALSE(Client(*web).Get("/readyz"));
  const auto apart =
      StartWebPages({"127.0.0.1:0", "0.0.0.0:0", tls}, &health_, &metrics_);
  ASSERT_TRUE(apart.ok()) << apart.status();
  EXPECT_THAT(ask(apart->metrics->port(), "/metrics"), HasSubstr("200"));
  EXPECT_THAT(ask(apart->address.port, "/metrics"), HasSubstr("404"));
  const auto here =
      StartWebPages({"127.0.0.1:0", "", tls}, &health_, &metrics_);
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_THAT(ask(here->address.port, "/metrics"), HasSubstr("200"));
}

TEST_F(WebPagesTest, AFileOfTlsThatCannotBeUsedIsAnError) {
  const auto web =
      StartWebPages({"127.0.0.1:0", "", {"/no/such.pem", "/no/such.key", ""}},
                    &health_, &metrics_);
  EXPECT_THAT(std::string(web.status().message()), HasSubstr("/no/such.pem"));
}

TEST_F(WebPagesTest, ForbidsWhatAPageCouldDo) {
  const WebPages web = Start();
  const auto answer = Client(web).Get("/healthz");
  EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer->get_header_value("Cache-Control"), "no-store");
  EXPECT_NE(answer->get_header_value("Content-Security-Policy"), "");
}

TEST_F(WebPagesTest, RefusesOtherPathsAndMethods) {
  const WebPages web = Start();
  const std::string path = "/" + std::string(2000, 'a');
  EXPECT_EQ(Client(web).Get(path.c_str())->status, 404);
  EXPECT_EQ(Client(web).Get("/other")->status, 404);
  EXPECT_EQ(Client(web).Post("/metrics", "x", "text/plain")->status, 404);
  EXPECT_EQ(Client(web).Get("/healthz")->status, 200);
}

TEST_F(WebPagesTest, AnswersHeadAndIgnoresAQuery) {
  const WebPages web = Start();
  const auto head = Client(web).Head("/metrics");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(Client(web).Get("/healthz?verbose=1")->status, 200);
}

// With a thread for each connection, a few of them would hold up all others
// for five seconds.
TEST_F(WebPagesTest, SilentConnectionsDelayNobody) {
  const WebPages web = Start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 50; ++i) {
    silent.emplace_back(static_cast<uint16_t>(web.address.port));
    if (i % 2 == 0) silent.back().Send("GET /healthz HTTP/1.1\r\nA: ");
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Client(web).Get("/healthz")->status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(WebPagesTest, APortThatIsTakenIsAnError) {
  const WebPages first = Start();
  const auto second =
      StartWebPages({first.address.ToString(), "", {}}, &health_, &metrics_);
  EXPECT_EQ(ReasonOf(second.status()), "ADDRESS_NOT_AVAILABLE");
  const auto no_metrics = StartWebPages(
      {"127.0.0.1:0", first.address.ToString(), {}}, &health_, &metrics_);
  EXPECT_EQ(ReasonOf(no_metrics.status()), "ADDRESS_NOT_AVAILABLE");
}

}  // namespace
}  // namespace signalbox
