#include "server/web/web_pages.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <string>

namespace signalbox {
namespace {

class WebPagesTest : public testing::Test {
 protected:
  static int StatusOf(int port, const char* path) {
    return httplib::Client("127.0.0.1", port).Get(path)->status;
  }

  Metrics metrics_;
  Health health_;
};

TEST_F(WebPagesTest, AllPagesAreOnOneAddress) {
  const auto web = StartWebPages("127.0.0.1:0", "", &health_, &metrics_);
  ASSERT_TRUE(web.ok()) << web.status();
  EXPECT_EQ(StatusOf(web->address.port, "/metrics"), 200);
  EXPECT_EQ(StatusOf(web->address.port, "/readyz"), 503);
  health_.NoteServing();
  EXPECT_EQ(StatusOf(web->address.port, "/readyz"), 200);
}

TEST_F(WebPagesTest, MetricsMayHaveTheirOwnAddress) {
  const auto web =
      StartWebPages("127.0.0.1:0", "127.0.0.2:0", &health_, &metrics_);
  ASSERT_TRUE(web.ok()) << web.status();
  EXPECT_EQ(StatusOf(web->address.port, "/healthz"), 200);
  EXPECT_EQ(StatusOf(web->address.port, "/metrics"), 404);
}

TEST_F(WebPagesTest, AnErrorNamesTheSetting) {
  const auto none = StartWebPages("[::]:0", "", &health_, &metrics_);
  EXPECT_NE(none.status().message().find("web_listen"), std::string::npos);
  const auto no_metrics =
      StartWebPages("127.0.0.1:0", "0.0.0.0:0", &health_, &metrics_);
  EXPECT_NE(no_metrics.status().message().find("metrics_listen"),
            std::string::npos);
}

}  // namespace
}  // namespace signalbox
