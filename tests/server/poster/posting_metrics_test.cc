#include "server/poster/posting_metrics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PostingMetricsTest, ShowsWhatIsNotPostedByTheReason) {
  Metrics metrics;
  PostingMetrics shown(&metrics, [](const std::string& credential) {
    return std::string(credential == "github.com/stopped" ? "APP_NOT_INSTALLED"
                                                          : "");
  });
  const absl::Time now = absl::FromUnixSeconds(1'780'000'000);
  PostingCounts counts;
  counts.by_reason = {{{PostingState::kDue, "github.com/acme", ""}, 3},
                      {{PostingState::kDue, "github.com/other", ""}, 4},
                      {{PostingState::kDue, "github.com/stopped", ""}, 5},
                      {{PostingState::kWaiting, "", "REPOSITORY_ARCHIVED"}, 6},
                      {{PostingState::kAbandoned, "", "NO_COMMIT_FOUND"}, 7}};
  counts.oldest_due = {{"github.com/acme", now - absl::Seconds(90)},
                       {"github.com/other", now - absl::Seconds(20)},
                       {"github.com/stopped", now - absl::Hours(90)}};
  shown.Show(counts, now);
  std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("{posting=\"due\",reason=\"\"} 7"));
  EXPECT_THAT(text, HasSubstr("{posting=\"waiting\",reason="
                              "\"APP_NOT_INSTALLED\"} 5"));
  EXPECT_THAT(text, HasSubstr("{posting=\"waiting\",reason="
                              "\"REPOSITORY_ARCHIVED\"} 6"));
  EXPECT_THAT(text, HasSubstr("{posting=\"abandoned\",reason="
                              "\"NO_COMMIT_FOUND\"} 7"));
  EXPECT_THAT(text, HasSubstr("signalbox_oldest_due_seconds 90"));

  shown.Show(PostingCounts(), now);
  text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("{posting=\"due\",reason=\"\"} 0"));
  EXPECT_THAT(text, HasSubstr("{posting=\"abandoned\",reason="
                              "\"NO_COMMIT_FOUND\"} 0"));
  EXPECT_THAT(text, HasSubstr("signalbox_oldest_due_seconds 0"));
}

}  // namespace
}  // namespace signalbox
