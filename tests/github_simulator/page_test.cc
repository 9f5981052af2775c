#include "tests/github_simulator/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signalbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSha[] = "1111111111111111111111111111111111111abc";

GitHubRules::Row RowOf(const std::string& state) {
  return {.state = state, .context = "ci/" + state};
}

TEST(PageTest, SaysWhatGitHubSays) {
  const auto say = [](std::vector<std::string> states) {
    std::vector<GitHubRules::Row> shown;
    for (const std::string& state : states) shown.push_back(RowOf(state));
    return CombinedSentence(shown);
  };
  EXPECT_EQ(say({"success", "success"}), "All checks have passed");
  EXPECT_EQ(say({"success", "pending"}), "Some checks haven't completed yet");
  EXPECT_EQ(say({"failure", "pending"}), "Some checks were not successful");
  EXPECT_EQ(say({"success", "error"}), "Some checks were not successful");
  EXPECT_EQ(say({}), "No checks yet");
}

TEST(PageTest, EscapesEveryText) {
  const std::string nasty = "<i>\"'&</i>";
  GitHubRules::Row row = RowOf("success");
  row.context = row.description = nasty;
  row.target_url = "https://a/?q=" + nasty;
  const CommitView commit = {
      .full_name = nasty, .sha = nasty, .title = nasty, .shown = {row}};
  for (const std::string& page : {CommitPage(commit), IndexPage({commit})}) {
    EXPECT_THAT(page, Not(HasSubstr("<i>")));
    EXPECT_THAT(page, Not(HasSubstr("\"'&")));
    EXPECT_THAT(page, HasSubstr("&lt;i&gt;&quot;&#39;&amp;&lt;/i&gt;"));
  }
}

TEST(PageTest, LinksOnlyHttp) {
  for (const char* url : {"javascript:alert(1)", "data:text/html,x",
                          " http://a", "//a", "httpx://a", ""}) {
    GitHubRules::Row row = RowOf("success");
    row.target_url = url;
    EXPECT_THAT(CommitPage({.full_name = "a/b", .sha = kSha, .shown = {row}}),
                Not(HasSubstr("Details")))
        << url;
  }
  GitHubRules::Row row = RowOf("success");
  row.target_url = "http://a";
  EXPECT_THAT(CommitPage({.full_name = "a/b", .sha = kSha, .shown = {row}}),
              HasSubstr("<a rel=\"noopener noreferrer nofollow\" "
                        "href=\"http://a\">Details</a>"));
}

}  // namespace
}  // namespace signalbox
