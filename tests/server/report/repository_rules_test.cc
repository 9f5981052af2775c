#include "server/report/repository_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "server/report/code_change.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Repository Named(absl::string_view name) { return *ParseRepository(name); }

CodeChange PullRequest() {
  CodeChange change;
  change.event = "pull_request";
  change.pull_request_number = 7;
  change.head_ref = "topic";
  change.base_ref = "main";
  return change;
}

CodeChange Push(absl::string_view ref) {
  CodeChange change;
  change.event = "push";
  change.base_ref = std::string(ref);
  return change;
}

RepositoryRule Rule(absl::string_view match,
                    std::vector<std::string> contexts = {"ci/build"}) {
  RepositoryRule rule;
  rule.match = std::string(match);
  rule.contexts = std::move(contexts);
  return rule;
}

TEST(RepositoryPatternTest, AStarIsAnythingButASlash) {
  EXPECT_TRUE(RepositoryMatches("acme/*", Named("acme/widgets").Canonical()));
  EXPECT_TRUE(
      RepositoryMatches("ACME/Wid*", Named("acme/WIDGETS").Canonical()));
  EXPECT_TRUE(RepositoryMatches("*/*", Named("acme/widgets").Canonical()));
  EXPECT_TRUE(RepositoryMatches("a*e/*s", Named("acme/widgets").Canonical()));
  EXPECT_FALSE(RepositoryMatches("acme/*", Named("acme2/widgets").Canonical()));
  EXPECT_FALSE(
      RepositoryMatches("acme/wid", Named("acme/widgets").Canonical()));
}

TEST(RepositoryPatternTest, AStarAloneIsEveryRepositoryOfEveryHost) {
  EXPECT_TRUE(RepositoryMatches("*", Named("acme/widgets").Canonical()));
  EXPECT_TRUE(
      RepositoryMatches("*", Named("ghes.example/acme/widgets").Canonical()));
  EXPECT_TRUE(AccountMatches("*", "ghes.example", "acme"));
  const RepositoryRules rules({Rule("*", {"everywhere"})});
  EXPECT_EQ(rules.Find(Named("ghes.example/acme/widgets"))->match, "*");
}

TEST(RepositoryPatternTest, AnAccountMatchesWithAllItsRepositories) {
  for (const char* const pattern :
       {"acme/*", "ACME/*", "*/*", "a*e/*", "github.com/acme/*", "acme/**"}) {
    EXPECT_TRUE(AccountMatches(pattern, "github.com", "Acme")) << pattern;
  }
  for (const char* const pattern : {"acme/any", "acme/a*", "acme/*y", "acm/*",
                                    "ghes.example/acme/*", "acme", ""}) {
    EXPECT_FALSE(AccountMatches(pattern, "github.com", "acme")) << pattern;
  }
  EXPECT_FALSE(AccountMatches("acme/*", "ghes.example", "acme"));
  EXPECT_TRUE(AccountMatches("ghes.example/acme/*", "ghes.example", "acme"));
}

TEST(RepositoryPatternTest, WithoutAHostMeansGitHubCom) {
  const Repository ghes = Named("ghes.example/acme/widgets");
  EXPECT_FALSE(RepositoryMatches("acme/*", ghes.Canonical()));
  EXPECT_FALSE(RepositoryMatches("*/*", ghes.Canonical()));
  EXPECT_TRUE(RepositoryMatches("GHES.example/acme/*", ghes.Canonical()));
  EXPECT_TRUE(RepositoryMatches("*/acme/*", ghes.Canonical()));
  EXPECT_TRUE(RepositoryMatches("*/acme/*", Named("acme/widgets").Canonical()));
  EXPECT_TRUE(RepositoryMatches("github.com/acme/*",
                                Named("acme/widgets").Canonical()));
  EXPECT_FALSE(
      RepositoryMatches("ghes.example/*/*", Named("acme/widgets").Canonical()));
}

