#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/detection.h"
#include "tests/clients/cli/detection_fixture.h"

namespace signalbox {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kOther(40, 'f');

// What git answers in a case.
enum class Git {
  kMissing,      // It is not installed.
  kNoCheckout,   // The working directory is in no checkout.
  kNotAllowed,   // The checkout is another user's.
  kCheckout,     // Of kMerge, with the parents kHead and kBase.
  kWithoutHead,  // As kCheckout, but no ref names the head of the change.
};
constexpr Git kAllGits[] = {Git::kMissing, Git::kNoCheckout, Git::kNotAllowed,
                            Git::kCheckout, Git::kWithoutHead};

Surroundings With(const Environment& environment, Git git,
                  const std::string& event = "",
                  const std::string& merge_message = "Some merge") {
  Surroundings surroundings;
  surroundings.environment = environment;
  surroundings.git = [git,
                      merge_message](const std::vector<std::string>& arguments)
      -> absl::StatusOr<std::string> {
    switch (git) {
      case Git::kMissing:
        return absl::NotFoundError("git is not installed");
      case Git::kNoCheckout:
        return absl::FailedPreconditionError(
            "git: fatal: not a git repository");
      case Git::kNotAllowed:
        return absl::FailedPreconditionError(
            "git: fatal: detected dubious ownership in repository at '/ci'");
      case Git::kCheckout:
      case Git::kWithoutHead:
        break;
    }
    const std::string command = absl::StrJoin(arguments, " ");
    if (command == "rev-parse HEAD") return kMerge;
    if (command == absl::StrCat("cat-file commit ", kMerge)) {
      return Commit({kBase, kHead}, merge_message);
    }
    if (command == absl::StrCat("cat-file commit ", kHead)) {
      return Commit({kBase}, "Work");
    }
    if (arguments[0] == "for-each-ref") {
      return git == Git::kCheckout && absl::StrContains(command, "PR-812")
                 ? kHead
                 : "";
    }
    return absl::FailedPreconditionError("git: fatal: bad object");
  };
  surroundings.read_file =
      [event](const std::string&) -> std::optional<std::string> {
    if (event.empty()) return std::nullopt;
    return event;
  };
  return surroundings;
}

struct Case {
  const char* name;
  Environment environment;
  std::string event;  // The file of GITHUB_EVENT_PATH.
  std::string sha;    // Empty: none is found.
  // Empty: as `sha` in each state of git. Else the commit if a checkout's refs
  // name the head.
  std::string with_refs;
};

Environment Actions(const std::string& name, const std::string& sha) {
  return {{"GITHUB_ACTIONS", "true"},
          {"GITHUB_EVENT_NAME", name},
          {"GITHUB_EVENT_PATH", "/event.json"},
          {"GITHUB_SHA", sha}};
}

std::vector<Case> Cases() {
  const std::string pull_request =
      absl::StrCat(R"({"pull_request":{"head":{"sha":")", kHead, R"("}}})");
  const auto of = [](const char* subject) {
    return absl::StrCat(R"({")", subject, R"(":{"head_sha":")", kHead,
                        R"("}})");
  };
  std::vector<Case> cases;
  // Events whose file names the commit, whatever GITHUB_SHA is.
  for (const char* const name :
       {"pull_request", "pull_request_target", "pull_request_review",
        "pull_request_review_comment"}) {
    cases.push_back({name, Actions(name, kBase), pull_request, kHead, ""});
  }
  for (const char* const name :
       {"workflow_run", "check_run", "check_suite", "merge_group"}) {
    cases.push_back({name, Actions(name, kBase), of(name), kHead, ""});
  }
  for (const char* const name : {"deployment", "deployment_status"}) {
    cases.push_back({name, Actions(name, kBase),
                     absl::StrCat(R"({"deployment":{"sha":")", kHead, R"("}})"),
                     kHead, ""});
  }
  cases.push_back({"status", Actions("status", kBase),
                   absl::StrCat(R"({"sha":")", kHead, R"("})"), kHead, ""});
  // Events for which GITHUB_SHA is the commit.
  for (const char* const name :
       {"push", "workflow_dispatch", "schedule", "create", "merge_group",
        "deployment", "release", "registry_package", "page_build"}) {
    cases.push_back({name, Actions(name, kHead), "{}", kHead, ""});
    cases.push_back({name, Actions(name, kHead), "", kHead, ""});
  }
  // Events about no commit: GITHUB_SHA is the tip of the default branch.
  for (const char* const name : {"branch_protection_rule",
                                 "delete",
                                 "discussion",
                                 "discussion_comment",
                                 "fork",
                                 "gollum",
                                 "image_version",
                                 "issue_comment",
                                 "issues",
                                 "label",
                                 "milestone",
                                 "public",
                                 "repository_dispatch",
                                 "watch",
                                 "workflow_run",
                                 "check_run",
                                 "check_suite",
                                 "status",
                                 "pull_request_target",
                                 "pull_request_review",
                                 "one_of_tomorrow"}) {
    cases.push_back({name, Actions(name, kBase), "{}", "", ""});
    cases.push_back({name, Actions(name, kBase), "", "", ""});
  }
  cases.push_back({"Actions, push without a variable of the event",
                   {{"GITHUB_SHA", kHead}},
                   "",
                   kHead,
                   ""});

  cases.push_back({"Jenkins, branch", {{"GIT_COMMIT", kHead}}, "", kHead, ""});
  cases.push_back({"Jenkins, multibranch with a merge",
                   {{"CHANGE_ID", "812"},
                    {"GIT_COMMIT", kMerge},
                    {"GIT_URL", "https://github.com/acme/app.git"}},
                   "",
                   "",
                   kHead});
  cases.push_back({"Jenkins, a pipeline of a change",
                   {{"CHANGE_ID", "812"}, {"JENKINS_URL", "https://ci/"}},
                   "",
                   "",
                   kHead});
  cases.push_back({"Jenkins, ghprb",
                   {{"ghprbPullId", "812"},
                    {"ghprbActualCommit", kHead},
                    {"GIT_COMMIT", kMerge}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Jenkins, ghprb without the head",
                   {{"ghprbPullId", "812"}, {"GIT_COMMIT", kMerge}},
                   "",
                   "",
                   kHead});
  cases.push_back({"GitLab, branch",
                   {{"GITLAB_CI", "true"}, {"CI_COMMIT_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"GitLab, merge request",
                   {{"GITLAB_CI", "true"},
                    {"CI_COMMIT_SHA", kHead},
                    {"CI_MERGE_REQUEST_IID", "5"},
                    {"CI_MERGE_REQUEST_EVENT_TYPE", "detached"},
                    {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"GitLab, merged results",
                   {{"GITLAB_CI", "true"},
                    {"CI_COMMIT_SHA", kMerge},
                    {"CI_MERGE_REQUEST_EVENT_TYPE", "merged_result"},
                    {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"GitLab, merge train without the head",
                   {{"GITLAB_CI", "true"},
                    {"CI_COMMIT_SHA", kMerge},
                    {"CI_MERGE_REQUEST_EVENT_TYPE", "merge_train"}},
                   "",
                   "",
                   ""});
  cases.push_back({"GitLab, external pull request",
                   {{"GITLAB_CI", "true"},
                    {"CI_COMMIT_SHA", kMerge},
                    {"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back(
      {"Buildkite",
       {{"BUILDKITE_COMMIT", kHead}, {"BUILDKITE_PULL_REQUEST", "812"}},
       "",
       kHead,
       ""});
  cases.push_back({"CircleCI", {{"CIRCLE_SHA1", kHead}}, "", kHead, ""});
  cases.push_back({"Travis, push",
                   {{"TRAVIS_COMMIT", kHead}, {"TRAVIS_PULL_REQUEST", "false"}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Travis, pull request",
                   {{"TRAVIS_COMMIT", kMerge},
                    {"TRAVIS_PULL_REQUEST", "812"},
                    {"TRAVIS_PULL_REQUEST_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Travis, pull request without the head",
                   {{"TRAVIS_COMMIT", kMerge}, {"TRAVIS_PULL_REQUEST", "812"}},
                   "",
                   "",
                   kHead});
  cases.push_back(
      {"TeamCity",
       {{"TEAMCITY_VERSION", "2023.05"}, {"BUILD_VCS_NUMBER", kHead}},
       "",
       kHead,
       ""});
  cases.push_back(
      {"Azure, branch",
       {{"BUILD_SOURCEVERSION", kHead}, {"BUILD_REASON", "IndividualCI"}},
       "",
       kHead,
       ""});
  cases.push_back({"Azure, pull request",
                   {{"BUILD_SOURCEVERSION", kMerge},
                    {"BUILD_REASON", "PullRequest"},
                    {"SYSTEM_PULLREQUEST_SOURCECOMMITID", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Azure, pull request without the head",
                   {{"BUILD_SOURCEVERSION", kMerge},
                    {"SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "812"}},
                   "",
                   "",
                   kHead});
  cases.push_back({"Drone",
                   {{"DRONE_PULL_REQUEST", "812"}, {"DRONE_COMMIT_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Woodpecker",
                   {{"CI", "woodpecker"},
                    {"CI_COMMIT_PULL_REQUEST", "812"},
                    {"CI_COMMIT_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Prow, pull request",
                   {{"PULL_NUMBER", "812"},
                    {"PULL_BASE_SHA", kBase},
                    {"PULL_PULL_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"Prow, batch",
                   {{"JOB_TYPE", "batch"},
                    {"PULL_BASE_SHA", kBase},
                    {"PULL_REFS", "main:1,812:2,813:3"}},
                   "",
                   "",
                   ""});
  cases.push_back({"Prow, postsubmit",
                   {{"JOB_TYPE", "postsubmit"}, {"PULL_BASE_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back(
      {"Semaphore, branch",
       {{"SEMAPHORE_GIT_SHA", kHead}, {"SEMAPHORE_GIT_REF_TYPE", "branch"}},
       "",
       kHead,
       ""});
  cases.push_back({"Semaphore, pull request",
                   {{"SEMAPHORE_GIT_SHA", kMerge},
                    {"SEMAPHORE_GIT_REF_TYPE", "pull-request"},
                    {"SEMAPHORE_GIT_PR_SHA", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back(
      {"AppVeyor, branch", {{"APPVEYOR_REPO_COMMIT", kHead}}, "", kHead, ""});
  cases.push_back({"AppVeyor, pull request",
                   {{"APPVEYOR_REPO_COMMIT", kBase},
                    {"APPVEYOR_PULL_REQUEST_NUMBER", "812"},
                    {"APPVEYOR_PULL_REQUEST_HEAD_COMMIT", kHead}},
                   "",
                   kHead,
                   ""});
  cases.push_back({"AppVeyor, pull request without the head",
                   {{"APPVEYOR_REPO_COMMIT", kBase},
                    {"APPVEYOR_PULL_REQUEST_NUMBER", "812"}},
                   "",
                   "",
                   ""});
  cases.push_back({"Bitbucket", {{"BITBUCKET_COMMIT", kHead}}, "", kHead, ""});
  return cases;
}

TEST(FindShaTest, FindsTheRightCommitOrNone) {
  int count = 0;
  for (const Case& c : Cases()) {
    for (const Git git : kAllGits) {
      SCOPED_TRACE(testing::Message() << c.name << ", event " << c.event
                                      << ", git " << static_cast<int>(git));
      const Finding<std::string> found =
          FindSha(With(c.environment, git, c.event));
      const bool tells = git == Git::kCheckout && !c.with_refs.empty();
      EXPECT_EQ(found.value, tells ? c.with_refs : c.sha);
      EXPECT_EQ(found.source.empty(), found.value.empty());
      EXPECT_TRUE(!found.value.empty() || !found.warnings.empty());
      ++count;
    }
  }
  std::cerr << count << " cases\n";
}

// Each source wins over all sources after it.
TEST_F(DetectionTest, SourcesOfTheShaAreAskedInOrder) {
  const auto sha = [](size_t i) {
    return absl::StrCat(std::string(39, '0'), 1 + i);
  };
  const std::vector<std::string> variables = {
      "TRAVIS_PULL_REQUEST_SHA",
      "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA",
      "GITHUB_SHA",
      "TRAVIS_COMMIT",
      "CI_COMMIT_SHA",
      "GIT_COMMIT",
      "BUILDKITE_COMMIT",
      "CIRCLE_SHA1"};
  AddCheckout(kCheckout, "");
  EXPECT_EQ(Sha(), kCheckout);
  EXPECT_EQ(FindSha(surroundings_).source, "git rev-parse HEAD");
  environment()["BUILD_VCS_NUMBER"] = kBase;
  EXPECT_EQ(Sha(), kBase);
  for (size_t i = variables.size(); i-- > 0;) {
    environment()[variables[i]] = sha(i);
    EXPECT_EQ(Sha(), sha(i));
    EXPECT_EQ(FindSha(surroundings_).source, variables[i]);
  }
  environment()["GITHUB_EVENT_PATH"] = "/event.json";
  files_["/event.json"] =
      absl::StrCat(R"({"pull_request":{"head":{"sha":")", kHead, R"("}}})");
  EXPECT_EQ(Sha(), kHead);
  EXPECT_EQ(FindSha(surroundings_).source, "GITHUB_EVENT_PATH");
}

TEST_F(DetectionTest, AnEventThatCannotBeReadIsPassedOverWithAWarning) {
  environment() = {{"GITHUB_SHA", kHead}, {"GITHUB_EVENT_PATH", "/event.json"}};
  const std::string deep(1 << 20, '[');
  for (const std::string& event :
       {std::string(), std::string("{"), std::string("\xff\xfe"), deep,
        std::string(R"({"pull_request":{"head":{"sha":"main"}}})")}) {
    files_["/event.json"] = event;
    EXPECT_EQ(Sha(), kHead);
    EXPECT_THAT(FindSha(surroundings_).warnings, Not(IsEmpty()));
  }
  files_.clear();
  EXPECT_EQ(Sha(), kHead);
  EXPECT_THAT(FindSha(surroundings_).warnings, Not(IsEmpty()));
}

TEST_F(DetectionTest, AnEventOfAnotherKindIsPassedOver) {
  environment() = {{"GITHUB_SHA", kHead}, {"GITHUB_EVENT_PATH", "/event.json"}};
  for (const char* event :
       {"{}", "[]", "1", "null", "\"text\"", R"({"pull_request":null})",
        R"({"pull_request":[]})", R"({"pull_request":{"head":7}})",
        R"({"pull_request":{"head":{}}})",
        R"({"pull_request":{"head":{"sha":5}}})"}) {
    files_["/event.json"] = event;
    EXPECT_EQ(Sha(), kHead) << event;
    EXPECT_THAT(FindSha(surroundings_).warnings, IsEmpty()) << event;
  }
}

// GitHub's message for its own merge names both commits, so any checkout of it
// shows the head, even a shallow one.
TEST_F(DetectionTest, ReadsTheHeadOutOfATestMerge) {
  git_[absl::StrCat("cat-file commit ", kMerge)] =
      Commit({kBase, kHead}, absl::StrCat("Merge ", kHead, " into ", kBase));
  for (const char* variable :
       {"GITHUB_SHA", "TRAVIS_COMMIT", "CI_COMMIT_SHA", "GIT_COMMIT",
        "BUILDKITE_COMMIT", "CIRCLE_SHA1", "BUILD_VCS_NUMBER"}) {
    environment() = {{variable, kMerge}};
    EXPECT_EQ(Sha(), kHead) << variable;
  }
  environment().clear();
  AddCheckout(kMerge, "");
  EXPECT_EQ(Sha(), kHead);
}

TEST_F(DetectionTest, ReadsTheHeadOutOfAMergeByJenkins) {
  git_[absl::StrCat("cat-file commit ", kMerge)] = Commit(
      {kHead, kBase}, absl::StrCat("Merge commit '", kBase, "' into HEAD"));
  environment() = {{"GIT_COMMIT", kMerge}, {"CHANGE_ID", "5"}};
  EXPECT_EQ(Sha(), kHead);
  // Elsewhere people write such merges themselves.
  environment() = {{"GIT_COMMIT", kMerge}};
  EXPECT_EQ(Sha(), kMerge);
}

TEST_F(DetectionTest, MergesOfPeopleStayWhatTheyAre) {
  environment() = {{"GIT_COMMIT", kMerge}};
  for (const std::string& commit :
       {Commit({kBase, kHead}, "Merge pull request #5 from octocat/main"),
        Commit({kBase, kHead}, absl::StrCat("Merge ", kBase, " into ", kHead)),
        Commit({kBase}, absl::StrCat("Merge ", kHead, " into ", kBase)),
        Commit({kBase, kHead, kMerge},
               absl::StrCat("Merge ", kHead, " into ", kBase)),
        Commit({"x", "y"}, "Merge y into x"), Commit({}, ""), std::string(),
        std::string("\n\n\nparent x")}) {
    git_[absl::StrCat("cat-file commit ", kMerge)] = commit;
    EXPECT_EQ(Sha(), kMerge) << commit;
  }
}

// Nobody sees a status on the test merge, so the program complains instead.
TEST_F(DetectionTest, ATestMergeWhoseHeadIsUnknownIsNotTaken) {
  AddCheckout(kMerge, "");
  const std::vector<Environment> pull_requests = {
      {{"GITHUB_SHA", kMerge}, {"GITHUB_EVENT_NAME", "pull_request"}},
      {{"GITHUB_SHA", kBase}, {"GITHUB_EVENT_NAME", "pull_request_target"}},
      {{"GITHUB_SHA", kMerge}, {"GITHUB_REF", "refs/pull/5/merge"}},
      {{"GITHUB_EVENT_NAME", "pull_request"}},
      {{"TRAVIS_COMMIT", kMerge}, {"TRAVIS_PULL_REQUEST", "5"}},
  };
  for (const Environment& pull_request : pull_requests) {
    environment() = pull_request;
    const Finding<std::string> finding = FindSha(surroundings_);
    EXPECT_EQ(finding.value, "");
    EXPECT_THAT(finding.warnings, Not(IsEmpty()));
  }
}

TEST_F(DetectionTest, WhatIsNotAFullShaIsPassedOverWithAWarning) {
  AddCheckout(kCheckout, "");
  for (const std::string& text :
       {std::string("main"), std::string("6dcb09b"), std::string(39, 'a'),
        std::string(41, 'a'), std::string(40, 'g'), std::string(40, '0'),
        std::string("1234")}) {
    environment() = {{"BUILD_VCS_NUMBER", text}};
    const Finding<std::string> finding = FindSha(surroundings_);
    EXPECT_EQ(finding.value, kCheckout) << text;
    EXPECT_THAT(finding.warnings, Contains(HasSubstr("BUILD_VCS_NUMBER")));
  }
  environment() = {{"GIT_COMMIT", std::string(64, 'F')}};
  EXPECT_EQ(Sha(), std::string(64, 'F'));
}

// Parents and refs decide, whatever the message is.
TEST(FindShaTest, AMergeIsJudgedByWhatRefsSayIsTheHead) {
  const Environment change = {{"CHANGE_ID", "812"}, {"GIT_COMMIT", kMerge}};
  for (const char* const message :
       {"Merge branch 'main' into work", "Merge pull request #7 from a/b",
        "Merge remote-tracking branch 'origin/main' into HEAD", ""}) {
    EXPECT_EQ(FindSha(With(change, Git::kCheckout, "", message)).value, kHead);
    EXPECT_EQ(FindSha(With(change, Git::kWithoutHead, "", message)).value, "");
  }
  // A head that is itself a merge, made by people.
  Surroundings merged = With(change, Git::kCheckout);
  const auto git = merged.git;
  merged.git = [git](const std::vector<std::string>& arguments)
      -> absl::StatusOr<std::string> {
    if (arguments[0] == "for-each-ref") return kMerge;
    return git(arguments);
  };
  EXPECT_EQ(FindSha(merged).value, kMerge);
}

TEST(FindShaTest, ABranchOfTheRepositoryNamesTheHeadButNotOneOfAFork) {
  Environment change = {
      {"CHANGE_ID", "5"}, {"CHANGE_BRANCH", "work"}, {"GIT_COMMIT", kMerge}};
  const auto with_branch = [&change] {
    Surroundings surroundings = With(change, Git::kWithoutHead);
    const auto git = surroundings.git;
    surroundings.git = [git](const std::vector<std::string>& arguments)
        -> absl::StatusOr<std::string> {
      if (arguments[0] == "for-each-ref" &&
          arguments.back() == "refs/remotes/*/work") {
        return kHead;
      }
      return git(arguments);
    };
    return surroundings;
  };
  EXPECT_EQ(FindSha(with_branch()).value, kHead);
  change["CHANGE_FORK"] = "octocat";
  EXPECT_EQ(FindSha(with_branch()).value, "");
}

TEST(FindShaTest, SaysWhyItCannotLook) {
  const Environment change = {{"CHANGE_ID", "812"}, {"GIT_COMMIT", kMerge}};
  EXPECT_THAT(FindSha(With(change, Git::kNotAllowed)).warnings,
              Contains(HasSubstr("dubious ownership")));
  EXPECT_THAT(FindSha(With(change, Git::kMissing)).warnings,
              Contains(HasSubstr("git is not installed")));
  EXPECT_THAT(FindSha(With({}, Git::kNotAllowed)).warnings,
              Contains(HasSubstr("dubious ownership")));
}

TEST(FindShaTest, SaysWhatAnEventIsAbout) {
  EXPECT_THAT(FindSha(With(Actions("issue_comment", kBase), Git::kMissing,
                           R"({"issue":{"number":7,"pull_request":{}}})"))
                  .warnings,
              Contains(HasSubstr("on pull request 7 names no commit")));
  EXPECT_THAT(
      FindSha(With(Actions("watch", kBase), Git::kMissing, "{}")).warnings,
      Contains(HasSubstr("of the kind watch names no commit")));
}

TEST(FindShaTest, SaysThatTheCheckoutIsElsewhere) {
  EXPECT_THAT(FindSha(With({{"GIT_COMMIT", kOther}}, Git::kCheckout)).warnings,
              Contains("the commit is ffffffff, from GIT_COMMIT; the checkout "
                       "is on cccccccc"));
  // A checkout of the change's test merge needs no warning.
  EXPECT_THAT(FindSha(With({{"TRAVIS_COMMIT", kMerge},
                            {"TRAVIS_PULL_REQUEST", "812"},
                            {"TRAVIS_PULL_REQUEST_SHA", kHead}},
                           Git::kCheckout))
                  .warnings,
              IsEmpty());
  EXPECT_THAT(FindSha(With({{"GIT_COMMIT", kMerge}}, Git::kCheckout)).warnings,
              IsEmpty());
}

}  // namespace
}  // namespace signalbox
