#include "rest/bodies.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "rest/name_hash.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// Where GitHub says when a repository or a user was made: Signalbox has no such
// time.
constexpr char kUnknownTime[] = "1970-01-01T00:00:00Z";
constexpr char kDocumentation[] = "https://docs.github.com/rest";
constexpr int64_t kUnlimited = 1000000;

// What the door serves, for people who look at `/`.
constexpr const char* kServed[] = {
    "POST /repos/{owner}/{repo}/statuses/{sha}",
    "POST /repositories/{id}/statuses/{sha}",
    "GET /repos/{owner}/{repo}/commits/{ref}/status",
    "GET /repos/{owner}/{repo}/commits/{ref}/statuses",
    "GET /repos/{owner}/{repo}/statuses/{ref}",
    "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/commits/{ref}",
    "GET /user",
    "GET /users/{login}",
    "GET /app",
    "GET /app/installations",
    "GET /app/installations/{id}",
    "GET /orgs/{org}/installation",
    "GET /users/{username}/installation",
    "GET /repos/{owner}/{repo}/installation",
    "POST /app/installations/{id}/access_tokens",
    "GET /rate_limit",
    "GET /meta",
    "GET /versions",
    "GET /zen"};
constexpr char kNotServed[] =
    "everything else, such as check runs, contents, pull requests, hooks and "
    "GraphQL";

// Members of a repository: its address with something appended.
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
    {"trees_url", "/git/trees{/sha}"}};

// Members of a user: its address with something appended.
constexpr std::pair<const char*, const char*> kUserLinks[] = {
    {"followers_url", "/followers"},
    {"following_url", "/following{/other_user}"},
    {"gists_url", "/gists{/gist_id}"},
    {"starred_url", "/starred{/owner}{/repo}"},
    {"subscriptions_url", "/subscriptions"},
    {"organizations_url", "/orgs"},
    {"repos_url", "/repos"},
    {"events_url", "/events{/privacy}"},
    {"received_events_url", "/received_events"}};

// What GitHub's answer at `/` has: the door's address with something appended.
// Clients may rely on every one, although the door serves few of them.
constexpr std::pair<const char*, const char*> kRootLinks[] = {
    {"current_user_url", "/user"},
    {"current_user_authorizations_html_url",
     "/settings/connections/applications{/client_id}"},
    {"authorizations_url", "/authorizations"},
    {"code_search_url", "/search/code?q={query}{&page,per_page,sort,order}"},
    {"commit_search_url",
     "/search/commits?q={query}{&page,per_page,sort,order}"},
    {"emails_url", "/user/emails"},
    {"emojis_url", "/emojis"},
    {"events_url", "/events"},
    {"feeds_url", "/feeds"},
    {"followers_url", "/user/followers"},
    {"following_url", "/user/following{/target}"},
    {"gists_url", "/gists{/gist_id}"},
    {"issue_search_url", "/search/issues?q={query}{&page,per_page,sort,order}"},
    {"issues_url", "/issues"},
    {"keys_url", "/user/keys"},
    {"label_search_url",
     "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}"},
    {"notifications_url", "/notifications"},
    {"organization_url", "/orgs/{org}"},
    {"organization_repositories_url",
     "/orgs/{org}/repos{?type,page,per_page,sort}"},
    {"organization_teams_url", "/orgs/{org}/teams"},
    {"public_gists_url", "/gists/public"},
    {"rate_limit_url", "/rate_limit"},
    {"repository_url", "/repos/{owner}/{repo}"},
    {"repository_search_url",
     "/search/repositories?q={query}{&page,per_page,sort,order}"},
    {"current_user_repositories_url", "/user/repos{?type,page,per_page,sort}"},
    {"starred_url", "/user/starred{/owner}{/repo}"},
    {"starred_gists_url", "/gists/starred"},
    {"user_url", "/users/{user}"},
    {"user_organizations_url", "/user/orgs"},
    {"user_repositories_url", "/users/{user}/repos{?type,page,per_page,sort}"},
    {"user_search_url", "/search/users?q={query}{&page,per_page,sort,order}"}};

std::string Text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

Json TextOrNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string IsoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string NodeId(absl::string_view kind, absl::string_view id) {
  return absl::StrCat(kind, "_", absl::WebSafeBase64Escape(id));
}

std::string WebUrl(const RestPlace& place) {
  return absl::StrCat("https://", place.host);
}

// The repository's page.
std::string PageUrl(const RestPlace& place) {
  return absl::StrCat(WebUrl(place), "/", place.owner, "/", place.name);
}

// GitHub's picture for a name.
std::string AvatarUrl(const RestPlace& place, absl::string_view login) {
  return absl::StrCat(WebUrl(place), "/identicons/", PercentEncodedPath(login),
                      ".png");
}

// A number for a login, beyond those that GitHub gives.
int64_t AccountId(absl::string_view login) {
  return (int64_t{1} << 40) + static_cast<int64_t>(HashOfName(login) >> 32);
}

