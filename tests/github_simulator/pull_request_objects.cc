#include "tests/github_simulator/pull_request_objects.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kForkOwner[] = "fork-owner";

// One side of a pull request.
Json Branch(const SimulatedRepository& repository, absl::string_view branch,
            absl::string_view sha, bool is_fork, absl::string_view api_url) {
  const std::string owner =
      repository.full_name.substr(0, repository.full_name.find('/'));
  Json repo = FullRepositoryObject(repository, api_url);
  repo["fork"] = is_fork;
  return {{"label", absl::StrCat(owner, ":", branch)},
          {"ref", branch},
          {"sha", sha},
          {"user", repo["owner"]},
          {"repo", repo}};
}

Json Links(const Json& pull_request) {
  const auto link = [&pull_request](const char* member) {
    return Json{{"href", pull_request[member]}};
  };
  return {{"self", link("url")},
          {"html", link("html_url")},
          {"issue", link("issue_url")},
          {"comments", link("comments_url")},
          {"review_comments", link("review_comments_url")},
          {"review_comment", link("review_comment_url")},
          {"commits", link("commits_url")},
          {"statuses", link("statuses_url")}};
}

}  // namespace

Json SimplePullRequestObject(const SimulatedRepository& base,
                             const PullRequest& pull_request,
                             absl::string_view api_url) {
  const std::string repository_url =
      absl::StrCat(api_url, "/repos/", base.full_name);
  const std::string url =
      absl::StrCat(repository_url, "/pulls/", pull_request.number);
  const std::string issue_url =
      absl::StrCat(repository_url, "/issues/", pull_request.number);
  const std::string html_url = absl::StrCat(
      WebUrl(api_url), "/", base.full_name, "/pull/", pull_request.number);
  const std::string updated_at = IsoTime(pull_request.updated_at);
  const int64_t id = base.id + pull_request.number;
  SimulatedRepository head = base;
  const size_t slash = base.full_name.find('/');
  if (pull_request.is_from_fork) {
    head.id = base.id + 1'000'000;
    head.full_name =
        absl::StrCat(kForkOwner, "/", base.full_name.substr(slash + 1));
  }
  Json object = {
      {"url", url},
      {"id", id},
      {"node_id", NodeId("PR", id)},
      {"html_url", html_url},
      {"diff_url", html_url + ".diff"},
      {"patch_url", html_url + ".patch"},
      {"issue_url", issue_url},
      {"number", pull_request.number},
      {"state", pull_request.is_open ? "open" : "closed"},
      {"locked", false},
      {"title", pull_request.title},
      {"user", UserObject(UserOfLogin(pull_request.author), api_url)},
      {"body", "A change that nobody made."},
      {"created_at", IsoTime(pull_request.created_at)},
      {"updated_at", updated_at},
      {"closed_at", pull_request.is_open ? Json() : Json(updated_at)},
      {"merged_at", pull_request.is_merged ? Json(updated_at) : Json()},
      {"merge_commit_sha", nullptr},
      {"assignee", nullptr},
      {"assignees", Json::array()},
      {"requested_reviewers", Json::array()},
      {"requested_teams", Json::array()},
      {"labels", Json::array()},
      {"milestone", nullptr},
      {"draft", pull_request.is_draft},
      {"commits_url", url + "/commits"},
      {"review_comments_url", url + "/comments"},
      {"review_comment_url", repository_url + "/pulls/comments{/number}"},
      {"comments_url", issue_url + "/comments"},
      {"statuses_url",
       absl::StrCat(repository_url, "/statuses/", pull_request.head_sha)},
      {"head", Branch(head, pull_request.head_branch, pull_request.head_sha,
                      pull_request.is_from_fork, api_url)},
      {"base",
       Branch(base, pull_request.base_branch, kBaseSha, false, api_url)},
  };
  if (pull_request.is_fork_gone) object["head"]["repo"] = nullptr;
  object["_links"] = Links(object);
  object["author_association"] =
      pull_request.is_from_fork ? "CONTRIBUTOR" : "MEMBER";
  object["auto_merge"] = nullptr;
  object["active_lock_reason"] = nullptr;
  return object;
}

Json PullRequestObject(const SimulatedRepository& base,
                       const PullRequest& pull_request,
                       absl::string_view api_url) {
  Json object = SimplePullRequestObject(base, pull_request, api_url);
  object.update(Json{
      {"merged", pull_request.is_merged},
      {"mergeable", nullptr},
      {"rebaseable", nullptr},
      {"mergeable_state", "unknown"},
      {"merged_by", pull_request.is_merged ? object["user"] : Json(nullptr)},
      {"comments", 0},
      {"review_comments", 0},
      {"maintainer_can_modify", false},
      {"commits", 1},
      {"additions", 1},
      {"deletions", 1},
      {"changed_files", 1},
  });
  return object;
}

}  // namespace signalbox
