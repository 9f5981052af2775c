#include "clients/cli/detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/clients/cli/detection_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The variables of CI systems, as their documentation shows them.
struct Farm {
  const char* name;
  Environment environment;
  std::string event;     // The content of GITHUB_EVENT_PATH.
  std::string checkout;  // Empty: no git.
  std::string origin;
  std::string repository;
  std::string sha;
  int64_t attempt;
  std::string target_url;
};

std::vector<Farm> Farms() {
  const Environment github = {{"CI", "true"},
                              {"GITHUB_ACTIONS", "true"},
                              {"GITHUB_SERVER_URL", "https://github.com"},
                              {"GITHUB_REPOSITORY", "acme/widgets"},
                              {"GITHUB_RUN_ID", "9876543210"},
                              {"GITHUB_RUN_NUMBER", "17"},
                              {"GITHUB_RUN_ATTEMPT", "2"},
                              {"GITHUB_EVENT_PATH", "/event.json"}};
  const auto with = [](Environment base, const Environment& more) {
    for (const auto& [name, value] : more) base[name] = value;
    return base;
  };
  const std::string github_url =
      "https://github.com/acme/widgets/actions/runs/9876543210";
  const std::string event = absl::StrCat(
      R"({"action":"synchronize","number":5,"pull_request":{"head":{"sha":")",
      kHead, R"("},"base":{"sha":")", kBase, R"("}}})");
  const Environment travis = {{"CI", "true"},
                              {"TRAVIS", "true"},
                              {"TRAVIS_REPO_SLUG", "acme/widgets"},
                              {"TRAVIS_BUILD_NUMBER", "4"},
                              {"TRAVIS_JOB_NUMBER", "4.1"},
                              {"TRAVIS_BUILD_WEB_URL",
                               "https://app.travis-ci.com/acme/widgets/"
                               "builds/1"}};
  const Environment gitlab = {
      {"CI", "true"},
      {"GITLAB_CI", "true"},
      {"CI_JOB_ID", "5000000001"},
      {"CI_PROJECT_PATH", "mirrors/acme-widgets"},
      {"CI_JOB_URL", "https://gitlab.com/mirrors/acme-widgets/-/jobs/5"},
      {"CI_REPOSITORY_URL",
       "https://gitlab-ci-token:secret@gitlab.com/mirrors/acme-widgets.git"}};
  const Environment jenkins = {
      {"JENKINS_URL", "https://jenkins.example.com/"},
      {"BUILD_NUMBER", "118"},
      {"BUILD_ID", "118"},
      {"BUILD_URL", "https://jenkins.example.com/job/widgets/118/"},
      {"GIT_URL", "https://github.com/acme/widgets.git"},
      {"GIT_BRANCH", "origin/main"}};
  const Environment buildkite = {
      {"BUILDKITE", "true"},
      {"BUILDKITE_BUILD_NUMBER", "1514"},
      {"BUILDKITE_RETRY_COUNT", "3"},
      {"BUILDKITE_BUILD_URL", "https://buildkite.com/acme/widgets/builds/1514"},
      {"BUILDKITE_REPO", "git@github.com:acme/widgets.git"}};
  const Environment circle = {
      {"CIRCLECI", "true"},
      {"CIRCLE_BUILD_NUM", "512"},
      {"CIRCLE_PROJECT_USERNAME", "acme"},
      {"CIRCLE_PROJECT_REPONAME", "widgets"},
      {"CIRCLE_BUILD_URL", "https://circleci.com/gh/acme/widgets/512"},
      {"CIRCLE_SHA1", kHead}};
  const Environment teamcity = {
      {"TEAMCITY_VERSION", "2023.05"},
      {"BUILD_NUMBER", "77"},
      {"BUILD_VCS_NUMBER", kHead},
      {"BUILD_URL", "https://teamcity.example.com/build/77"}};
  const std::string origin = "https://github.com/acme/widgets.git";

  return {
      {"GitHub Actions, push",
       with(github, {{"GITHUB_SHA", kHead}, {"GITHUB_EVENT_NAME", "push"}}),
       R"({"ref":"refs/heads/main"})", "", "", "acme/widgets", kHead,
       9876543210002, github_url},
      {"GitHub Actions, pull request",
       with(github, {{"GITHUB_SHA", kMerge},
                     {"GITHUB_EVENT_NAME", "pull_request"},
                     {"GITHUB_REF", "refs/pull/5/merge"}}),
       event, kMerge, origin, "acme/widgets", kHead, 9876543210002, github_url},
      {"GitHub Actions, pull_request_target",
       with(github, {{"GITHUB_SHA", kBase},
                     {"GITHUB_EVENT_NAME", "pull_request_target"}}),
       event, kBase, origin, "acme/widgets", kHead, 9876543210002, github_url},
      {"GitHub Actions on GHES",
       with(github, {{"GITHUB_SHA", kHead},
                     {"GITHUB_SERVER_URL", "https://ghe.example.com"}}),
       "{}", "", "", "ghe.example.com/acme/widgets", kHead, 9876543210002,
       "https://ghe.example.com/acme/widgets/actions/runs/9876543210"},
      {"Travis, push",
       with(travis, {{"TRAVIS_COMMIT", kHead},
                     {"TRAVIS_PULL_REQUEST", "false"},
                     {"TRAVIS_PULL_REQUEST_SHA", ""}}),
       "", "", "", "acme/widgets", kHead, 0,
       "https://app.travis-ci.com/acme/widgets/builds/1"},
      {"Travis, pull request",
       with(travis, {{"TRAVIS_COMMIT", kMerge},
                     {"TRAVIS_PULL_REQUEST", "5"},
                     {"TRAVIS_PULL_REQUEST_SLUG", "octocat/widgets"},
                     {"TRAVIS_PULL_REQUEST_SHA", kHead}}),
       "", kMerge, origin, "acme/widgets", kHead, 0,
       "https://app.travis-ci.com/acme/widgets/builds/1"},
      {"GitLab, external pull request",
       with(gitlab,
            {{"CI_COMMIT_SHA", kMerge},
             {"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "octocat/widgets"},
             {"CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY", "acme/widgets"},
             {"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA", kHead}}),
       "", kMerge, "https://gitlab.com/mirrors/acme-widgets.git",
       "acme/widgets", kHead, 5000000001,
       "https://gitlab.com/mirrors/acme-widgets/-/jobs/5"},
      {"GitLab, push",
       with(gitlab,
            {{"CI_COMMIT_SHA", kHead}, {"CI_PROJECT_PATH", "acme/widgets"}}),
       "", kHead, "https://gitlab.com/acme/widgets.git", "acme/widgets", kHead,
       5000000001, "https://gitlab.com/mirrors/acme-widgets/-/jobs/5"},
      {"Jenkins, push", with(jenkins, {{"GIT_COMMIT", kHead}}), "", kHead,
       origin, "acme/widgets", kHead, 118,
       "https://jenkins.example.com/job/widgets/118/"},
      {"Buildkite, push", with(buildkite, {{"BUILDKITE_COMMIT", kHead}}), "",
       "", "", "acme/widgets", kHead, 1514003,
       "https://buildkite.com/acme/widgets/builds/1514"},
      {"Buildkite, pull request of a fork",
       with(buildkite, {{"BUILDKITE_COMMIT", kHead},
                        {"BUILDKITE_PULL_REQUEST", "5"},
                        {"BUILDKITE_PULL_REQUEST_REPO",
                         "https://github.com/octocat/widgets.git"}}),
       "", "", "", "acme/widgets", kHead, 1514003,
       "https://buildkite.com/acme/widgets/builds/1514"},
      {"Buildkite, of whatever is newest",
       with(buildkite, {{"BUILDKITE_COMMIT", "HEAD"}}), "", kHead, origin,
       "acme/widgets", kHead, 1514003,
       "https://buildkite.com/acme/widgets/builds/1514"},
      {"CircleCI, push", circle, "", "", "", "acme/widgets", kHead, 512,
       "https://circleci.com/gh/acme/widgets/512"},
      {"CircleCI, pull request of a fork",
       with(circle,
            {{"CIRCLE_REPOSITORY_URL", "git@github.com:acme/widgets.git"},
             {"CIRCLE_PR_USERNAME", "octocat"},
             {"CIRCLE_PR_REPONAME", "widgets"}}),
       "", "", "", "acme/widgets", kHead, 512,
       "https://circleci.com/gh/acme/widgets/512"},
      {"Buildbot",
       {{"BUILD_NUMBER", "31"}},
       "",
       kHead,
       origin,
       "acme/widgets",
       kHead,
       31,
       ""},
      {"TeamCity", teamcity, "", kHead, origin, "acme/widgets", kHead, 77,
       "https://teamcity.example.com/build/77"},
      {"TeamCity, with a format of its own",
       with(teamcity, {{"BUILD_NUMBER", "1.4.77"}}), "", kHead, origin,
       "acme/widgets", kHead, 0, "https://teamcity.example.com/build/77"},
      {"git",
       {},
       "",
       kHead,
       "git@github.com:acme/widgets.git",
       "acme/widgets",
       kHead,
       0,
       ""},
      {"nothing", {}, "", "", "", "", "", 0, ""},
  };
}

