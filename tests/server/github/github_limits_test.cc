#include "server/github/github_limits.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/report/reasons.h"

namespace signalbox {
namespace {

using testing::HasSubstr;

TEST(GitHubLimitsTest, EachReasonIsKnownAndListedOnce) {
  std::set<std::string> listed;
  const auto add = [&](absl::string_view reason) {
    EXPECT_NE(ReasonInWords(reason), reason);
    EXPECT_TRUE(listed.emplace(reason).second) << reason;
  };
  for (const auto reason : kGitHubLimits.final_refusals) add(reason);
  for (const auto reason : kGitHubLimits.mendable_refusals) add(reason);
  add(kGitHubLimits.missing_commit);
}

TEST(GitHubLimitsTest, PeopleReadTheSameNumbers) {
  EXPECT_EQ(kGitHubLimits.most_statuses, 1000);
  EXPECT_THAT(ReasonInWords("STATUS_LIMIT_REACHED"), HasSubstr("all 1,000 "));
  EXPECT_THAT(
      ReasonInWords("STATUS_LIMIT_NEAR"),
      HasSubstr(absl::StrCat("over ", kGitHubLimits.most_before_pending, " ")));
}

}  // namespace
}  // namespace signalbox
