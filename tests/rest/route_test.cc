#include "rest/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr char kPathSha[] = "0123456789abcdef0123456789abcdef01234567";

RestRoute Get(absl::string_view path, absl::string_view query = "") {
  return FindRoute("GET", path, query);
}
RestRoute Post(absl::string_view path) { return FindRoute("POST", path, ""); }

std::string StatusesPath(absl::string_view prefix = "") {
  return absl::StrCat(prefix, "/repos/acme/app/statuses/", kPathSha);
}

TEST(RouteTest, FindsEachResource) {
  static const struct {
    const char* method;
    const char* path;
    RestResource resource;
    const char* ref;
  } kCases[] = {
      {"GET", "/", RestResource::kRoot, ""},
      {"HEAD", "/api/v3/", RestResource::kRoot, ""},
      {"GET", "/meta", RestResource::kMeta, ""},
      {"GET", "/zen", RestResource::kZen, ""},
      {"GET", "/versions", RestResource::kVersions, ""},
      {"GET", "/rate_limit", RestResource::kRateLimit, ""},
      {"GET", "/user", RestResource::kUser, ""},
      {"GET", "/users/octocat", RestResource::kUserOfLogin, ""},
      {"GET", "/users/signalbox%5Bbot%5D", RestResource::kUserOfLogin, ""},
      {"GET", "/repos/acme/app", RestResource::kRepository, ""},
      {"GET", "/repos/acme/app/commits/main", RestResource::kCommit, "main"},
      {"GET", "/repos/acme/app/commits/main/status", RestResource::kCombined,
       "main"},
      {"GET", "/repos/acme/app/commits/main/statuses", RestResource::kStatuses,
       "main"},
      {"GET", "/repos/acme/app/statuses/main", RestResource::kStatuses, "main"},
      // A branch may be called as a resource, and may have slashes.
      {"GET", "/repos/acme/app/commits/status/status", RestResource::kCombined,
       "status"},
      {"GET", "/repos/acme/app/commits/heads/a/b/status",
       RestResource::kCombined, "heads/a/b"},
      {"GET", "/repos/acme/app/commits/a%2Fb/statuses", RestResource::kStatuses,
       "a/b"},
      {"GET", "/repos/acme/app/statuses/a/b", RestResource::kStatuses, "a/b"},
      {"POST", "/repos/acme/app/statuses/main", RestResource::kCreateStatus,
       "main"},
      {"POST", "/repos/acme/app/statuses/a/b", RestResource::kCreateStatus,
       "a/b"},
  };
  for (const auto& one : kCases) {
    const RestRoute route = FindRoute(one.method, one.path, "");
    EXPECT_EQ(route.resource, one.resource) << one.method << " " << one.path;
    EXPECT_EQ(route.ref, one.ref) << one.path;
  }
  const RestRoute route = Get("/repos/Acme/App.x/commits/main/status");
  EXPECT_EQ(route.owner, "Acme");
  EXPECT_EQ(route.name, "App.x");
  EXPECT_EQ(Get("/users/signalbox%5Bbot%5D").login, "signalbox[bot]");
}

TEST(RouteTest, TakesARepositoryByItsNumber) {
  const RestRoute route =
      Post(absl::StrCat("/repositories/1296269/statuses/", kPathSha));
  EXPECT_EQ(route.resource, RestResource::kCreateStatus);
  EXPECT_EQ(route.repository_id, 1296269);
  EXPECT_EQ(route.ref, kPathSha);
  for (const char* const id : {"0", "-1", "x", "99999999999999999999", "1x"}) {
    EXPECT_EQ(Post(absl::StrCat("/repositories/", id, "/statuses/", kPathSha))
                  .resource,
              RestResource::kNone)
        << id;
  }
}