TEST_F(DetectionTest, FindsTheHeadOnEveryFarm) {
  for (const Farm& farm : Farms()) {
    SCOPED_TRACE(farm.name);
    surroundings_.environment = farm.environment;
    files_ = {{"/event.json", farm.event}};
    git_.clear();
    if (!farm.checkout.empty()) AddCheckout(farm.checkout, farm.origin);
    EXPECT_EQ(Repository(), farm.repository);
    EXPECT_EQ(Sha(), farm.sha);
    EXPECT_EQ(Attempt(), farm.attempt);
    EXPECT_EQ(TargetUrl(), farm.target_url);
  }
}

TEST_F(DetectionTest, SourcesOfTheAttemptAreAskedInOrder) {
  environment()["CIRCLE_BUILD_NUM"] = "1";
  EXPECT_EQ(Attempt(), 1);
  environment()["BUILD_NUMBER"] = "2";
  EXPECT_EQ(Attempt(), 2);
  environment()["CI_JOB_ID"] = "3";
  EXPECT_EQ(Attempt(), 3);
  environment()["BUILDKITE_BUILD_NUMBER"] = "4";
  environment()["BUILDKITE_RETRY_COUNT"] = "0";
  EXPECT_EQ(Attempt(), 4000);
  environment()["GITHUB_RUN_ID"] = "5";
  environment()["GITHUB_RUN_ATTEMPT"] = "1";
  EXPECT_EQ(Attempt(), 5001);
  EXPECT_EQ(FindAttempt(surroundings_).source, "GITHUB_RUN_ID");
}

