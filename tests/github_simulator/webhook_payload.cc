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

Json UserOf(const WebhookScene& scene, const std::string& login) {
  return UserObject(UserOfLogin(login), scene.api_url);
}

Json Repository(const WebhookScene& scene) {
  return FullRepositoryObject(scene.repository, scene.api_url);
}

// "2026-06-01T00:00:00+00:00".
std::string OffsetTime(absl::Time time) {
  std::string text = IsoTime(time);
  text.back() = '+';
  return text + "00:00";
}

bool IsNull(absl::string_view sha) {
  return sha.find_first_not_of('0') == absl::string_view::npos;
}

Json Person() {
  return {{"name", kAuthor},
          {"email", absl::StrCat(kAuthor, "@users.noreply.github.com")}};
}

Json Reactions(const std::string& of) {
  Json reactions = {{"url", of + "/reactions"}, {"total_count", 0}};
  for (const char* const kind :
       {"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}) {
    reactions[kind] = 0;
  }
  return reactions;
}

// Adds the members for the place and the sender, which all payloads have.
void AddPlace(const WebhookScene& scene, const std::string& sender,
              Json* payload) {
  if (!scene.repository.full_name.empty()) {
    (*payload)["repository"] = Repository(scene);
  }
  if (!scene.organization.empty()) {
    (*payload)["organization"] =
        OrganizationObject(scene.organization, scene.api_url);
  }
  (*payload)["sender"] = UserOf(scene, sender);
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
  AddPlace(scene, kAuthor, &payload);
  return payload;
}

Json PushPayload(const WebhookScene& scene, const PushedRef& pushed) {
  const bool is_deletion = IsNull(pushed.after);
  const bool is_tag = pushed.ref.rfind("refs/tags/", 0) == 0;
  const std::string web_url =
      absl::StrCat(WebUrl(scene.api_url), "/", scene.repository.full_name);
  Json author = Person();
  author["username"] = kAuthor;
  const Json commit = {
      {"id", pushed.commit},
      {"tree_id", kTreeId},
      {"distinct", true},
      {"message", "Say hello"},
      {"timestamp", IsoTime(scene.now)},
      {"url", absl::StrCat(web_url, "/commit/", pushed.commit)},
      {"author", author},
      {"committer", author},
      {"added", Json::array()},
      {"removed", Json::array()},
      {"modified", Json::array({"README.md"})},
  };
  Json payload = {{"ref", pushed.ref},
                  {"before", pushed.before},
                  {"after", pushed.after},
                  {"pusher", Person()},
                  {"created", IsNull(pushed.before)},
                  {"deleted", is_deletion},
                  {"forced", false},
                  {"base_ref", nullptr},
                  {"compare", absl::StrCat(web_url, "/compare/",
                                           pushed.before.substr(0, 12), "...",
                                           pushed.after.substr(0, 12))},
                  {"commits", is_deletion || is_tag ? Json::array()
                                                    : Json::array({commit})},
                  {"head_commit", is_deletion ? Json(nullptr) : commit}};
  AddPlace(scene, kAuthor, &payload);
  // The repository of a push has other members.
  Json& repository = payload["repository"];
  const std::string owner = OwnerOf(scene.repository.full_name);
  repository["owner"]["name"] = owner;
  repository["owner"]["email"] =
      absl::StrCat(owner, "@users.noreply.github.com");
  repository["url"] = web_url;
  repository["created_at"] = absl::ToUnixSeconds(scene.now) - 86'400;
  repository["pushed_at"] = absl::ToUnixSeconds(scene.now);
  repository["stargazers"] = 0;
  repository["master_branch"] = repository["default_branch"];
  return payload;
}

Json MergeGroupPayload(const WebhookScene& scene, absl::string_view action,
                       int pull_request_number, absl::string_view head_sha) {
  Json payload = {
      {"action", action},
      {"merge_group",
       {{"head_sha", head_sha},
        {"head_ref", absl::StrCat("refs/heads/gh-readonly-queue/main/pr-",
                                  pull_request_number, "-", kBaseSha)},
        {"base_sha", kBaseSha},
        {"base_ref", "refs/heads/main"},
        {"head_commit",
         {// In the published example it differs from `head_sha`.
          {"id", kTreeId},
          {"tree_id", kTreeId},
          {"message",
           absl::StrCat("Merge pull request #", pull_request_number)},
          {"timestamp", IsoTime(scene.now)},
          {"author", Person()},
          {"committer", Person()}}}}}};
  if (action == "destroyed") payload["reason"] = "dequeued";
  AddPlace(scene, kAuthor, &payload);
  return payload;
}

Json IssueCommentPayload(const WebhookScene& scene, absl::string_view action,
                         const PullRequest& pull_request,
                         const WebhookComment& comment) {
  const std::string url =
      absl::StrCat(scene.api_url, "/repos/", scene.repository.full_name);
  const std::string issue_url =
      absl::StrCat(url, "/issues/", pull_request.number);
  const Json pull =
      PullRequestObject(scene.repository, pull_request, scene.api_url);
  const std::string page =
      comment.is_on_issue
          ? absl::StrCat(WebUrl(scene.api_url), "/", scene.repository.full_name,
                         "/issues/", pull_request.number)
          : pull["html_url"].get<std::string>();
  const std::string now = IsoTime(scene.now);
  const int64_t id = scene.repository.id + absl::ToUnixSeconds(scene.now);
  Json issue = {
      {"url", issue_url},
      {"repository_url", url},
      {"labels_url", issue_url + "/labels{/name}"},
      {"comments_url", issue_url + "/comments"},
      {"events_url", issue_url + "/events"},
      {"html_url", page},
      {"id", pull["id"]},
      {"node_id", pull["node_id"]},
      {"number", pull_request.number},
      {"title", pull_request.title},
      {"user", pull["user"]},
      {"labels", Json::array()},
      {"state", pull["state"]},
      {"locked", false},
      {"assignee", nullptr},
      {"assignees", Json::array()},
      {"milestone", nullptr},
      {"comments", 1},
      {"created_at", pull["created_at"]},
      {"updated_at", now},
      {"closed_at", pull["closed_at"]},
      {"author_association", pull["author_association"]},
      {"active_lock_reason", nullptr},
      {"body", pull["body"]},
      {"reactions", Reactions(issue_url)},
      {"timeline_url", issue_url + "/timeline"},
      {"performed_via_github_app", nullptr},
  };
  if (!comment.is_on_issue) {
    issue["draft"] = pull_request.is_draft;
    issue["pull_request"] = {{"url", pull["url"]},
                             {"html_url", pull["html_url"]},
                             {"diff_url", pull["diff_url"]},
                             {"patch_url", pull["patch_url"]},
                             {"merged_at", pull["merged_at"]}};
  }
  Json payload = {
      {"action", action},
      {"issue", issue},
      {"comment",
       {{"url", absl::StrCat(url, "/issues/comments/", id)},
        {"html_url", absl::StrCat(page, "#issuecomment-", id)},
        {"issue_url", issue_url},
        {"id", id},
        {"node_id", NodeId("IC", id)},
        {"user", UserOf(scene, comment.login)},
        {"created_at", now},
        {"updated_at", now},
        {"author_association", comment.author_association},
        {"body", comment.body},
        {"reactions", Reactions(absl::StrCat(url, "/issues/comments/", id))},
        {"performed_via_github_app", nullptr}}}};
  if (action == "edited") payload["changes"]["body"]["from"] = "Hello.";
  AddPlace(scene, comment.login, &payload);
  return payload;
}

Json StatusPayload(const WebhookScene& scene, absl::string_view sha,
                   const GitHubRules::Row& row) {
  const std::string url =
      absl::StrCat(scene.api_url, "/repos/", scene.repository.full_name);
  const std::string commit_url = absl::StrCat(url, "/commits/", sha);
  Json person = Person();
  person["date"] = IsoTime(row.created_at);
  const Json user = UserOf(scene, kAuthor);
  Json payload = {
      {"id", row.id},
      {"sha", sha},
      {"name", scene.repository.full_name},
      {"avatar_url", UserOf(scene, row.creator)["avatar_url"]},
      {"target_url", TextOrNull(row.target_url)},
      {"context", row.context},
      {"description", TextOrNull(row.description)},
      {"state", row.state},
      {"commit",
       {{"sha", sha},
        {"node_id", NodeId("C", row.id)},
        {"commit",
         {{"author", person},
          {"committer", person},
          {"message", "Say hello"},
          {"tree",
           {{"sha", kTreeId},
            {"url", absl::StrCat(url, "/git/trees/", kTreeId)}}},
          {"url", absl::StrCat(url, "/git/commits/", sha)},
          {"comment_count", 0},
          {"verification",
           {{"verified", false},
            {"reason", "unsigned"},
            {"signature", nullptr},
            {"payload", nullptr},
            {"verified_at", nullptr}}}}},
        {"url", commit_url},
        {"html_url", absl::StrCat(WebUrl(scene.api_url), "/",
                                  scene.repository.full_name, "/commit/", sha)},
        {"comments_url", commit_url + "/comments"},
        {"author", user},
        {"committer", user},
        {"parents", Json::array()}}},
      {"branches",
       Json::array({{{"name", "changes"},
                     {"commit", {{"sha", sha}, {"url", commit_url}}},
                     {"protected", false}}})},
      {"created_at", OffsetTime(row.created_at)},
      {"updated_at", OffsetTime(row.created_at)}};
  AddPlace(scene, row.creator, &payload);
  return payload;
}

Json RepositoryPayload(const WebhookScene& scene, absl::string_view action,
                       const std::string& old_full_name) {
  Json payload = {{"action", action}};
  if (action == "renamed") {
    payload["changes"]["repository"]["name"]["from"] =
        old_full_name.substr(old_full_name.find('/') + 1);
  } else if (action == "transferred") {
    payload["changes"]["owner"]["from"]["organization"] =
        OrganizationObject(OwnerOf(old_full_name), scene.api_url);
  }
  AddPlace(scene, kAuthor, &payload);
  return payload;
}

Json InstallationPayload(const WebhookScene& scene, absl::string_view action,
                         const Json& installation) {
  Json payload = {{"action", action}, {"installation", installation}};
  // Integers here, texts in the API's answers.
  payload["installation"]["created_at"] = absl::ToUnixSeconds(scene.now);
  payload["installation"]["updated_at"] = absl::ToUnixSeconds(scene.now);
  if (!scene.repository.full_name.empty()) {
    const Json repository = Repository(scene);
    Json listed;
    for (const char* const member :
         {"id", "node_id", "name", "full_name", "private"}) {
      listed[member] = repository[member];
    }
    payload["repositories"] = Json::array({listed});
  }
  payload["requester"] = nullptr;
  payload["sender"] = UserOf(scene, kAuthor);
  return payload;
}

Json UnknownPayload(const WebhookScene& scene, absl::string_view action) {
  Json payload = Json::object();
  if (!action.empty()) payload["action"] = action;
  AddPlace(scene, kAuthor, &payload);
  return payload;
}

Json PingPayload(const WebhookScene& scene, const Json& hook) {
  Json payload = {{"zen", "Anything added dilutes everything else."},
                  {"hook_id", hook["id"]},
                  {"hook", hook}};
  // A ping is the first delivery of a hook.
  if (hook.contains("last_response")) {
    payload["hook"]["last_response"] = {
        {"code", nullptr}, {"status", "unused"}, {"message", nullptr}};
  }
  AddPlace(scene, kAuthor, &payload);
  return payload;
}

}  // namespace signalbox