TEST(RouteTest, TakesAPrefixAsTheClientHasIt) {
  static const struct {
    const char* prefix;
    const char* host;
  } kCases[] = {{"", ""},
                {"/api/v3", ""},
                {"/github.com", "github.com"},
                {"/github.com/api/v3", "github.com"},
                {"/GHE.example:8443/api/v3", "ghe.example:8443"},
                {"/localhost/api/v3", "localhost"},
                {"/localhost:8180", "localhost:8180"}};
  for (const auto& one : kCases) {
    const RestRoute route = Post(StatusesPath(one.prefix));
    EXPECT_EQ(route.resource, RestResource::kCreateStatus) << one.prefix;
    EXPECT_EQ(route.prefix, one.prefix);
    EXPECT_EQ(route.host, one.host);
    EXPECT_EQ(route.owner, "acme");
  }
  // Neither is a prefix.
  for (const char* const prefix :
       {"/api", "/v3", "/api/v4", "/github", "/api/v3/api/v3",
        "/api/v3/github.com", "/a.b/c.d", "/-.com"}) {
    EXPECT_EQ(Post(StatusesPath(prefix)).resource, RestResource::kNone)
        << prefix;
  }
}

// Octokit glues its base address and the path together.
TEST(RouteTest, ForgivesSlashes) {
  for (const std::string& path :
       {absl::StrCat("/", StatusesPath()), absl::StrCat(StatusesPath(), "/"),
        absl::StrCat("//api//v3", StatusesPath(), "//")}) {
    const RestRoute route = Post(path);
    EXPECT_EQ(route.resource, RestResource::kCreateStatus) << path;
    EXPECT_EQ(route.ref, kPathSha);
  }
  EXPECT_EQ(Post("//api//v3/repos/a/b/statuses/c").prefix, "/api/v3");
}

TEST(RouteTest, NoPathHasTwoReadings) {
  for (const char* const path :
       {"", "*", "repos/a/b", "http://github.com/repos/a/b", "/repos/a/../b",
        "/repos/./a/b", "/repos/a/%2e%2E", "/repos/a/%2e", "/repos/a%2Fb/c",
        "/repos/a/b%2fc", "/repos/a/b/statuses/%2e%2e%2fx", "/repos/a/b%00",
        "/repos/a/b/commits/x%00/status", "/repos/a/b/commits/x%0a/status",
        "/repos/a/b/commits/x%7f/status",
        // Not UTF-8.
        "/repos/a/b/commits/x%ff/status", "/repos/a/b/commits/%ed%a0%80",
        "/repos/a/b%", "/repos/a/b%2", "/repos/a/b%zz",
        "/repos/a/b/commits/%2Fx/status", "/repos/a/b/commits/x%2F/status",
        "/repos/a/b/commits/x%2F%2Fy/status", "/repos/a/b.git", "/repos/a b/c",
        "/repos/a%20b/c", "/repos/a/b%25", "/repos//b", "/..%2frepos/a/b",
        "/users/a%2Fb", "/users/..", "/users/a/b",
        "/github.com/../repos/a/b"}) {
    EXPECT_EQ(Get(path).resource, RestResource::kNone) << path;
  }
  // Decoded once.
  EXPECT_EQ(Get("/repos/a/b/commits/x%252Fy/status").ref, "x%2Fy");
  // A sha has no slash in whatever form.
  EXPECT_EQ(Post("/repos/a/b/statuses/x%2Fy").resource, RestResource::kNone);
}

TEST(RouteTest, FindsWhatAppsAsk) {
  EXPECT_EQ(Get("/app").resource, RestResource::kApp);
  EXPECT_EQ(Get("/api/v3/app/installations").resource,
            RestResource::kInstallations);
  RestRoute route = Get("/app/installations/7");
  EXPECT_EQ(route.resource, RestResource::kInstallation);
  EXPECT_EQ(route.installation_id, 7);
  route = Post("/ghe.example/api/v3/app/installations/8/access_tokens");
  EXPECT_EQ(route.resource, RestResource::kCreateAppToken);
  EXPECT_EQ(route.installation_id, 8);
  EXPECT_EQ(route.host, "ghe.example");
  route = Get("/repos/acme/app/installation");
  EXPECT_EQ(route.resource, RestResource::kInstallationOf);
  EXPECT_EQ(route.owner, "acme");
  EXPECT_EQ(route.name, "app");
  for (const char* const path :
       {"/orgs/acme/installation", "/users/acme/installation"}) {
    route = Get(path);
    EXPECT_EQ(route.resource, RestResource::kInstallationOf);
    EXPECT_EQ(route.owner, "acme");
    EXPECT_EQ(route.name, "");
  }
}