// Shards of one build show the worst of their results, so they need one number.
// A shard that is repeated alone must not get ahead of the others.
TEST_F(DetectionTest, ParallelJobsOfARunHaveOneNumber) {
  environment() = {{"CI_JOB_ID", "5000"},
                   {"CI_PIPELINE_ID", "300"},
                   {"CI_NODE_TOTAL", "1"},
                   {"CI_PROJECT_PATH", "acme/app"},
                   {"CI_SERVER_HOST", "gitlab.com"}};
  EXPECT_EQ(Attempt(), 5000);
  EXPECT_EQ(Series(), "gitlab:gitlab.com/acme/app");
  EXPECT_EQ(Parallel("ci/build"), "");
  environment()["CI_NODE_TOTAL"] = "4";
  environment()["CI_NODE_INDEX"] = "2";
  EXPECT_EQ(Attempt(), 300);
  // Pipelines and jobs have different counters.
  EXPECT_EQ(Series(), "gitlab:gitlab.com/acme/app#pipelines");
  EXPECT_EQ(Parallel("ci/build"), "CI_NODE_TOTAL=4");
  EXPECT_EQ(Parallel("ci/build 2"), "");
  EXPECT_EQ(Parallel("ci/py2"), "CI_NODE_TOTAL=4");
  environment().erase("CI_PIPELINE_ID");
  EXPECT_EQ(Attempt(), 0);
  EXPECT_EQ(Series(), "");

  environment() = {{"BUILDKITE_BUILD_NUMBER", "7"},
                   {"BUILDKITE_RETRY_COUNT", "2"},
                   {"BUILDKITE_ORGANIZATION_SLUG", "acme"},
                   {"BUILDKITE_PIPELINE_SLUG", "app"},
                   {"BUILDKITE_PARALLEL_JOB_COUNT", "3"},
                   {"BUILDKITE_PARALLEL_JOB", "0"}};
  EXPECT_EQ(Attempt(), 7000);
  EXPECT_EQ(Series(), "buildkite:acme/app");
  EXPECT_EQ(Parallel("ci/build"), "BUILDKITE_PARALLEL_JOB_COUNT=3");
  environment().erase("BUILDKITE_RETRY_COUNT");
  EXPECT_EQ(Attempt(), 7000);
  environment() = {{"BUILDKITE_BUILD_NUMBER", "7"},
                   {"BUILDKITE_RETRY_COUNT", "2"}};
  EXPECT_EQ(Attempt(), 7002);
  EXPECT_EQ(Parallel("ci/build"), "");

  environment() = {{"CIRCLE_BUILD_NUM", "78"},
                   {"CIRCLE_NODE_TOTAL", "2"},
                   {"CIRCLE_NODE_INDEX", "1"},
                   {"CIRCLE_JOB", "test"}};
  EXPECT_EQ(Attempt(), 78);
  EXPECT_EQ(Parallel("ci/build"), "CIRCLE_NODE_TOTAL=2");
  EXPECT_EQ(Parallel("ci/test-1"), "");
  environment()["CIRCLE_NODE_TOTAL"] = "1";
  EXPECT_EQ(Parallel("ci/build"), "");
}

