#include "tests/github_simulator/webhook_payload.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kAuthor[] = "octocat";
constexpr char kForkOwner[] = "fork-owner";
constexpr char kBaseSha[] = "ba5e00000000000000000000000000000000ba5e";
constexpr char kTreeId[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

std::string OwnerOf(const std::string& full_name) {
  return full_name.substr(0, full_name.find('/'));
}

std::string NameOf(const std::string& full_name) {
  return full_name.substr(full_name.find('/') + 1);
}

Json Author(const WebhookScene& scene) {
  return UserObject(UserOfLogin(kAuthor), scene.api_url);
}

Json Repository(const WebhookScene& scene) {
  return FullRepositoryObject(scene.repository, scene.api_url);
}

// One side of a pull request.
Json Branch(const WebhookScene& scene, absl::string_view branch,
            absl::string_view sha, const SimulatedRepository& repository,
            bool is_fork) {
  const std::string owner = OwnerOf(repository.full_name);
  Json repo = FullRepositoryObject(repository, scene.api_url);
  repo["fork"] = is_fork;
  return {{"label", absl::StrCat(owner, ":", branch)},
          {"ref", branch},
          {"sha", sha},
          {"user", repo["owner"]},
          {"repo", repo}};
}

Json Links(const std::string& url, const std::string& issue_url,
           const std::string& html_url, const Json& pull_request) {
  const auto link = [](const Json& href) { return Json{{"href", href}}; };
  return {{"self", link(url)},
          {"html", link(html_url)},
          {"issue", link(issue_url)},
          {"comments", link(pull_request["comments_url"])},
          {"review_comments", link(pull_request["review_comments_url"])},
          {"review_comment", link(pull_request["review_comment_url"])},
          {"commits", link(pull_request["commits_url"])},
          {"statuses", link(pull_request["statuses_url"])}};
}

Json PullRequestObject(const WebhookScene& scene,
                       const PullRequest& pull_request) {
  const SimulatedRepository& base = scene.repository;
  const std::string repository_url =
      absl::StrCat(scene.api_url, "/repos/", base.full_name);
  const std::string url =
      absl::StrCat(repository_url, "/pulls/", pull_request.number);
  const std::string issue_url =
      absl::StrCat(repository_url, "/issues/", pull_request.number);
  const std::string html_url =
      absl::StrCat(WebUrl(scene.api_url), "/", base.full_name, "/pull/",
                   pull_request.number);
  const std::string now = IsoTime(scene.now);
  const Json closed_at = pull_request.is_open ? Json(nullptr) : Json(now);
  const int64_t id = base.id + pull_request.number;
  SimulatedRepository head = base;
  if (pull_request.is_from_fork) {
    head.id = base.id + 1'000'000;
    head.full_name = absl::StrCat(kForkOwner, "/", NameOf(base.full_name));
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
      {"user", Author(scene)},
      {"body", "A change that nobody made."},
      {"created_at", now},
      {"updated_at", now},
      {"closed_at", closed_at},
      {"merged_at", nullptr},
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
      {"head", Branch(scene, pull_request.head_branch, pull_request.head_sha,
                      head, pull_request.is_from_fork)},
      {"base", Branch(scene, pull_request.base_branch, kBaseSha, base, false)},
  };
  object["_links"] = Links(url, issue_url, html_url, object);
  object.update(Json{
      {"author_association",
       pull_request.is_from_fork ? "CONTRIBUTOR" : "MEMBER"},
      {"auto_merge", nullptr},
      {"active_lock_reason", nullptr},
      {"merged", false},
      {"mergeable", nullptr},
      {"rebaseable", nullptr},
      {"mergeable_state", "unknown"},
      {"merged_by", nullptr},
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

}  // namespace

Json PullRequestPayload(const WebhookScene& scene, absl::string_view action,
                        const PullRequest& pull_request,
                        absl::string_view before) {
  Json payload = {{"action", action}, {"number", pull_request.number}};
  if (action == "synchronize") {
    payload["before"] = before;
    payload["after"] = pull_request.head_sha;
  }
  payload["pull_request"] = PullRequestObject(scene, pull_request);
  payload["repository"] = Repository(scene);
  payload["sender"] = Author(scene);
  return payload;
}

Json PushPayload(const WebhookScene& scene, absl::string_view branch,
                 absl::string_view before, absl::string_view after) {
  const bool is_deletion = after == std::string(40, '0');
  const std::string web_url =
      absl::StrCat(WebUrl(scene.api_url), "/", scene.repository.full_name);
  const std::string email = absl::StrCat(kAuthor, "@users.noreply.github.com");
  const Json person = {
      {"name", kAuthor}, {"email", email}, {"username", kAuthor}};
  const Json commit = {
      {"id", after},
      {"tree_id", kTreeId},
      {"distinct", true},
      {"message", "Say hello"},
      {"timestamp", IsoTime(scene.now)},
      {"url", absl::StrCat(web_url, "/commit/", after)},
      {"author", person},
      {"committer", person},
      {"added", Json::array()},
      {"removed", Json::array()},
      {"modified", Json::array({"README.md"})},
  };

  // A push has a repository of its own kind.
  Json repository = Repository(scene);
  const std::string owner = OwnerOf(scene.repository.full_name);
  repository["owner"]["name"] = owner;
  repository["owner"]["email"] =
      absl::StrCat(owner, "@users.noreply.github.com");
  repository["url"] = web_url;
  repository["created_at"] = absl::ToUnixSeconds(scene.now) - 86'400;
  repository["pushed_at"] = absl::ToUnixSeconds(scene.now);
  repository["stargazers"] = 0;
  repository["master_branch"] = repository["default_branch"];

  return {{"ref", absl::StrCat("refs/heads/", branch)},
          {"before", before},
          {"after", after},
          {"repository", repository},
          {"pusher", {{"name", kAuthor}, {"email", email}}},
          {"sender", Author(scene)},
          {"created", false},
          {"deleted", is_deletion},
          {"forced", false},
          {"base_ref", nullptr},
          {"compare", absl::StrCat(web_url, "/compare/", before.substr(0, 12),
                                   "...", after.substr(0, 12))},
          {"commits", is_deletion ? Json::array() : Json::array({commit})},
          {"head_commit", is_deletion ? Json(nullptr) : commit}};
}

Json PingPayload(const WebhookScene& scene, const Json& hook) {
  Json payload = {{"zen", "Anything added dilutes everything else."},
                  {"hook_id", hook["id"]},
                  {"hook", hook}};
  if (!scene.repository.full_name.empty()) {
    payload["repository"] = Repository(scene);
  }
  if (!scene.organization.empty()) {
    payload["organization"] =
        OrganizationObject(scene.organization, scene.api_url);
  }
  payload["sender"] = Author(scene);
  return payload;
}

}  // namespace signalbox
