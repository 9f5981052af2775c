#ifndef SIGNALBOX_TESTS_COMMON_WEBHOOK_PAYLOADS_H_
#define SIGNALBOX_TESTS_COMMON_WEBHOOK_PAYLOADS_H_

#include <nlohmann/json.hpp>

namespace signalbox {

// The shas in the payloads: of the head, of its base, of GitHub's merge of the
// two, of an annotated tag, and the one that stands for "no commit".
constexpr char kHeadSha[] = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";
constexpr char kBaseSha[] = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e";
constexpr char kMergeSha[] = "c4295bd74fb0f4fda03689c3df3f2803b658fd85";
constexpr char kTagObject[] = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
constexpr char kNullSha[] = "0000000000000000000000000000000000000000";

// Payloads of GitHub's deliveries, one function for each event. They have the
// members that Signalbox reads, and some with similar names that it must not
// read.

inline nlohmann::ordered_json RepositoryPayload() {
  return {{"id", 186853002},
          {"name", "Hello-World"},
          {"full_name", "Codertocat/Hello-World"},
          {"owner", {{"login", "Codertocat"}, {"id", 21031067}}},
          {"html_url", "https://github.com/Codertocat/Hello-World"},
          {"clone_url", "https://github.com/Codertocat/Hello-World.git"},
          {"created_at", "2019-05-15T15:19:25Z"},
          {"updated_at", "2019-05-15T15:20:41Z"},
          {"size", 0.5}};
}

inline nlohmann::ordered_json PullRequestPayload(
    const char* action = "opened") {
  nlohmann::ordered_json fork = RepositoryPayload();
  fork["id"] = 186853999;
  fork["full_name"] = "octocat/Hello-World";
  fork["html_url"] = "https://github.com/octocat/Hello-World";
  fork["clone_url"] = "https://github.com/octocat/Hello-World.git";
  return {{"action", action},
          {"number", 2},
          {"pull_request",
           {{"id", 279147437},
            {"number", 2},
            {"state", "open"},
            {"title", "Update the README"},
            {"user", {{"login", "octocat"}, {"id", 1}}},
            {"body", nullptr},
            {"updated_at", "2019-05-15T15:20:33Z"},
            {"merge_commit_sha", kMergeSha},
            {"labels", {{{"name", "bug"}}}},
            {"draft", false},
            {"head",
             {{"label", "octocat:changes"},
              {"ref", "changes"},
              {"sha", kHeadSha},
              {"repo", fork}}},
            {"base",
             {{"ref", "master"},
              {"sha", kBaseSha},
              {"repo", RepositoryPayload()}}}}},
          {"repository", RepositoryPayload()},
          {"sender", {{"login", "octocat"}, {"id", 1}}}};
}

inline nlohmann::ordered_json PushPayload(
    const char* ref = "refs/heads/master") {
  nlohmann::ordered_json repository = RepositoryPayload();
  repository["created_at"] = 1557933565;
  repository["pushed_at"] = 1557933657;
  repository["url"] = "https://github.com/Codertocat/Hello-World";
  return {{"ref", ref},
          {"before", kBaseSha},
          {"after", kHeadSha},
          {"created", false},
          {"deleted", false},
          {"forced", false},
          {"base_ref", nullptr},
          {"commits", nlohmann::ordered_json::array({{{"id", kBaseSha}}})},
          {"head_commit", {{"id", kHeadSha}, {"message", "Greet"}}},
          {"repository", repository},
          {"pusher", {{"name", "Codertocat"}}},
          {"sender", {{"login", "Codertocat"}, {"id", 21031067}}}};
}

// A pull request whose base branch was changed.
inline nlohmann::ordered_json RetargetPayload() {
  nlohmann::ordered_json payload = PullRequestPayload("edited");
  payload["changes"] = {
      {"base", {{"ref", {{"from", "old"}}}, {"sha", {{"from", kMergeSha}}}}}};
  return payload;
}

// As in GitHub's example, the commit's id is not the head.
inline nlohmann::ordered_json MergeGroupPayload(
    const char* action = "checks_requested") {
  return {{"action", action},
          {"merge_group",
           {{"head_sha", kHeadSha},
            {"head_ref", "refs/heads/gh-readonly-queue/main/pr-104-929f8209"},
            {"base_sha", kBaseSha},
            {"base_ref", "refs/heads/main"},
            {"head_commit", {{"id", kMergeSha}, {"message", "Merge"}}}}},
          {"repository", RepositoryPayload()},
          {"installation", {{"id", 1}}},
          {"sender", {{"login", "octocat"}, {"id", 1}}}};
}

inline nlohmann::ordered_json CheckRunPayload(
    const char* action = "rerequested") {
  return {{"action", action},
          {"check_run",
           {{"id", 4},
            {"head_sha", kHeadSha},
            {"name", "ci/build"},
            {"conclusion", "neutral"},
            {"check_suite", {{"id", 5}, {"head_sha", kBaseSha}}},
            {"app", {{"id", 2}}},
            {"pull_requests", nlohmann::ordered_json::array()}}},
          {"repository", RepositoryPayload()},
          {"installation", {{"id", 1}}},
          {"sender", {{"login", "octocat"}, {"type", "User"}}}};
}

inline nlohmann::ordered_json CheckSuitePayload(
    const char* action = "rerequested") {
  return {{"action", action},
          {"check_suite",
           {{"id", 118578147},
            {"head_branch", "changes"},
            {"head_sha", kHeadSha},
            {"before", kBaseSha},
            {"after", kMergeSha},
            {"head_commit", {{"id", kMergeSha}}}}},
          {"repository", RepositoryPayload()},
          {"installation", {{"id", 1}}},
          {"sender", {{"login", "octocat[bot]"}, {"type", "Bot"}}}};
}

inline nlohmann::ordered_json CommentPayload(const char* body = "/retest",
                                             const char* action = "created") {
  return {{"action", action},
          {"issue",
           {{"id", 444500041},
            {"number", 2},
            {"state", "open"},
            {"user", {{"login", "octocat"}, {"type", "User"}}},
            {"body", "/retest of/the/issue"},
            {"pull_request", {{"merged_at", nullptr}}}}},
          {"comment",
           {{"id", 492700400},
            {"user", {{"login", "Codertocat"}, {"type", "User"}}},
            {"author_association", "OWNER"},
            {"body", body}}},
          {"repository", RepositoryPayload()},
          {"sender", {{"login", "Codertocat"}, {"type", "User"}}}};
}

inline nlohmann::ordered_json StatusPayload(const char* state = "success") {
  return {{"id", 6805126730},
          {"sha", kHeadSha},
          {"name", "Codertocat/Hello-World"},
          {"target_url", "https://ci.example.com/7"},
          {"context", "ci/build"},
          {"description", "Built in 3 s"},
          {"state", state},
          {"commit", {{"sha", kBaseSha}, {"author", nullptr}}},
          {"branches", nlohmann::ordered_json::array(
                           {{{"name", "master"}, {"protected", false}}})},
          {"created_at", "2019-05-15T15:20:55+00:00"},
          {"repository", RepositoryPayload()},
          {"sender", {{"login", "octocat"}, {"id", 1}}}};
}

// An event about the repository itself, such as "archived".
inline nlohmann::ordered_json RepositoryEventPayload(const char* action) {
  return {{"action", action},
          {"repository", RepositoryPayload()},
          {"sender", {{"login", "octocat"}, {"id", 1}}}};
}

inline nlohmann::ordered_json RenamedPayload() {
  nlohmann::ordered_json payload = RepositoryEventPayload("renamed");
  payload["changes"] = {{"repository", {{"name", {{"from", "Old.World"}}}}}};
  return payload;
}

// `by` is the type of the former owner: "user" or "organization".
inline nlohmann::ordered_json TransferredPayload(const char* by = "user") {
  nlohmann::ordered_json payload = RepositoryEventPayload("transferred");
  payload["changes"] = {
      {"owner", {{"from", {{by, {{"login", "old-owner"}, {"id", 1}}}}}}}};
  return payload;
}

inline nlohmann::ordered_json InstallationPayload(
    const char* action = "created") {
  return {{"action", action},
          {"installation",
           {{"id", 957387},
            {"account",
             {{"login", "Codertocat"},
              {"html_url", "https://github.com/Codertocat"}}},
            {"html_url", "https://github.com/settings/installations/957387"},
            {"app_id", 29310},
            {"created_at", 1557933591},
            {"updated_at", "2019-05-15T15:19:51.000Z"}}},
          {"repositories",
           nlohmann::ordered_json::array({{{"id", 1}, {"name", "r"}}})},
          {"sender", {{"login", "Codertocat"}, {"id", 21031067}}}};
}

inline nlohmann::ordered_json InstallationRepositoriesPayload(
    const char* action = "added") {
  nlohmann::ordered_json payload = InstallationPayload(action);
  payload.erase("repositories");
  payload["repository_selection"] = "selected";
  payload["repositories_added"] = nlohmann::ordered_json::array();
  payload["repositories_removed"] = nlohmann::ordered_json::array();
  return payload;
}

// The account with an installation has been renamed.
inline nlohmann::ordered_json InstallationTargetPayload() {
  return {{"action", "renamed"},
          {"account", {{"login", "new-name"}, {"id", 1}}},
          {"changes", {{"login", {{"from", "old-name"}}}}},
          {"installation", {{"id", 957387}}},
          {"target_type", "Organization"},
          {"sender", {{"login", "octocat"}, {"id", 1}}}};
}

inline nlohmann::ordered_json PingPayload() {
  return {{"zen", "Design for failure."},
          {"hook_id", 109948940},
          {"hook", {{"type", "Repository"}, {"events", {"push"}}}},
          {"repository", RepositoryPayload()}};
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_WEBHOOK_PAYLOADS_H_