TEST_F(DetectionTest, TheSeriesOfAJenkinsJobIsItsUrl) {
  const std::string jobs = "https://ci.example.com/job/app/";
  const struct {
    std::string url;
    std::string series;
  } cases[] = {
      {jobs, "jenkins:https://ci.example.com/job/app"},
      {"https://ci.example.com/job/app",
       "jenkins:https://ci.example.com/job/app"},
      // Folders, and branches of a multibranch job, which count apart.
      {"https://ci.example.com/jenkins/job/team/job/app/job/PR-812/",
       "jenkins:https://ci.example.com/jenkins/job/team/job/app/job/PR-812"},
      // The axes of a matrix have their parent's numbers.
      {jobs + "JDK=17,OS=linux/", "jenkins:https://ci.example.com/job/app"},
      {jobs + "default/", "jenkins:https://ci.example.com/job/app"},
      {"https://ci.example.com/job/job/job/118/",
       "jenkins:https://ci.example.com/job/job/job/118"},
      {"https://ci.example.com/view/job/job/app/",
       "jenkins:https://ci.example.com/view/job/job/app"},
      {"https://user:hunter2@ci.example.com/job/app/?x=1#y",
       "jenkins:https://ci.example.com/job/app"},
  };
  for (const auto& c : cases) {
    environment() = {{"BUILD_NUMBER", "118"}, {"JOB_URL", c.url}};
    EXPECT_EQ(Series(), c.series) << c.url;
  }
  // Jenkins may set only the build's URL.
  for (const char* build : {"118/", "118", "JDK=17/118/", "JDK=17,OS=x/118"}) {
    environment() = {{"BUILD_NUMBER", "118"}, {"BUILD_URL", jobs + build}};
    EXPECT_EQ(Series(), "jenkins:https://ci.example.com/job/app") << build;
  }
  // Jenkins may not know its own URL.
  environment() = {{"BUILD_NUMBER", "118"},
                   {"JENKINS_HOME", "/var/jenkins"},
                   {"JOB_NAME", "team/app/JDK=17,OS=x"}};
  EXPECT_EQ(Series(), "jenkins:team/app");
  EXPECT_EQ(Parallel("ci/build"), "JOB_NAME=team/app/JDK=17,OS=x");
  EXPECT_EQ(Parallel("ci/JDK=17,OS=x"), "");
  environment()["JOB_NAME"] = "team/app";
  EXPECT_EQ(Series(), "jenkins:team/app");
  EXPECT_EQ(Parallel("ci/build"), "");
}

