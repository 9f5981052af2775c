#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "clients/cli/detection.h"
#include "common/names.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

std::string Short(absl::string_view sha) {
  return std::string(sha.substr(0, 8));
}

// The parents of a commit, and the first line of its message.
struct Commit {
  std::vector<std::string> parents;
  std::string subject;
};

Commit ParseCommit(absl::string_view text) {
  Commit commit;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) break;
    if (absl::ConsumePrefix(&line, "parent ")) {
      commit.parents.emplace_back(line);
    }
  }
  const size_t end = text.find("\n\n");
  if (end != absl::string_view::npos) {
    const absl::string_view message = text.substr(end + 2);
    commit.subject = std::string(message.substr(0, message.find('\n')));
  }
  return commit;
}

// The head of the pull request, if `commit` is the merge that GitHub makes for
// one. The message of such a merge names both parents.
std::optional<std::string> HeadOfMergeByGitHub(const Commit& commit) {
  const std::vector<std::string>& parents = commit.parents;
  if (parents.size() == 2 && IsSha(parents[0]) && IsSha(parents[1]) &&
      commit.subject ==
          absl::StrCat("Merge ", parents[1], " into ", parents[0])) {
    return parents[1];
  }
  return std::nullopt;
}

// For these events of GitHub Actions, GITHUB_SHA is the commit that the event
// is about, or the event is only about the branch that the run checks out.
// https://docs.github.com/actions/reference/events-that-trigger-workflows
constexpr std::array<absl::string_view, 10> kEventsWithTheirSha = {
    "push",
    "workflow_dispatch",
    "schedule",
    "create",
    "merge_group",
    "deployment",
    "deployment_status",
    "release",
    "registry_package",
    "page_build"};