TEST(RouteTest, ServesNothingElse) {
  for (const char* const path : {"/graphql",
                                 "/repos",
                                 "/repos/a",
                                 "/repos/a/b/pulls",
                                 "/repos/a/b/commits",
                                 "/repos/a/b/commits/x/check-runs",
                                 "/repos/a/b/commits/x/status/y",
                                 "/repos/a/b/statuses",
                                 "/users",
                                 "/user/repos",
                                 "/rate_limit/x",
                                 "/repositories",
                                 "/app/hook",
                                 "/app/installations/0",
                                 "/app/installations/x",
                                 "/app/installations/7/access_tokens",
                                 "/app/installations/7/x",
                                 "/orgs/acme",
                                 "/orgs/a%20b/installation",
                                 "/orgs/a/installation/x",
                                 "/repos/a/b/installation/x",
                                 "/installation/repositories"}) {
    EXPECT_EQ(Get(path).resource, RestResource::kNone) << path;
  }
  for (const char* const path :
       {"/", "/user", "/repos/a/b", "/repos/a/b/commits/x/statuses",
        "/repos/a/b/statuses", "/repos/a/b/commits/x/status", "/app",
        "/app/installations", "/app/installations/7",
        "/app/installations/7/access_tokens/x", "/repos/a/b/installation",
        "/orgs/a/installation", "/users/a/installation"}) {
    EXPECT_EQ(Post(path).resource, RestResource::kNone) << path;
  }
  for (const char* const method : {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
                                   "CONNECT", "post", "get"}) {
    EXPECT_EQ(FindRoute(method, StatusesPath(), "").resource,
              RestResource::kNone)
        << method;
  }
  const std::string long_ref(256, 'x');
  EXPECT_EQ(Get(absl::StrCat("/repos/a/b/statuses/", long_ref)).resource,
            RestResource::kNone);
}

TEST(RouteTest, PagesAreAsGitHubReadsThem) {
  static const struct {
    const char* query;
    int64_t per_page;
    int64_t page;
  } kCases[] = {{"", 30, 1},
                {"per_page=50&page=3", 50, 3},
                {"page=2&x=1&per_page=100", 100, 2},
                {"per_page=1000&page=0", 100, 1},
                {"per_page=0", 30, 1},
                {"per_page=&page=", 30, 1},
                {"per_page=x&page=-1", 30, 1},
                {"per_pages=5&xpage=5", 30, 1},
                {"page=99999999999999999999", 30, 1}};
  for (const auto& one : kCases) {
    const RestRoute route = Get("/repos/a/b/commits/main/statuses", one.query);
    EXPECT_EQ(route.per_page, one.per_page) << one.query;
    EXPECT_EQ(route.page, one.page) << one.query;
  }
}