TEST_F(DetectionTest, ALongSeriesIsCutAndStaysItsOwn) {
  const std::string path(300, 'x');
  environment() = {{"BUILD_NUMBER", "1"},
                   {"JOB_URL", absl::StrCat("https://ci/job/", path, "a/")}};
  const std::string series = Series();
  EXPECT_EQ(series.size(), 255u);
  EXPECT_EQ(Series(), series);
  environment()["JOB_URL"] = absl::StrCat("https://ci/job/", path, "b/");
  EXPECT_NE(Series(), series);
  EXPECT_EQ(Series().size(), 255u);
}

TEST_F(DetectionTest, OtherSystemsNameTheirCounter) {
  const struct {
    Environment environment;
    std::string series;
  } cases[] = {
      {{{"GITHUB_RUN_ID", "5"},
        {"GITHUB_RUN_ATTEMPT", "1"},
        {"GITHUB_REPOSITORY", "acme/app"},
        {"GITHUB_SERVER_URL", "https://ghes.example.com"}},
       "actions:ghes.example.com/acme/app"},
      {{{"GITHUB_RUN_ID", "5"},
        {"GITHUB_RUN_ATTEMPT", "1"},
        {"GITHUB_REPOSITORY", "acme/app"}},
       "actions:github.com/acme/app"},
      // No number, no series.
      {{{"GITHUB_RUN_ID", "5"}, {"GITHUB_REPOSITORY", "acme/app"}}, ""},
      {{{"TRAVIS_BUILD_NUMBER", "5"}, {"TRAVIS_REPO_SLUG", "acme/app"}}, ""},
      {{{"CI_JOB_ID", "5"},
        {"CI_PROJECT_PATH", "group/sub/app"},
        {"CI_SERVER_URL", "https://gitlab.example.com:8443"}},
       "gitlab:gitlab.example.com:8443/group/sub/app"},
      {{{"BUILDKITE_BUILD_NUMBER", "5"},
        {"BUILDKITE_RETRY_COUNT", "0"},
        {"BUILDKITE_PIPELINE_SLUG", "app"}},
       "buildkite:app"},
      {{{"CIRCLE_BUILD_NUM", "5"},
        {"CIRCLE_PROJECT_USERNAME", "acme"},
        {"CIRCLE_PROJECT_REPONAME", "app"}},
       "circleci:acme/app"},
      {{{"CIRCLE_BUILD_NUM", "5"}, {"CIRCLE_PROJECT_ID", "c0ffee"}},
       "circleci:c0ffee"},
      {{{"CIRCLE_BUILD_NUM", "5"}}, ""},
      {{{"BUILD_NUMBER", "77"},
        {"TEAMCITY_VERSION", "2023.05"},
        {"TEAMCITY_PROJECT_NAME", "Widgets"},
        {"TEAMCITY_BUILDCONF_NAME", "Unit Tests"},
        {"BUILD_URL", "https://teamcity.example.com/build/77"}},
       "teamcity:Widgets/Unit Tests"},
      {{{"BUILD_NUMBER", "77"}, {"BUILDBOT_BUILDERNAME", "linux"}},
       "buildbot:linux"},
      {{{"BUILD_NUMBER", "1790000000000000000"},
        {"PROW_JOB_ID", "id"},
        {"JOB_NAME", "pull-app-test"}},
       "prow:pull-app-test"},
      {{{"BUILD_NUMBER", "77"}, {"JOB_NAME", "nightly"}}, "build:nightly"},
      // The server accepts the series, whatever the name is.
      {{{"BUILD_NUMBER", "77"}, {"JOB_NAME", "n\u00e4chtlich\n\xff"}},
       "build:n%C3%A4chtlich%0A%FF"},
      {{{"BUILD_NUMBER", "77"}}, ""},
  };
  for (const auto& c : cases) {
    environment() = c.environment;
    EXPECT_EQ(Series(), c.series);
  }
}

