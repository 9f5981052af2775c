#include "tests/github_simulator/root_objects.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// Members of the root: the API's address with something appended.
constexpr std::pair<const char*, const char*> kApiLinks[] = {
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

}  // namespace

Json RootObject(const std::string& api_url) {
  Json root = Json::object();
  for (const auto& [name, path] : kApiLinks) root[name] = api_url + path;
  return root;
}

Json MetaObject(bool is_enterprise) {
  Json meta = {{"verifiable_password_authentication", is_enterprise}};
  if (is_enterprise) meta["installed_version"] = "3.19.0";
  return meta;
}

}  // namespace signalbox