// Requests that the door itself does not answer may go on to GitHub.
TEST(RouteTest, KnowsWhatGithubIsAsked) {
  static const struct {
    const char* path;
    const char* github_path;
  } kCases[] = {
      {"/", "/"},
      {"/api/v3", "/"},
      {"/api/v3/repos/acme/app/pulls/1/", "/repos/acme/app/pulls/1"},
      {"/ghe.example/api/v3//user//repos", "/user/repos"},
      {"/repos/acme/app/branches/a%2Fb", "/repos/acme/app/branches/a%2Fb"},
      {"/repositories/7/git/ref/heads%2Fa",
       "/repositories/7/git/ref/heads%2Fa"},
      {"/repos/acme/app/contents/a%20%E2%82%AC",
       "/repos/acme/app/contents/a%20%E2%82%AC"},
      {"/search/issues", "/search/issues"},
      {"/repos/acme/lib.js/check-runs", "/repos/acme/lib.js/check-runs"},
      {"/repos/acme/app.git/pulls", "/repos/acme/app.git/pulls"},
  };
  for (const auto& one : kCases) {
    for (const char* const method : {"GET", "POST", "PATCH", "DELETE"}) {
      EXPECT_EQ(FindRoute(method, one.path, "q=1").github_path, one.github_path)
          << method << " " << one.path;
    }
  }
  EXPECT_EQ(FindRoute("PUT", "/ghe.example/api/v3/user", "").host,
            "ghe.example");
  EXPECT_EQ(FindRoute("PUT", "/ghe.example/api/v3/user", "").prefix,
            "/ghe.example/api/v3");
}

TEST(RouteTest, KnowsGraphql) {
  for (const char* const path :
       {"/graphql", "/api/graphql", "/api/v3/graphql", "/ghe.example/graphql",
        "/ghe.example/api/graphql"}) {
    EXPECT_TRUE(Post(path).is_graphql) << path;
    EXPECT_EQ(Post(path).resource, RestResource::kNone) << path;
  }
  for (const char* const path : {"/graphql/x", "/api/v3", "/repos/graphql/x"}) {
    EXPECT_FALSE(Post(path).is_graphql) << path;
  }
}

// GitHub may read such a path as another, such as one that creates a status.
TEST(RouteTest, SomePathsNeverReachGithub) {
  for (const std::string& path : std::vector<std::string>{
           StatusesPath(),
           StatusesPath("/api/v3"),
           "/repos/acme/app/Statuses/main",
           "/REPOS/acme/app/statuses/main",
           "/repos/acme/app/%73tatuses/main",
           "/repos/bad~owner/app/statuses/main",
           "/repositories/x/statuses/main",
           "/repos/acme/app%2Fstatuses/main",
           "/repos/acme%2Fapp/statuses/main",
           "/repos/acme/app/statuses%2Fmain",
           "/repos%2Facme/app/statuses/main",
           "/repositories%2F7/statuses/main",
           "/user%2Frepos",
           "/repos/acme/app/pulls/../statuses/main",
           "/repos/acme/app/pulls/%2e%2E/statuses/main",
           "/repos/acme/app/pulls/..%2Fstatuses/main",
           "/repos/acme/app/pulls/a%2eb",
           "/repos/acme/app/pulls/.",
           "/repos/acme/app/pulls/%00",
           "/repos/acme/app/pulls/%0d%0aX",
           "/repos/acme/app/pulls/%",
           "/repos/acme/app/pulls\\1",
           "/repos/acme/app/pulls/%5c1",
           "/repos/acme/app/pulls/1#x",
           "/repos/acme/app/statuses;x/main",
           "/repos/acme/app/statuses%20/main",
           "/repos/acme/app/%2573tatuses/main",
           "/repos/acme/app/%252e%252e/app/statuses/main",
           "/repos/acme/app;x/statuses/main",
           "/repos/acme/app.git/statuses/main",
           "/repositories/7;x/statuses/main",
           "/repos;x/acme/app/statuses/main",
           "/api/v3/api/v3/repos/acme/app/statuses/main",
           "/API/v3/repos/acme/app/statuses/main",
           "/ghe.example/ghe.example/repos/acme/app/statuses/main",
           "/api/v3/ghe.example/repos/acme/app/statuses/main",
           "/api/v3/api/graphql/x",
           "http://other.example/user",
       }) {
    EXPECT_EQ(Post(path).github_path, "") << path;
  }
  EXPECT_EQ(Get("/user", "a#b").github_path, "");
}

}  // namespace
}  // namespace signalbox
