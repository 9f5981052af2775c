#include "server/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, NothingIsThereBeforeItsFirstUse) {
  EXPECT_EQ(Metrics().Text(), "");
}

TEST(MetricsTest, CountersAdd) {
  Metrics metrics;
  metrics.Add("signalbox_posts_total", "Posts to GitHub.");
  metrics.Add("signalbox_posts_total", "Posts to GitHub.", {}, 2);
  EXPECT_EQ(metrics.Text(),
            "# HELP signalbox_posts_total Posts to GitHub.\n"
            "# TYPE signalbox_posts_total counter\n"
            "signalbox_posts_total 3\n");
}

TEST(MetricsTest, LabelsTellSeriesApart) {
  Metrics metrics;
  metrics.Add("signalbox_x_total", "X.", {{"reason", "A"}});
  metrics.Add("signalbox_x_total", "X.", {{"reason", "B"}}, 5);
  metrics.Add("signalbox_x_total", "X.", {{"reason", "A"}});
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("signalbox_x_total{reason=\"A\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("signalbox_x_total{reason=\"B\"} 5\n"));
}

TEST(MetricsTest, GaugesKeepTheLastValue) {
  Metrics metrics;
  metrics.Set("signalbox_due", "Due entries.", 7);
  metrics.Set("signalbox_due", "Due entries.", 2.5);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE signalbox_due gauge\n"));
  EXPECT_THAT(text, HasSubstr("signalbox_due 2.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("signalbox_due 7")));
}

TEST(MetricsTest, HelpCountsAtTheFirstUse) {
  Metrics metrics;
  metrics.Add("signalbox_x_total", "First.");
  metrics.Add("signalbox_x_total", "Second.");
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP signalbox_x_total First.\n"));
  EXPECT_THAT(text, HasSubstr("signalbox_x_total 2\n"));
}

TEST(MetricsTest, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.Add("signalbox_x_total", "X.", {{"reason", "a\"b\\c\nd"}});
  EXPECT_THAT(metrics.Text(),
              HasSubstr("signalbox_x_total{reason=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(MetricsTest, ThreadsLoseNoCount) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics, i] {
      for (int n = 0; n < 500; ++n) {
        metrics.Add("signalbox_x_total", "X.", {{"thread", i % 2 ? "a" : "b"}});
        if (n % 100 == 0) metrics.Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("signalbox_x_total{thread=\"a\"} 1000\n"));
  EXPECT_THAT(text, HasSubstr("signalbox_x_total{thread=\"b\"} 1000\n"));
}

}  // namespace
}  // namespace signalbox