Json UserObject(absl::string_view login, absl::string_view type,
                const RestPlace& place, int64_t known_id = 0) {
  const std::string url =
      absl::StrCat(place.base, "/users/", PercentEncodedPath(login));
  const absl::string_view page = absl::StripSuffix(login, "[bot]");
  const int64_t id = known_id != 0 ? known_id : AccountId(login);
  Json user = {
      {"login", std::string(login)},
      {"id", id},
      {"node_id", NodeId("U", absl::StrCat(id))},
      {"avatar_url", AvatarUrl(place, login)},
      {"gravatar_id", ""},
      {"url", url},
      {"html_url", absl::StrCat(WebUrl(place), type == "Bot" ? "/apps/" : "/",
                                PercentEncodedPath(page))}};
  for (const auto& [name, path] : kUserLinks) user[name] = url + path;
  user["type"] = std::string(type);
  user["site_admin"] = false;
  return user;
}

absl::string_view TypeOf(absl::string_view login) {
  return absl::EndsWith(login, "[bot]") ? "Bot" : "User";
}

Json CreatorOf(const RestStatus& status, const RestPlace& place) {
  const RestUser& poster = place.poster;
  return status.creator.empty()
             ? UserObject(poster.login, poster.type, place, poster.id)
             : UserObject(status.creator, TypeOf(status.creator), place);
}

Json StatusObject(const RestStatus& status, const RestPlace& place,
                  absl::string_view sha) {
  const std::string& login =
      status.creator.empty() ? place.poster.login : status.creator;
  return {{"url", StatusUrl(place, sha)},
          {"avatar_url", AvatarUrl(place, login)},
          {"id", status.id},
          {"node_id", NodeId("SC", absl::StrCat(status.id))},
          {"state", std::string(status.state)},
          {"description", TextOrNull(status.description)},
          {"target_url", TextOrNull(status.target_url)},
          {"context", status.context},
          {"created_at", IsoTime(status.time)},
          {"updated_at", IsoTime(status.time)}};
}

// What every answer shows of a repository.
Json RepositoryObject(const RestPlace& place) {
  const std::string url = RepositoryUrl(place);
  Json object = {{"id", place.repository_id},
                 {"node_id", NodeId("R", absl::StrCat(place.repository_id))},
                 {"name", place.name},
                 {"full_name", absl::StrCat(place.owner, "/", place.name)},
                 {"owner", UserObject(place.owner, "Organization", place)},
                 {"private", true},
                 {"html_url", PageUrl(place)},
                 {"description", nullptr},
                 {"fork", false},
                 {"url", url}};
  for (const auto& [name, path] : kRepositoryLinks) object[name] = url + path;
  return object;
}

// The members that only the answer about a repository has. Those that Signalbox
// knows nothing about have the most common value.
Json MoreOfRepository(const RestPlace& place, bool may_report) {
  const std::string full_name = absl::StrCat(place.owner, "/", place.name);
  const std::string page = PageUrl(place);
  Json object = {
      {"git_url", absl::StrCat("git://", place.host, "/", full_name, ".git")},
      {"ssh_url", absl::StrCat("git@", place.host, ":", full_name, ".git")},
      {"clone_url", page + ".git"},
      {"svn_url", page},
      {"visibility", "private"},
      {"default_branch", "main"},
      {"topics", Json::array()},
      {"permissions",
       {{"admin", false}, {"push", may_report}, {"pull", true}}}};
  for (const char* const name : {"created_at", "updated_at", "pushed_at"}) {
    object[name] = kUnknownTime;
  }
  for (const char* const name :
       {"homepage", "language", "mirror_url", "license"}) {
    object[name] = nullptr;
  }
  for (const char* const name :
       {"size", "stargazers_count", "watchers_count", "forks_count",
        "open_issues_count", "network_count", "subscribers_count", "forks",
        "open_issues", "watchers"}) {
    object[name] = 0;
  }
  for (const char* const name : {"has_issues", "has_projects", "has_downloads",
                                 "has_wiki", "allow_forking"}) {
    object[name] = true;
  }
  for (const char* const name : {"has_pages", "has_discussions", "archived",
                                 "disabled", "is_template"}) {
    object[name] = false;
  }
  return object;
}

}  // namespace

int64_t IdOfReport(int64_t sequence) { return (int64_t{1} << 52) + sequence; }

std::string RepositoryUrl(const RestPlace& place, absl::string_view path) {
  return absl::StrCat(place.base, "/repos/", place.owner, "/", place.name,
                      path);
}

std::string StatusUrl(const RestPlace& place, absl::string_view sha) {
  return RepositoryUrl(place, absl::StrCat("/statuses/", sha));
}

std::string PercentEncodedPath(absl::string_view path) {
  std::string encoded;
  for (const char c : path) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-._~/", c)) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string StatusBody(const RestStatus& status, const RestPlace& place,
                       absl::string_view sha) {
  Json object = StatusObject(status, place, sha);
  object["creator"] = CreatorOf(status, place);
  return Text(object);
}

