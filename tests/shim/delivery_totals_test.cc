#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shim/delivery_log.h"

namespace signalbox {
namespace {

std::vector<std::string> LinesOf(const DeliveryTotals& totals) {
  std::vector<std::string> lines;
  for (const auto& [event, answers] : totals.Get()) {
    lines.push_back(absl::StrCat(event, " ", answers.accepted, " ",
                                 answers.ignored, " ", answers.refused, " ",
                                 answers.failed));
  }
  return lines;
}

TEST(DeliveryTotalsTest, CountsAnswersByEvent) {
  DeliveryTotals totals;
  EXPECT_TRUE(LinesOf(totals).empty());
  for (const int status : {202, 202, 200, 400, 413, 500, 503, 503}) {
    totals.Count("push", status);
  }
  totals.Count("star", 200);
  totals.Count("", 401);
  EXPECT_EQ(LinesOf(totals), (std::vector<std::string>{
                                 " 0 0 1 0", "push 2 1 2 3", "star 0 1 0 0"}));
}

TEST(DeliveryTotalsTest, NamesAreBounded) {
  DeliveryTotals totals;
  for (int i = 0; i < 1000; ++i) totals.Count(absl::StrCat("e", i), 200);
  totals.Count("e0", 200);
  int64_t sum = 0;
  const auto answers = totals.Get();
  for (const auto& [event, of_event] : answers) sum += of_event.ignored;
  EXPECT_EQ(sum, 1001);
  EXPECT_EQ(answers.size(), 101u);
  EXPECT_EQ(answers.at("e0").ignored, 2);
  EXPECT_EQ(answers.at("others").ignored, 900);
}

TEST(DeliveryTotalsTest, ItIsTimeOnceAnHour) {
  DeliveryTotals totals;
  const std::chrono::steady_clock::time_point start{std::chrono::hours(5)};
  const std::chrono::seconds second(1);
  const std::chrono::hours hour(1);
  EXPECT_FALSE(totals.IsTime(start));
  EXPECT_FALSE(totals.IsTime(start + hour - second));
  EXPECT_TRUE(totals.IsTime(start + hour));
  EXPECT_FALSE(totals.IsTime(start + hour));
  EXPECT_FALSE(totals.IsTime(start + 2 * hour - second));
  EXPECT_TRUE(totals.IsTime(start + 5 * hour));
}

}  // namespace
}  // namespace signalbox