TEST_F(DetectionTest, FindsTheNameOfTheJob) {
  const struct {
    Environment environment;
    std::string job;
  } cases[] = {
      {{{"GITHUB_RUN_ID", "5"}, {"GITHUB_JOB", "test"}}, "test"},
      {{{"CI_JOB_ID", "5"}, {"CI_JOB_NAME", "rspec 1/3"}}, "rspec 1/3"},
      {{{"BUILDKITE_BUILD_NUMBER", "5"},
        {"BUILDKITE_LABEL", ":rspec: Tests"},
        {"BUILDKITE_STEP_KEY", "tests"},
        {"BUILDKITE_PARALLEL_JOB_COUNT", "3"},
        {"BUILDKITE_PARALLEL_JOB", "0"}},
       "tests-0"},
      {{{"BUILDKITE_BUILD_NUMBER", "5"}, {"BUILDKITE_LABEL", "Tests"}},
       "Tests"},
      {{{"CIRCLE_BUILD_NUM", "5"},
        {"CIRCLE_JOB", "test"},
        {"CIRCLE_NODE_TOTAL", "2"},
        {"CIRCLE_NODE_INDEX", "1"}},
       "test-1"},
      {{{"CIRCLE_BUILD_NUM", "5"},
        {"CIRCLE_JOB", "test"},
        {"CIRCLE_NODE_TOTAL", "1"},
        {"CIRCLE_NODE_INDEX", "0"}},
       "test"},
      {{{"TRAVIS_JOB_NUMBER", "4.2"}, {"TRAVIS_JOB_NAME", "lint"}}, "lint"},
      {{{"TRAVIS_JOB_NUMBER", "4.2"}}, "2"},
      {{{"BUILD_NUMBER", "5"},
        {"TEAMCITY_VERSION", "1"},
        {"TEAMCITY_BUILDCONF_NAME", "Unit Tests"}},
       "Unit Tests"},
      {{{"BUILD_NUMBER", "5"},
        {"JOB_NAME", "team/app"},
        {"JOB_BASE_NAME", "app"}},
       "app"},
      {{{"BUILD_NUMBER", "5"},
        {"JOB_NAME", "team/app/OS=x"},
        {"JOB_BASE_NAME", "OS=x"}},
       "OS=x"},
      {{{"BUILD_NUMBER", "5"}}, ""},
      {{}, ""},
  };
  for (const auto& c : cases) {
    environment() = c.environment;
    EXPECT_EQ(FindJob(surroundings_).value, c.job);
  }
}

TEST_F(DetectionTest, ANumberThatDoesNotFitLeavesTheRunUnnumbered) {
  const std::vector<Environment> bad = {
      {{"BUILD_NUMBER", "9223372036854775808"}},
      {{"BUILD_NUMBER", "-1"}},
      {{"BUILD_NUMBER", "+1"}},
      {{"BUILD_NUMBER", " 1"}},
      {{"BUILD_NUMBER", "1.2.3"}},
      {{"BUILD_NUMBER", "0x10"}},
      {{"BUILD_NUMBER", std::string(1000, '9')}},
      {{"GITHUB_RUN_ID", "9223372036854775807"}, {"GITHUB_RUN_ATTEMPT", "1"}},
      {{"GITHUB_RUN_ID", "9223372036854775"}, {"GITHUB_RUN_ATTEMPT", "999"}},
      {{"GITHUB_RUN_ID", "x"}, {"GITHUB_RUN_ATTEMPT", "1"}},
      {{"GITHUB_RUN_ID", "1"}, {"GITHUB_RUN_ATTEMPT", "x"}},
      {{"GITHUB_RUN_ID", "1"}, {"GITHUB_RUN_ATTEMPT", "1000"}},
      {{"GITHUB_RUN_ID", "1"}},
      {{"BUILDKITE_BUILD_NUMBER", "1"}, {"BUILDKITE_RETRY_COUNT", "-1"}},
      {{"CI_JOB_ID", "$CI_JOB_ID"}},
      {{"CIRCLE_BUILD_NUM", "\x1b[1m"}},
  };
  for (const Environment& environment : bad) {
    surroundings_.environment = environment;
    const Finding<int64_t> finding = FindAttempt(surroundings_);
    EXPECT_EQ(finding.value, 0) << environment.begin()->second;
    EXPECT_THAT(finding.warnings, testing::SizeIs(1));
  }
}