std::string StatusesBody(absl::Span<const RestStatus> statuses,
                         const RestPlace& place, absl::string_view sha) {
  Json list = Json::array();
  for (const RestStatus& status : statuses) {
    list.push_back(StatusObject(status, place, sha));
    list.back()["creator"] = CreatorOf(status, place);
  }
  return Text(list);
}

std::string CombinedBody(absl::string_view state,
                         absl::Span<const RestStatus> statuses,
                         size_t total_count, const RestPlace& place,
                         absl::string_view sha) {
  Json list = Json::array();
  for (const RestStatus& status : statuses) {
    list.push_back(StatusObject(status, place, sha));
  }
  const std::string commit = absl::StrCat("/commits/", sha);
  return Text({{"state", std::string(state)},
               {"statuses", std::move(list)},
               {"sha", std::string(sha)},
               {"total_count", total_count},
               {"repository", RepositoryObject(place)},
               {"commit_url", RepositoryUrl(place, commit)},
               {"url", RepositoryUrl(place, commit + "/status")}});
}

std::string RepositoryBody(const RestPlace& place, bool may_report) {
  Json object = RepositoryObject(place);
  object.update(MoreOfRepository(place, may_report));
  return Text(object);
}

std::string CommitBody(const RestPlace& place, absl::string_view sha) {
  const std::string url = RepositoryUrl(place, absl::StrCat("/commits/", sha));
  const std::string no_tree(sha.size(), '0');
  const Json tree = {
      {"sha", no_tree},
      {"url", RepositoryUrl(place, absl::StrCat("/git/trees/", no_tree))}};
  return Text(
      {{"sha", std::string(sha)},
       {"node_id", NodeId("C", sha)},
       {"commit",
        {{"author", nullptr},
         {"committer", nullptr},
         {"message", ""},
         {"tree", tree},
         {"url", RepositoryUrl(place, absl::StrCat("/git/commits/", sha))},
         {"comment_count", 0}}},
       {"url", url},
       {"html_url", absl::StrCat(PageUrl(place), "/commit/", sha)},
       {"comments_url", url + "/comments"},
       {"author", nullptr},
       {"committer", nullptr},
       {"parents", Json::array()},
       // Clients read these without looking whether they are there.
       {"stats", {{"additions", 0}, {"deletions", 0}, {"total", 0}}},
       {"files", Json::array()}});
}

std::string UserBody(absl::string_view login, const RestPlace& place) {
  Json user = UserObject(login, TypeOf(login), place);
  for (const char* const name :
       {"name", "company", "location", "email", "hireable", "bio"}) {
    user[name] = nullptr;
  }
  user["blog"] = "";
  for (const char* const name :
       {"public_repos", "public_gists", "followers", "following"}) {
    user[name] = 0;
  }
  user["created_at"] = kUnknownTime;
  user["updated_at"] = kUnknownTime;
  return Text(user);
}

std::string RateLimitBody(absl::Time now) {
  const Json limit = {{"limit", kUnlimited},
                      {"used", 0},
                      {"remaining", kUnlimited},
                      {"reset", absl::ToUnixSeconds(now + absl::Hours(1))}};
  return Text({{"resources",
                {{"core", limit},
                 {"search", limit},
                 {"graphql", limit},
                 {"integration_manifest", limit}}},
               {"rate", limit}});
}

std::string RootBody(const std::string& base) {
  Json root = Json::object();
  for (const auto& [name, path] : kRootLinks) root[name] = base + path;
  Json served = Json::array();
  for (const char* const one : kServed) served.push_back(one);
  root["served"] = std::move(served);
  root["not_served"] = kNotServed;
  // Indented, because people look at it, too.
  return Text(root, /*indent=*/2) + "\n";
}

std::string RootText(const std::string& base) {
  std::string text = absl::StrCat(
      "Signalbox sets commit statuses at GitHub. Tools that can be given an "
      "address of\nGitHub's API post through it: give them ",
      base,
      "/\n(or the same with /api/v3), and a token of a caller.\n\n"
      "Served:\n");
  for (const char* const one : kServed) absl::StrAppend(&text, "  ", one, "\n");
  absl::StrAppend(&text, "Not served: ", kNotServed, ".\n");
  return text;
}

std::string MetaBody() {
  return Text({{"verifiable_password_authentication", false},
               {"installed_version", "3.14.0"}});
}

std::string VersionsBody() { return R"(["2022-11-28"])"; }

std::string RefusalBody(const RestRefusal& refusal) {
  Json body = {{"message", refusal.message}};
  if (!refusal.field.empty()) {
    Json error = {{"resource", "Status"},
                  {"code", refusal.code},
                  {"field", refusal.field}};
    if (!refusal.problem.empty()) error["message"] = refusal.problem;
    body["errors"] = Json::array({error});
  }
  body["documentation_url"] = kDocumentation;
  body["status"] = absl::StrCat(refusal.status);
  return Text(body);
}

}  // namespace signalbox