TEST(RepositoryPatternTest, HasTheGrammarOfARepository) {
  for (const char* const good : {"a/b", "*/*", "acme/*", "g.example/*/*",
                                 "*/*/*", "a*/*b", "a/.*", "g:80/a/b", "*"}) {
    EXPECT_EQ(CheckRepositoryPattern("match", good), absl::OkStatus()) << good;
  }
  for (const char* const bad :
       {"", "acme", "acme/", "/widgets", "a/b/c/d", "a b/c", "a/[b]", "a/?",
        "a/b\n", "**", "a//b", "https://github.com/a/b", "\u00e4/*"}) {
    const absl::Status status = CheckRepositoryPattern("match", bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(ReasonOf(status), "INVALID_PATTERN") << bad;
  }
}

TEST(RepositoryRulesTest, TheFirstRuleThatMatchesCounts) {
  const RepositoryRules rules({Rule("acme/widgets", {"one"}),
                               Rule("acme/*", {"two"}),
                               Rule("*/*", {"three"})});
  EXPECT_EQ(rules.Find(Named("acme/widgets"))->match, "acme/widgets");
  EXPECT_EQ(rules.Find(Named("Acme/Widgets"))->match, "acme/widgets");
  EXPECT_EQ(rules.Find(Named("acme/gears"))->match, "acme/*");
  EXPECT_EQ(rules.Find(Named("x/y"))->match, "*/*");
  EXPECT_EQ(rules.Find(Named("ghes.example/x/y")), nullptr);
}

TEST(RepositoryRulesTest, WithoutARuleTheDefaultCounts) {
  const RepositoryRules nothing;
  const CodeChange pull_request = PullRequest();
  const CodeChange push = Push("refs/heads/main");
  for (const CodeChange* const change :
       {static_cast<const CodeChange*>(nullptr), &pull_request, &push}) {
    EXPECT_THAT(nothing.Expect(Named("a/b"), change).contexts,
                ElementsAre("ci/build"));
  }
  const RepositoryRules other({Rule("acme/*")}, {"x", "y"});
  EXPECT_THAT(other.Expect(Named("a/b"), nullptr).contexts,
              ElementsAre("x", "y"));
  EXPECT_THAT(other.Expect(Named("acme/b"), nullptr).contexts,
              ElementsAre("ci/build"));
}

TEST(RepositoryRulesTest, ATagGetsNothingByDefault) {
  const RepositoryRules nothing;
  const CodeChange tag = Push("refs/tags/v1");
  const auto expected = nothing.Expect(Named("a/b"), &tag);
  EXPECT_THAT(expected.contexts, IsEmpty());
  EXPECT_EQ(expected.why,
            "No rule of the configuration matches a/b, so the push of tag "
            "\"v1\" makes no context pending.");
  // A branch may be called like a tag.
  const CodeChange branch = Push("refs/heads/refs/tags/v1");
  EXPECT_THAT(nothing.Expect(Named("a/b"), &branch).contexts,
              ElementsAre("ci/build"));
}

TEST(RepositoryRulesTest, APullRequestGetsTheContextsOfItsRule) {
  const RepositoryRules rules({Rule("acme/*", {"ci/build", "ci/lint"})});
  const CodeChange change = PullRequest();
  const auto expected = rules.Expect(Named("Acme/Widgets"), &change);
  EXPECT_THAT(expected.contexts, ElementsAre("ci/build", "ci/lint"));
  EXPECT_EQ(expected.why,
            "Acme/Widgets matches the rule for \"acme/*\", which expects "
            "ci/build, ci/lint of every pull request.");
}

// All of draft and fork, on the change and in the rule.
TEST(RepositoryRulesTest, DraftsAndForksCanBeLeftOut) {
  for (int bits = 0; bits < 16; ++bits) {
    RepositoryRule rule = Rule("acme/*");
    rule.drafts = (bits & 1) != 0;
    rule.forks = (bits & 2) != 0;
    CodeChange change = PullRequest();
    change.draft = (bits & 4) != 0;
    change.fork = (bits & 8) != 0;
    const auto expected =
        RepositoryRules({rule}).Expect(Named("acme/widgets"), &change);
    const bool left_out =
        (change.draft && !rule.drafts) || (change.fork && !rule.forks);
    EXPECT_EQ(expected.contexts.empty(), left_out) << bits;
    if (change.draft && !rule.drafts) {
      EXPECT_THAT(expected.why, HasSubstr("drafts: false")) << bits;
    } else if (left_out) {
      EXPECT_THAT(expected.why, HasSubstr("forks: false")) << bits;
    }
  }
  EXPECT_FALSE(RepositoryRule().drafts);
  EXPECT_TRUE(RepositoryRule().forks);
}

// A farm that reports without a change knows what it builds.
TEST(RepositoryRulesTest, ACallerWithoutAChangeGetsThemAll) {
  const RepositoryRules rules({Rule("acme/*", {"ci/build", "ci/lint"})});
  const auto expected = rules.Expect(Named("acme/widgets"), nullptr);
  EXPECT_THAT(expected.contexts, ElementsAre("ci/build", "ci/lint"));
  EXPECT_EQ(expected.why,
            "acme/widgets matches the rule for \"acme/*\", which expects "
            "ci/build, ci/lint.");
}

TEST(RepositoryRulesTest, APushGetsThemOnlyOnTheBranchesNamed) {
  RepositoryRule rule = Rule("acme/*");
  rule.push_branches = {"main", "release/*", "refs/tags/v*"};
  const RepositoryRules rules({rule});
  const auto gets = [&rules](absl::string_view ref) {
    const CodeChange change = Push(ref);
    return !rules.Expect(Named("acme/widgets"), &change).contexts.empty();
  };
  EXPECT_TRUE(gets("refs/heads/main"));
  EXPECT_TRUE(gets("refs/heads/Main"));
  EXPECT_TRUE(gets("refs/heads/release/1"));
  EXPECT_TRUE(gets("refs/heads/release/1/2"));
  EXPECT_TRUE(gets("refs/tags/v1"));
  EXPECT_TRUE(gets("refs/tags/v1/x"));
  EXPECT_FALSE(gets("refs/heads/topic"));
  EXPECT_FALSE(gets("refs/heads/x/main"));
  EXPECT_FALSE(gets("refs/heads/main/x"));
  EXPECT_FALSE(gets("refs/tags/main"));
  EXPECT_FALSE(gets("refs/tags/release/1"));
  EXPECT_FALSE(gets("refs/heads/refs/tags/v1"));
  EXPECT_FALSE(gets("refs/notes/main"));
  EXPECT_FALSE(gets("refs/heads/"));
  EXPECT_FALSE(gets(""));
}

TEST(RepositoryRulesTest, AStarMeansAllBranchesAndNoTag) {
  RepositoryRule rule = Rule("acme/*");
  rule.push_branches = {"*"};
  const RepositoryRules rules({rule});
  const CodeChange branch = Push("refs/heads/a/b");
  const CodeChange tag = Push("refs/tags/v1");
  EXPECT_THAT(rules.Expect(Named("acme/w"), &branch).contexts,
              ElementsAre("ci/build"));
  EXPECT_THAT(rules.Expect(Named("acme/w"), &tag).contexts, IsEmpty());
}

TEST(RepositoryRulesTest, AWholeRefNamesOneBranch) {
  RepositoryRule rule = Rule("acme/*");
  rule.push_branches = {"refs/heads/main"};
  const RepositoryRules rules({rule});
  const CodeChange main = Push("refs/heads/main");
  EXPECT_THAT(rules.Expect(Named("acme/w"), &main).contexts,
              ElementsAre("ci/build"));
}

TEST(RepositoryRulesTest, APushGetsNothingWithoutPushBranches) {
  const RepositoryRules rules({Rule("acme/*")});
  const CodeChange push = Push("refs/heads/main");
  const auto expected = rules.Expect(Named("acme/widgets"), &push);
  EXPECT_THAT(expected.contexts, IsEmpty());
  EXPECT_EQ(expected.why,
            "acme/widgets matches the rule for \"acme/*\", but none of its "
            "push_branches fits the push to branch \"main\".");
}

// Only pull requests can be drafts or come from forks.
TEST(RepositoryRulesTest, APushIsNeitherDraftNorFork) {
  RepositoryRule rule = Rule("acme/*");
  rule.push_branches = {"main"};
  rule.forks = false;
  CodeChange push = Push("refs/heads/main");
  push.draft = true;
  push.fork = true;
  EXPECT_THAT(RepositoryRules({rule}).Expect(Named("acme/w"), &push).contexts,
              ElementsAre("ci/build"));
}

TEST(RepositoryRulesTest, ARuleMayExpectNothing) {
  RepositoryRule rule = Rule("acme/quiet", {});
  rule.push_branches = {"*"};
  const RepositoryRules rules({rule, Rule("acme/*")});
  const CodeChange pull_request = PullRequest();
  const CodeChange push = Push("refs/heads/main");
  for (const CodeChange* const change :
       {static_cast<const CodeChange*>(nullptr), &pull_request, &push}) {
    const auto expected = rules.Expect(Named("acme/quiet"), change);
    EXPECT_THAT(expected.contexts, IsEmpty());
    EXPECT_THAT(expected.why, HasSubstr("which expects no contexts."));
  }
}

TEST(RepositoryRulesTest, ReasonsAreOneSentenceWithoutForeignBytes) {
  RepositoryRule rule = Rule("acme/*");
  rule.push_branches = {"x*"};
  const RepositoryRules rules({rule});
  for (const char* const ref :
       {"refs/heads/a\nb", "refs/heads/x\x1b[2J", "refs/tags/\u202e", "\x01"}) {
    for (const char* const repository : {"acme/w", "other/w"}) {
      const CodeChange change = Push(ref);
      const std::string why = rules.Expect(Named(repository), &change).why;
      EXPECT_THAT(why, EndsWith("."));
      for (const char c : why) {
        EXPECT_GE(c, ' ') << why;
        EXPECT_LE(c, '~') << why;
      }
    }
  }
}

TEST(RepositoryRulesTest, APendingWaitsSixHoursOrAsTheRuleSays) {
  RepositoryRule slow = Rule("acme/slow");
  slow.pending_expires_after = absl::Hours(48);
  const RepositoryRules rules({slow, Rule("acme/*")});
  EXPECT_EQ(rules.ExpiresAfter(Named("acme/slow")), absl::Hours(48));
  EXPECT_EQ(rules.ExpiresAfter(Named("acme/other")), absl::Hours(6));
  EXPECT_EQ(rules.ExpiresAfter(Named("x/y")), absl::Hours(6));
  const absl::Duration never = absl::InfiniteDuration();
  EXPECT_EQ(rules.ExpiresAfter(Named("acme/slow"), never), absl::Hours(48));
  EXPECT_EQ(rules.ExpiresAfter(Named("acme/other"), never), never);
  EXPECT_EQ(rules.ExpiresAfter(Named("x/y"), never), never);
}

// The head is the same, and so are its results, unless the rule wants the merge
// tested again.
TEST(RepositoryRulesTest, AnotherBaseIsTestedWhereTheRuleSaysSo) {
  const Repository repository = *ParseRepository("acme/app");
  CodeChange change;
  change.event = "pull_request";
  change.base_changed = true;
  EXPECT_TRUE(RepositoryRules().Expect(repository, &change).contexts.empty());
  RepositoryRule rule;
  rule.match = "acme/*";
  EXPECT_TRUE(
      RepositoryRules({rule}).Expect(repository, &change).contexts.empty());
  rule.rerun_on_base_change = true;
  EXPECT_EQ(RepositoryRules({rule}).Expect(repository, &change).contexts,
            rule.contexts);
  change.draft = true;
  EXPECT_TRUE(
      RepositoryRules({rule}).Expect(repository, &change).contexts.empty());
}

TEST(RepositoryRulesTest, SomeRulesNameOneRepository) {
  std::vector<RepositoryRule> rules(4);
  rules[0].match = "acme/*";
  rules[1].match = "acme/Widgets";
  rules[2].match = "*";
  rules[3].match = "ghes.example/acme/app";
  std::vector<std::string> named;
  for (const Repository& one : RepositoryRules(rules).NamedRepositories()) {
    named.push_back(one.Canonical().text());
  }
  EXPECT_EQ(named, (std::vector<std::string>{"github.com/acme/widgets",
                                             "ghes.example/acme/app"}));
}

}  // namespace
}  // namespace signalbox