TEST_F(DetectionTest, TheLargestNumbersFit) {
  environment() = {{"BUILD_NUMBER", "9223372036854775807"}};
  EXPECT_EQ(Attempt(), 9223372036854775807);
  environment() = {{"GITHUB_RUN_ID", "9223372036854774"},
                   {"GITHUB_RUN_ATTEMPT", "999"}};
  EXPECT_EQ(Attempt(), 9223372036854774999);
}

TEST_F(DetectionTest, SourcesOfTheRepositoryAreAskedInOrder) {
  AddCheckout(kHead, "git@github.com:from/git.git");
  EXPECT_EQ(Repository(), "from/git");
  environment()["CIRCLE_PROJECT_USERNAME"] = "from";
  environment()["CIRCLE_PROJECT_REPONAME"] = "circle";
  EXPECT_EQ(Repository(), "from/circle");
  environment()["CIRCLE_REPOSITORY_URL"] = "https://github.com/from/circle-url";
  EXPECT_EQ(Repository(), "from/circle-url");
  environment()["BUILDKITE_REPO"] = "https://github.com/from/buildkite";
  EXPECT_EQ(Repository(), "from/buildkite");
  environment()["GIT_URL"] = "https://github.com/from/jenkins.git";
  EXPECT_EQ(Repository(), "from/jenkins");
  environment()["CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"] = "from/gitlab";
  EXPECT_EQ(Repository(), "from/gitlab");
  environment()["TRAVIS_REPO_SLUG"] = "from/travis";
  EXPECT_EQ(Repository(), "from/travis");
  environment()["GITHUB_REPOSITORY"] = "from/github";
  EXPECT_EQ(Repository(), "from/github");
  EXPECT_EQ(FindRepository(surroundings_).source, "GITHUB_REPOSITORY");
}

TEST_F(DetectionTest, TheRemoteIsTheChosenOneOriginOrTheOnlyOne) {
  const auto add = [this](const std::string& name, const std::string& url) {
    git_["remote"] += name + "\n";
    git_[absl::StrCat("config --get remote.", name, ".url")] = url;
  };
  add("upstream", "https://github.com/acme/upstream");
  EXPECT_EQ(Repository(), "acme/upstream");
  EXPECT_EQ(FindRepository(surroundings_).source, "remote upstream");
  add("work", "https://github.com/me/work");
  EXPECT_EQ(Repository(), "");
  EXPECT_THAT(FindRepository(surroundings_).warnings,
              Contains(HasSubstr("upstream, work")));
  add("origin", "https://github.com/me/origin");
  EXPECT_EQ(Repository(), "me/origin");
  const std::string by_gh = R"(config --get-regexp ^remote\..*\.gh-resolved$)";
  git_[by_gh] = "remote.upstream.gh-resolved base";
  EXPECT_EQ(Repository(), "acme/upstream");
  git_[by_gh] = "remote.upstream.gh-resolved acme/renamed";
  EXPECT_EQ(Repository(), "acme/renamed");
  git_[by_gh] = "remote.gone.gh-resolved base";
  EXPECT_EQ(Repository(), "me/origin");
}

// `insteadOf` may lead through a proxy, or make a long URL of a short one.
TEST_F(DetectionTest, TheStoredUrlCountsUnlessItIsAShortForm) {
  AddCheckout(kHead, "https://github.com/acme/app");
  git_["remote get-url origin"] = "http://proxy:9989/acme/app";
  EXPECT_EQ(Repository(), "acme/app");
  AddCheckout(kHead, "work:acme/app");
  git_["remote get-url origin"] = "https://ghe.example.com/acme/app";
  EXPECT_EQ(Repository(), "ghe.example.com/acme/app");
}

