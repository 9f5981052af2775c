#ifndef SIGNALBOX_TESTS_SHIM_WEBHOOK_PAYLOADS_H_
#define SIGNALBOX_TESTS_SHIM_WEBHOOK_PAYLOADS_H_

#include <nlohmann/json.hpp>

namespace signalbox {

constexpr char kHeadSha[] = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";
constexpr char kBaseSha[] = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e";
constexpr char kMergeSha[] = "c4295bd74fb0f4fda03689c3df3f2803b658fd85";
constexpr char kTagObject[] = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
constexpr char kNullSha[] = "0000000000000000000000000000000000000000";

// Deliveries of GitHub, with the members that matter and some that must not.

inline nlohmann::ordered_json RepositoryPayload() {
  return {{"id", 186853002},
          {"name", "Hello-World"},
          {"full_name", "Codertocat/Hello-World"},
          {"owner", {{"login", "Codertocat"}, {"id", 21031067}}},
          {"html_url", "https://github.com/Codertocat/Hello-World"},
          {"clone_url", "https://github.com/Codertocat/Hello-World.git"},
          {"created_at", "2019-05-15T15:19:25Z"},
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

inline nlohmann::ordered_json PingPayload() {
  return {{"zen", "Design for failure."},
          {"hook_id", 109948940},
          {"hook", {{"type", "Repository"}, {"events", {"push"}}}},
          {"repository", RepositoryPayload()}};
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SHIM_WEBHOOK_PAYLOADS_H_
