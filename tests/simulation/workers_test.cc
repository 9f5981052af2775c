#include "tests/simulation/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(WorkersTest, OneThatDiesTakesNoOtherWithIt) {
  std::map<int, std::string> results;
  RunInProcesses(
      24, 1,
      [](int i) {
        if (i == 8 || i == 12) _exit(3);
        return std::to_string(i);
      },
      [&](int i, const std::string& result) {
        results[i] = result == std::to_string(i) ? "its own" : result;
        return true;
      });
  EXPECT_EQ(results.size(), 24u);
  std::erase_if(results,
                [](const auto& one) { return one.second == "its own"; });
  EXPECT_THAT(results, ElementsAre(Pair(8, "died"), Pair(12, "died")));
}

TEST(WorkersTest, EndsWhenItsCallerHasEnough) {
  int seen = 0;
  RunInProcesses(
      100, 2, [](int) { return std::string("done"); },
      [&](int, const std::string&) { return ++seen < 5; });
  EXPECT_EQ(seen, 5);
}

}  // namespace
}  // namespace signalbox