TEST_F(DetectionTest, AnAliasOfSshStandsForItsHost) {
  surroundings_.ssh_host = [](const std::string& host) -> std::string {
    if (host == "github.com-work") return "github.com";
    if (host == "company") return "ghe.example.com";
    if (host == "fast") return "ssh.github.com";
    if (host == "Git_Hub" || host == "work-") return "github.com";
    return host;
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"git@github.com-work:acme/app.git", "acme/app"},
      {"ssh://git@github.com-work/acme/app", "acme/app"},
      {"company:acme/app", "ghe.example.com/acme/app"},
      {"git@fast:acme/app", "acme/app"},
      {"git@Git_Hub:acme/app.git", "acme/app"},
      {"ssh://git@work-/acme/app", "acme/app"},
      {"git@git_hub:acme/app.git", ""},
      {"git@ghe.example.com:acme/app", "ghe.example.com/acme/app"},
      {"https://github.com-work/acme/app", "github.com-work/acme/app"}};
  for (const auto& [url, repository] : cases) {
    AddCheckout(kHead, url);
    EXPECT_EQ(Repository(), repository) << url;
    environment() = {{"GIT_URL", url}};
    EXPECT_EQ(Repository(), repository) << url;
    environment().clear();
  }
}

// GitLab's name of a project can differ from GitHub's.
TEST_F(DetectionTest, AGitLabProjectIsTakenWithAWarning) {
  environment() = {{"CI_PROJECT_PATH", "acme/widgets"}};
  EXPECT_EQ(Repository(), "acme/widgets");
  EXPECT_THAT(FindRepository(surroundings_).warnings,
              Contains(HasSubstr("--repository")));
  environment() = {{"CI_PROJECT_PATH", "group/subgroup/widgets"}};
  AddCheckout(kHead, "https://gitlab.com/group/widgets.git");
  EXPECT_EQ(Repository(), "");
}

TEST_F(DetectionTest, NoTokenOfAUrlIsShown) {
  environment() = {{"GIT_URL", "https://user:hunter2@github.com/acme"},
                   {"BUILDKITE_REPO", "hunter2@github.com"}};
  AddCheckout(kHead, "https://hunter2@github.com/acme/widgets/x");
  const Finding<std::string> finding = FindRepository(surroundings_);
  EXPECT_EQ(finding.value, "");
  EXPECT_THAT(finding.warnings, testing::SizeIs(3));
  for (const std::string& warning : finding.warnings) {
    EXPECT_THAT(warning, Not(HasSubstr("hunter2")));
  }
}

TEST_F(DetectionTest, SourcesOfTheTargetUrlAreAskedInOrder) {
  environment()["CIRCLE_BUILD_URL"] = "https://circle";
  EXPECT_EQ(TargetUrl(), "https://circle");
  environment()["BUILDKITE_BUILD_URL"] = "https://buildkite";
  EXPECT_EQ(TargetUrl(), "https://buildkite");
  environment()["CI_JOB_URL"] = "https://gitlab";
  EXPECT_EQ(TargetUrl(), "https://gitlab");
  environment()["GITHUB_RUN_ID"] = "7";
  environment()["GITHUB_REPOSITORY"] = "acme/widgets";
  EXPECT_EQ(TargetUrl(), "https://github.com/acme/widgets/actions/runs/7");
  environment()["GITHUB_SERVER_URL"] = "https://ghe.example.com/";
  EXPECT_EQ(TargetUrl(), "https://ghe.example.com/acme/widgets/actions/runs/7");
  environment()["TRAVIS_BUILD_WEB_URL"] = "https://travis";
  EXPECT_EQ(TargetUrl(), "https://travis");
  environment()["BUILD_URL"] = "https://jenkins";
  EXPECT_EQ(TargetUrl(), "https://jenkins");
}

}  // namespace
}  // namespace signalbox
