#include "tests/github_simulator/github_objects.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// Members of a repository: its API address with something appended.
constexpr std::pair<const char*, const char*> kRepositoryLinks[] = {
    {"archive_url", "/{archive_format}{/ref}"},
    {"assignees_url", "/assignees{/user}"},
    {"blobs_url", "/git/blobs{/sha}"},
    {"branches_url", "/branches{/branch}"},
    {"collaborators_url", "/collaborators{/collaborator}"},
    {"comments_url", "/comments{/number}"},
    {"commits_url", "/commits{/sha}"},
    {"compare_url", "/compare/{base}...{head}"},
    {"contents_url", "/contents/{+path}"},
    {"contributors_url", "/contributors"},
    {"deployments_url", "/deployments"},
    {"downloads_url", "/downloads"},
    {"events_url", "/events"},
    {"forks_url", "/forks"},
    {"git_commits_url", "/git/commits{/sha}"},
    {"git_refs_url", "/git/refs{/sha}"},
    {"git_tags_url", "/git/tags{/sha}"},
    {"hooks_url", "/hooks"},
    {"issue_comment_url", "/issues/comments{/number}"},
    {"issue_events_url", "/issues/events{/number}"},
    {"issues_url", "/issues{/number}"},
    {"keys_url", "/keys{/key_id}"},
    {"labels_url", "/labels{/name}"},
    {"languages_url", "/languages"},
    {"merges_url", "/merges"},
    {"milestones_url", "/milestones{/number}"},
    {"notifications_url", "/notifications{?since,all,participating}"},
    {"pulls_url", "/pulls{/number}"},
    {"releases_url", "/releases{/id}"},
    {"stargazers_url", "/stargazers"},
    {"statuses_url", "/statuses/{sha}"},
    {"subscribers_url", "/subscribers"},
    {"subscription_url", "/subscription"},
    {"tags_url", "/tags"},
    {"teams_url", "/teams"},
    {"trees_url", "/git/trees{/sha}"},
};

}  // namespace

std::string IsoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

Json TextOrNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string NodeId(absl::string_view kind, int64_t id) {
  return absl::StrCat(kind, "_", absl::WebSafeBase64Escape(absl::StrCat(id)));
}

std::string WebUrl(absl::string_view api_url) {
  return absl::ConsumeSuffix(&api_url, "/api/v3") ? std::string(api_url)
                                                  : "https://github.com";
}

