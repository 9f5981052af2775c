#include "tests/github_simulator/webhook_payload.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/pull_request_objects.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kAuthor[] = "octocat";
constexpr char kTreeId[] = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

std::string OwnerOf(const std::string& full_name) {
  return full_name.substr(0, full_name.find('/'));
}

Json Author(const WebhookScene& scene) {
  return UserObject(UserOfLogin(kAuthor), scene.api_url);
}

Json Repository(const WebhookScene& scene) {
  return FullRepositoryObject(scene.repository, scene.api_url);
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
  payload["pull_request"] =
      PullRequestObject(scene.repository, pull_request, scene.api_url);
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
