#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/http_server.h"
#include "common/names.h"
#include "rest/bodies.h"
#include "rest/route.h"
#include "rest/status_request.h"
#include "rest/visitor.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

bool IsClean(absl::string_view text) {
  for (const absl::string_view part : absl::StrSplit(text, '/')) {
    if (part == "." || part == "..") return false;
  }
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) return false;
  }
  return true;
}

// Whether one can name the same by the plainest path, so that no other program
// on the way reads another one.
void CheckRoute(const RestRoute& route) {
  if (route.resource == RestResource::kNone) return;
  FUZZ_CHECK(route.host.empty() || IsHost(route.host), "host ", route.host);
  FUZZ_CHECK(IsClean(route.prefix), "prefix ", route.prefix);
  FUZZ_CHECK(IsClean(route.ref), "ref ", route.ref);
  FUZZ_CHECK(route.per_page >= 1 && route.per_page <= 100 && route.page >= 1,
             "page ", route.page, " of ", route.per_page);
  if (route.resource != RestResource::kStatuses &&
      route.resource != RestResource::kCombined &&
      route.resource != RestResource::kCreateStatus) {
    return;
  }
  FUZZ_CHECK(!route.ref.empty(), "there is no ref");
  const std::string of =
      route.repository_id > 0
          ? absl::StrCat("/repositories/", route.repository_id)
          : absl::StrCat("/repos/", route.owner, "/", route.name);
  FUZZ_CHECK(route.repository_id > 0 ||
                 (IsOwner(route.owner) && IsRepositoryName(route.name)),
             "repository ", of);
  const bool is_post = route.resource == RestResource::kCreateStatus;
  const std::string ref = PercentEncodedPath(route.ref);
  const std::string path =
      route.resource == RestResource::kCombined
          ? absl::StrCat(route.prefix, of, "/commits/", ref, "/status")
          : absl::StrCat(route.prefix, of, "/statuses/", ref);
  const RestRoute again = FindRoute(is_post ? "POST" : "GET", path, "");
  FUZZ_CHECK(again.resource == route.resource && again.ref == route.ref &&
                 again.owner == route.owner && again.name == route.name &&
                 again.host == route.host &&
                 again.repository_id == route.repository_id,
             "another route: ", path);
}

// Whether GitHub can read nothing else in what it is asked than the door has.
void CheckGithubPath(const RestRoute& route) {
  if (route.github_path.empty()) return;
  const std::string path =
      absl::StrCat("/github.com/api/v3", route.github_path);
  const RestRoute again = FindRoute("POST", path, "");
  FUZZ_CHECK(IsClean(route.github_path), route.github_path);
  FUZZ_CHECK(again.github_path == route.github_path, route.github_path,
             " becomes ", again.github_path);
  FUZZ_CHECK(again.resource != RestResource::kCreateStatus,
             "creates a status: ", route.github_path);
}

}  // namespace

// Input: a method, a path, a query, a Host, an Authorization and a body, each
// but the last followed by 0xff.
FUZZ_TARGET(rest) {
  FuzzInput in(input);
  const absl::string_view method = in.Text();
  const absl::string_view path = in.Text();
  const RestRoute route = FindRoute(method, path, in.Text());
  CheckRoute(route);
  CheckGithubPath(route);

  HttpServerRequest request;
  request.peer_is_loopback = true;
  request.head.headers = {{"host", std::string(in.Text())},
                          {"authorization", std::string(in.Text())}};
  const Visitor visitor = VisitorOf(request, /*listener_is_loopback=*/true);
  if (visitor == Visitor::kLocal || visitor == Visitor::kRemote) {
    const std::string base = BaseOf(request.head, "", "http");
    FUZZ_CHECK(base.find_first_of("<>\"' /@?#", 7) == std::string::npos,
               "a link begins with ", base);
  }
  for (const char c : AuthorizationOf(request.head)) {
    FUZZ_CHECK(absl::ascii_isprint(c), "gRPC does not take this metadata");
  }

  const auto read = ReadStatusRequest(in.Rest());
  if (const auto* const refusal = std::get_if<RestRefusal>(&read)) {
    FUZZ_CHECK(refusal->status == 400 || refusal->status == 422,
               refusal->status);
    return;
  }
  const auto& status = std::get<StatusRequest>(read);
  FUZZ_CHECK(IsContext(status.context), "context ", status.context);
  FUZZ_CHECK(!NameOf(status.state).empty(), "no state");
}

}  // namespace signalbox