// The commit that an event of GitHub names; empty if it names none.
std::string CommitOfEvent(const nlohmann::json& event) {
  const auto at = [](const nlohmann::json& value,
                     const char* member) -> const nlohmann::json& {
    static const auto& nothing = *new nlohmann::json();
    if (!value.is_object()) return nothing;
    const auto found = value.find(member);
    return found == value.end() ? nothing : *found;
  };
  const auto text = [](const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  std::string sha = text(at(at(at(event, "pull_request"), "head"), "sha"));
  for (const char* const subject : {"workflow_run", "workflow_job", "check_run",
                                    "check_suite", "merge_group"}) {
    if (sha.empty()) sha = text(at(at(event, subject), "head_sha"));
  }
  if (sha.empty()) sha = text(at(at(event, "deployment"), "sha"));
  if (sha.empty()) sha = text(at(event, "sha"));
  return sha;
}

// The number of the pull request that the event comments on; 0: none.
int64_t CommentedPullRequest(const nlohmann::json& event) {
  if (!event.is_object() || !event.contains("issue")) return 0;
  const nlohmann::json& issue = event["issue"];
  if (!issue.is_object() || !issue.contains("pull_request") ||
      !issue.contains("number") || !issue["number"].is_number_integer()) {
    return 0;
  }
  return issue["number"].get<int64_t>();
}

// A variable that names a commit.
struct Named {
  const char* variable;
  // Whether the commit may be a merge that was made to test the change.
  bool may_be_merge = false;
};

class CommitFinder {
 public:
  explicit CommitFinder(const Surroundings& surroundings)
      : surroundings_(surroundings) {}

  Finding<std::string> Find() && {
    using Source = bool (CommitFinder::*)();
    // The first source that answers decides; later ones are not asked.
    for (const Source source :
         {&CommitFinder::FromEvent, &CommitFinder::FromHeads,
          &CommitFinder::FromActions, &CommitFinder::FromTravis,
          &CommitFinder::FromWoodpecker, &CommitFinder::FromGitLab,
          &CommitFinder::FromJenkins, &CommitFinder::FromBuildkite,
          &CommitFinder::FromCircle, &CommitFinder::FromAzure,
          &CommitFinder::FromAppVeyor, &CommitFinder::FromDrone,
          &CommitFinder::FromProw, &CommitFinder::FromSemaphore,
          &CommitFinder::FromBitbucket, &CommitFinder::FromTeamCity}) {
      if (!(this->*source)()) continue;
      if (!finding_.value.empty()) CompareWithCheckout();
      return std::move(finding_);
    }
    FromCheckout(/*may_be_merge=*/false);
    return std::move(finding_);
  }

 private:
  absl::string_view Get(const char* variable) const {
    return surroundings_.Get(variable);
  }

  void Warn(std::string warning) {
    finding_.warnings.push_back(std::move(warning));
  }

  // Finds nothing, and warns with the reason `why`.
  bool Refuse(std::string why) {
    finding_.value.clear();
    finding_.source.clear();
    Warn(std::move(why));
    return true;
  }

  void Take(absl::string_view sha, absl::string_view source) {
    finding_.value = std::string(sha);
    finding_.source = std::string(source);
  }

  // Takes the first of the variables that has a full sha. False: none has.
  bool TakeFirst(const std::vector<Named>& named) {
    for (const Named& one : named) {
      const absl::string_view text = Get(one.variable);
      if (text.empty()) continue;
      if (!IsSha(text)) {
        // Buildkite sets HEAD if the build is not for a certain commit.
        if (text != "HEAD") {
          Warn(absl::StrCat(one.variable, ": ", text, " is not a full sha"));
        }
        continue;
      }
      Take(text, one.variable);
      return LeaveTestMerge(one.may_be_merge);
    }
    return false;
  }

  bool FromCheckout(bool may_be_merge) {
    const absl::StatusOr<std::string> head =
        surroundings_.git({"rev-parse", "HEAD"});
    if (!head.ok()) return Refuse(absl::StrCat(head.status().message()));
    if (!IsSha(*head)) return true;
    Take(*head, "git rev-parse HEAD");
    return LeaveTestMerge(may_be_merge);
  }

  // If the commit is a merge that was made to test a change, takes the head of
  // the change instead. Finds nothing if it may be one and nothing tells.
  bool LeaveTestMerge(bool may_be_merge) {
    const absl::StatusOr<std::string> text =
        surroundings_.git({"cat-file", "commit", finding_.value});
    if (!text.ok()) {
      if (!may_be_merge) return true;
      return Refuse(
          absl::StrCat(finding_.source,
                       " can be a merge that was made to test the change, "
                       "and git cannot tell: ",
                       text.status().message()));
    }
    const Commit commit = ParseCommit(*text);
    const std::vector<std::string>& parents = commit.parents;
    if (const auto head = HeadOfMergeByGitHub(commit)) return TakeParent(*head);
    if (!may_be_merge || parents.size() < 2) return true;
    const std::vector<std::string> heads = HeadsOfTheChange();
    const auto is_head = [&heads](const std::string& sha) {
      return std::ranges::find(heads, sha) != heads.end();
    };
    if (is_head(finding_.value)) return true;
    const auto first = std::ranges::find_if(parents, is_head);
    if (first != parents.end() &&
        std::find_if(first + 1, parents.end(), is_head) == parents.end()) {
      return TakeParent(*first);
    }
    // Jenkins's branch source plugins write this message. They check out the
    // head and merge the target into it.
    if (parents.size() == 2 && IsSha(parents[0]) &&
        commit.subject ==
            absl::StrCat("Merge commit '", parents[1], "' into HEAD")) {
      return TakeParent(parents[0]);
    }
    return Refuse(absl::StrCat(
        finding_.source, ": ", Short(finding_.value),
        " is a merge, and nothing tells whether it was made to test the "
        "change or is the head"));
  }

  bool TakeParent(const std::string& head) {
    finding_.value = head;
    absl::StrAppend(&finding_.source, ", a test merge of it");
    return true;
  }

  // The number of the pull request; empty: not known.
  std::string ChangeNumber() const {
    for (const char* const variable :
         {"CHANGE_ID", "ghprbPullId", "GITHUB_PR_NUMBER", "TRAVIS_PULL_REQUEST",
          "BUILDKITE_PULL_REQUEST", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER",
          "APPVEYOR_PULL_REQUEST_NUMBER", "SEMAPHORE_GIT_PR_NUMBER"}) {
      const absl::string_view number = Get(variable);
      if (!number.empty() && std::ranges::all_of(number, absl::ascii_isdigit)) {
        return std::string(number);
      }
    }
    absl::string_view ref = Get("GITHUB_REF");
    if (absl::ConsumePrefix(&ref, "refs/pull/")) {
      return std::string(ref.substr(0, ref.find('/')));
    }
    return "";
  }

  // The commits that refs of the checkout name as the head of the change.
  std::vector<std::string> HeadsOfTheChange() const {
    std::vector<std::string> command = {"for-each-ref",
                                        "--format=%(objectname)"};
    const std::string number = ChangeNumber();
    if (!number.empty()) {
      for (const char* const pattern :
           {"refs/remotes/*/PR-", "refs/remotes/*/MR-"}) {
        command.push_back(absl::StrCat(pattern, number));
      }
      for (const char* const pattern :
           {"refs/pull/", "refs/remotes/pull/", "refs/remotes/*/pull/",
            "refs/remotes/*/pr/"}) {
        command.push_back(absl::StrCat(pattern, number, "/head"));
      }
    }
    const absl::string_view branch = Get("CHANGE_BRANCH");
    // A fork can have a branch of the same name.
    if (!branch.empty() && Get("CHANGE_FORK").empty()) {
      command.push_back(absl::StrCat("refs/remotes/*/", branch));
    }
    if (command.size() == 2) return {};
    const absl::StatusOr<std::string> refs = surroundings_.git(command);
    if (!refs.ok()) return {};
    return absl::StrSplit(*refs, '\n', absl::SkipEmpty());
  }

  // People expect the status on the commit that is checked out.
  void CompareWithCheckout() {
    const absl::StatusOr<std::string> checkout =
        surroundings_.git({"rev-parse", "HEAD"});
    if (!checkout.ok() || !IsSha(*checkout) ||
        absl::EqualsIgnoreCase(*checkout, finding_.value)) {
      return;
    }
    const absl::StatusOr<std::string> text =
        surroundings_.git({"cat-file", "commit", *checkout});
    if (text.ok()) {
      const std::vector<std::string> parents = ParseCommit(*text).parents;
      const bool is_merge_of_it =
          parents.size() > 1 &&
          std::ranges::find(parents, finding_.value) != parents.end();
      if (is_merge_of_it) return;
    }
    Warn(absl::StrCat("the commit is ", Short(finding_.value), ", from ",
                      finding_.source, "; the checkout is on ",
                      Short(*checkout)));
  }

  // Reads the file in which GitHub describes the event behind a workflow.
  bool FromEvent() {
    const std::string path(Get("GITHUB_EVENT_PATH"));
    if (path.empty()) return false;
    event_ = ReadEvent(path);
    const std::string sha = CommitOfEvent(event_);
    if (sha.empty()) return false;
    if (!IsSha(sha)) {
      Warn(absl::StrCat("GITHUB_EVENT_PATH: ", sha, " is not a full sha"));
      return false;
    }
    Take(sha, "GITHUB_EVENT_PATH");
    return true;
  }

  // These variables hold the head of a pull request, and are set for nothing
  // else.
  bool FromHeads() {
    return TakeFirst({{"TRAVIS_PULL_REQUEST_SHA"},
                      {"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"},
                      {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"},
                      {"ghprbActualCommit"},
                      {"GITHUB_PR_HEAD_SHA"},
                      {"SYSTEM_PULLREQUEST_SOURCECOMMITID"},
                      {"APPVEYOR_PULL_REQUEST_HEAD_COMMIT"},
                      {"PULL_PULL_SHA"},
                      {"SEMAPHORE_GIT_PR_SHA"}});
  }

  bool FromActions() {
    const absl::string_view name = Get("GITHUB_EVENT_NAME");
    if (name.empty() && Get("GITHUB_SHA").empty()) return false;
    const absl::string_view ref = Get("GITHUB_REF");
    const bool is_merge_ref =
        absl::StartsWith(ref, "refs/pull/") && absl::EndsWith(ref, "/merge");
    const bool is_trusted =
        name.empty() || std::ranges::find(kEventsWithTheirSha, name) !=
                            kEventsWithTheirSha.end();
    if (is_trusted && !is_merge_ref) {
      if (TakeFirst({{"GITHUB_SHA"}})) return true;
      return !name.empty() && FromCheckout(/*may_be_merge=*/false);
    }
    if (is_merge_ref || name == "pull_request") {
      if (!TakeFirst({{"GITHUB_SHA", true}})) FromCheckout(true);
      return true;
    }
    if (const int64_t number = CommentedPullRequest(event_)) {
      return Refuse(absl::StrCat(
          "an event of the kind ", name, " on pull request ", number,
          " names no commit, and GITHUB_SHA is the tip of the default branch"));
    }
    return Refuse(absl::StrCat("an event of the kind ", name,
                               " names no commit, and GITHUB_SHA is the tip of "
                               "a branch"));
  }

  nlohmann::json ReadEvent(const std::string& path) {
    const std::optional<std::string> text = surroundings_.read_file(path);
    if (!text.has_value()) {
      Warn(absl::StrCat("GITHUB_EVENT_PATH: cannot read ", path));
      return {};
    }
    nlohmann::json event = nlohmann::json::parse(*text, nullptr, false);
    if (event.is_discarded()) {
      Warn(absl::StrCat("GITHUB_EVENT_PATH: ", path, " is not JSON"));
      return {};
    }
    return event;
  }

  bool FromTravis() {
    const absl::string_view number = Get("TRAVIS_PULL_REQUEST");
    const bool is_change = !number.empty() && number != "false";
    return TakeFirst({{"TRAVIS_COMMIT", is_change}});
  }

  // Its variables begin like GitLab's. It builds the head of a pull request.
  bool FromWoodpecker() {
    return Get("CI") == "woodpecker" && TakeFirst({{"CI_COMMIT_SHA"}});
  }

  bool FromGitLab() {
    const absl::string_view type = Get("CI_MERGE_REQUEST_EVENT_TYPE");
    return TakeFirst(
        {{"CI_COMMIT_SHA", type == "merged_result" || type == "merge_train"}});
  }

  // Covers multibranch plugins, pull request builders and plain jobs. A
  // pipeline has no GIT_COMMIT unless it sets one.
  bool FromJenkins() {
    const bool is_change =
        !Get("CHANGE_ID").empty() || !Get("ghprbPullId").empty();
    if (TakeFirst({{"GIT_COMMIT", is_change}})) return true;
    return is_change && FromCheckout(true);
  }

  bool FromBuildkite() {
    if (TakeFirst({{"BUILDKITE_COMMIT"}})) return true;
    const absl::string_view number = Get("BUILDKITE_PULL_REQUEST");
    return !number.empty() && number != "false" && FromCheckout(true);
  }

  // It builds the head of a pull request.
  bool FromCircle() { return TakeFirst({{"CIRCLE_SHA1"}}); }

  bool FromAzure() {
    const bool is_change = Get("BUILD_REASON") == "PullRequest" ||
                           !Get("SYSTEM_PULLREQUEST_PULLREQUESTID").empty() ||
                           !Get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER").empty();
    return TakeFirst({{"BUILD_SOURCEVERSION", is_change}});
  }

  bool FromAppVeyor() {
    if (!Get("APPVEYOR_PULL_REQUEST_NUMBER").empty()) {
      return Refuse(
          "APPVEYOR_REPO_COMMIT is of the branch to merge into, and "
          "APPVEYOR_PULL_REQUEST_HEAD_COMMIT is missing");
    }
    return TakeFirst({{"APPVEYOR_REPO_COMMIT"}});
  }

  // It names the head of a pull request.
  bool FromDrone() {
    return TakeFirst({{"DRONE_COMMIT_SHA"}, {"DRONE_COMMIT"}});
  }

  bool FromProw() {
    // The variable lists the base and, behind commas, the pull requests. If
    // PULL_PULL_SHA is missing, there are several.
    if (absl::StrContains(Get("PULL_REFS"), ',')) {
      return Refuse(
          "PULL_REFS: a batch of pull requests is tested, which has no head");
    }
    return TakeFirst({{"PULL_BASE_SHA"}});
  }

  bool FromSemaphore() {
    const bool is_change = Get("SEMAPHORE_GIT_REF_TYPE") == "pull-request";
    return TakeFirst({{"SEMAPHORE_GIT_SHA", is_change}});
  }

  // It names the head of a pull request.
  bool FromBitbucket() { return TakeFirst({{"BITBUCKET_COMMIT"}}); }

  // It may build refs/pull/N/merge; only the message of the commit tells.
  bool FromTeamCity() { return TakeFirst({{"BUILD_VCS_NUMBER"}}); }

  const Surroundings& surroundings_;
  nlohmann::json event_;  // Null: there is none.
  Finding<std::string> finding_;
};

}  // namespace

Finding<std::string> FindSha(const Surroundings& surroundings) {
  return CommitFinder(surroundings).Find();
}

}  // namespace signalbox