int64_t AccountId(absl::string_view login) {
  // FNV-1a gives the same in every process, so that a test can compare runs.
  uint64_t hash = 14695981039346656037u;
  for (const char c : absl::AsciiStrToLower(login)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  // Less than 2^31, as at GitHub: hub4j's library has such numbers as int.
  return (int64_t{1} << 30) + static_cast<int64_t>(hash >> 34);
}

SimulatedUser UserOfLogin(const std::string& login) {
  return {.login = login,
          .id = AccountId(login),
          .is_bot = absl::EndsWith(login, "[bot]")};
}

Json UserObject(const SimulatedUser& user, absl::string_view api_url) {
  const std::string url =
      absl::StrCat(api_url, "/users/", PercentEncode(user.login));
  const char* const type = user.is_bot            ? "Bot"
                           : user.is_organization ? "Organization"
                                                  : "User";
  return {
      {"login", user.login},
      {"id", user.id},
      {"node_id", NodeId(user.is_bot ? "BOT" : "U", user.id)},
      {"avatar_url", absl::StrCat("https://avatars.githubusercontent.com/u/",
                                  user.id, "?v=4")},
      {"gravatar_id", ""},
      {"url", url},
      {"html_url", user.is_bot
                       ? absl::StrCat(WebUrl(api_url), "/apps/",
                                      absl::StripSuffix(user.login, "[bot]"))
                       : absl::StrCat(WebUrl(api_url), "/", user.login)},
      {"followers_url", url + "/followers"},
      {"following_url", url + "/following{/other_user}"},
      {"gists_url", url + "/gists{/gist_id}"},
      {"starred_url", url + "/starred{/owner}{/repo}"},
      {"subscriptions_url", url + "/subscriptions"},
      {"organizations_url", url + "/orgs"},
      {"repos_url", url + "/repos"},
      {"events_url", url + "/events{/privacy}"},
      {"received_events_url", url + "/received_events"},
      {"type", type},
      {"user_view_type", "public"},
      {"site_admin", false},
  };
}

Json OrganizationObject(const std::string& login, absl::string_view api_url) {
  const int64_t id = AccountId(login);
  const std::string url = absl::StrCat(api_url, "/orgs/", login);
  return {
      {"login", login},
      {"id", id},
      {"node_id", NodeId("O", id)},
      {"url", url},
      {"repos_url", url + "/repos"},
      {"events_url", url + "/events"},
      {"hooks_url", url + "/hooks"},
      {"issues_url", url + "/issues"},
      {"members_url", url + "/members{/member}"},
      {"public_members_url", url + "/public_members{/member}"},
      {"avatar_url",
       absl::StrCat("https://avatars.githubusercontent.com/u/", id, "?v=4")},
      {"description", ""},
  };
}

Json FullUserObject(const SimulatedUser& user, absl::string_view api_url) {
  Json object = UserObject(user, api_url);
  for (const char* const name :
       {"name", "company", "location", "email", "hireable", "bio"}) {
    object[name] = nullptr;
  }
  object["blog"] = "";
  for (const char* const name :
       {"public_repos", "public_gists", "followers", "following"}) {
    object[name] = 0;
  }
  object["created_at"] = kCreationTime;
  object["updated_at"] = kCreationTime;
  return object;
}

Json RepositoryObject(const SimulatedRepository& repository,
                      absl::string_view api_url) {
  const size_t slash = repository.full_name.find('/');
  const std::string owner = repository.full_name.substr(0, slash);
  const std::string name = slash == std::string::npos
                               ? std::string()
                               : repository.full_name.substr(slash + 1);
  const std::string url =
      absl::StrCat(api_url, "/repos/", repository.full_name);
  Json object = {
      {"id", repository.id},
      {"node_id", NodeId("R", repository.id)},
      {"name", name},
      {"full_name", repository.full_name},
      {"private", false},
      {"owner",
       UserObject(
           {.login = owner, .id = AccountId(owner), .is_organization = true},
           api_url)},
      {"html_url", absl::StrCat(WebUrl(api_url), "/", repository.full_name)},
      {"description", nullptr},
      {"fork", false},
      {"url", url},
  };
  for (const auto& [member, path] : kRepositoryLinks) {
    object[member] = url + path;
  }
  return object;
}

Json CommitObject(const SimulatedRepository& repository, const std::string& sha,
                  absl::string_view api_url) {
  const std::string url =
      absl::StrCat(api_url, "/repos/", repository.full_name);
  const std::string commit = absl::StrCat("/commits/", sha);
  const std::string tree(sha.rbegin(), sha.rend());
  const Json signature = {{"name", "Mona Lisa"},
                          {"email", "octocat@github.com"},
                          {"date", kCreationTime}};
  const Json author = UserObject(UserOfLogin("octocat"), api_url);
  return {
      {"sha", sha},
      {"node_id", absl::StrCat("C_", sha)},
      {"commit",
       {{"author", signature},
        {"committer", signature},
        {"message", "Say hello"},
        {"tree",
         {{"sha", tree}, {"url", absl::StrCat(url, "/git/trees/", tree)}}},
        {"url", absl::StrCat(url, "/git/commits/", sha)},
        {"comment_count", 0}}},
      {"url", url + commit},
      {"html_url", absl::StrCat(WebUrl(api_url), "/", repository.full_name,
                                "/commit/", sha)},
      {"comments_url", absl::StrCat(url, commit, "/comments")},
      {"author", author},
      {"committer", author},
      {"parents", Json::array()},
      {"stats", {{"total", 0}, {"additions", 0}, {"deletions", 0}}},
      {"files", Json::array()},
  };
}

Json FullRepositoryObject(const SimulatedRepository& repository,
                          absl::string_view api_url) {
  const std::string& full_name = repository.full_name;
  const std::string web_url = WebUrl(api_url);
  const std::string host = web_url.substr(web_url.find("://") + 3);
  Json object = RepositoryObject(repository, api_url);
  object.update(Json{
      {"created_at", kCreationTime},
      {"updated_at", kCreationTime},
      {"pushed_at", kCreationTime},
      {"git_url", absl::StrCat("git://", host, "/", full_name, ".git")},
      {"ssh_url", absl::StrCat("git@", host, ":", full_name, ".git")},
      {"clone_url", absl::StrCat(web_url, "/", full_name, ".git")},
      {"svn_url", absl::StrCat(web_url, "/", full_name)},
      {"homepage", nullptr},
      {"size", 0},
      {"stargazers_count", 0},
      {"watchers_count", 0},
      {"language", "C++"},
      {"has_issues", true},
      {"has_projects", true},
      {"has_downloads", true},
      {"has_wiki", true},
      {"has_pages", false},
      {"has_discussions", false},
      {"forks_count", 0},
      {"mirror_url", nullptr},
      {"archived", repository.archived},
      {"disabled", false},
      {"open_issues_count", 0},
      {"license", nullptr},
      {"allow_forking", true},
      {"is_template", false},
      {"web_commit_signoff_required", false},
      {"topics", Json::array()},
      {"custom_properties", Json::object()},
      {"visibility", "public"},
      {"forks", 0},
      {"open_issues", 0},
      {"watchers", 0},
      {"default_branch", "main"},
      {"allow_squash_merge", true},
      {"allow_merge_commit", true},
      {"allow_rebase_merge", true},
      {"delete_branch_on_merge", false},
      {"network_count", 0},
      {"subscribers_count", 0},
  });
  return object;
}

}  // namespace signalbox
