#ifndef SIGNALBOX_REST_ROUTE_H_
#define SIGNALBOX_REST_ROUTE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// What a request asks of the door that speaks GitHub's REST API.
enum class RestResource {
  kNone,  // Nothing that the door serves: 404.
  kRoot,
  kMeta,
  kZen,
  kVersions,
  kRateLimit,
  kUser,          // The caller.
  kUserOfLogin,   // `login`.
  kRepository,    // `owner` and `name`, or `repository_id`, as for the rest.
  kCommit,        // `ref`.
  kCreateStatus,  // `ref`, which must be a full sha.
  kStatuses,      // All statuses of `ref`.
  kCombined,      // The newest status of each context of `ref`.
  // For tools that authenticate as a GitHub App.
  kApp,             // The App.
  kInstallations,   // All accounts that have it.
  kInstallation,    // `installation_id`.
  kInstallationOf,  // Of the account `owner`, or of the repository `name`.
  kCreateAppToken,  // A token of `installation_id`.
};

// A request's method and target, taken apart. Texts are percent-decoded.
struct RestRoute {
  RestResource resource = RestResource::kNone;
  // What the client has put before the path of GitHub's API, such as `/api/v3`
  // or `/github.com`. Links in the answer begin with it, too.
  std::string prefix;
  std::string host;  // From the prefix; empty: it names none.
  std::string owner;
  std::string name;           // Of the repository.
  int64_t repository_id = 0;  // GitHub's number, instead of owner and name.
  std::string ref;            // May have slashes, unless it is in a POST.
  std::string login;
  // The path below GitHub's API, as the client encoded it, for a request that
  // may be sent on to GitHub. Empty: it must not, whatever it asks.
  std::string github_path;
  bool is_graphql = false;  // `github_path` then counts for nothing else.
  int64_t installation_id = 0;
  int64_t per_page = 30;  // 1 to 100.
  int64_t page = 1;       // At least 1.
};

// Finds what is asked. `path` and `query` are as the client sent them.
//
// Forgives doubled slashes, and a slash at the end. Before the path of GitHub's
// API there may be `/api/v3`, `/HOST` or `/HOST/api/v3`, where HOST has a dot
// or is localhost, with or without a port. Nothing is served if a segment is
// `.` or `..`, has a control character, or an encoded slash (a ref may have
// one), or is wrongly encoded. So two programs cannot read one path as two.
// Nor is anything served whose owner, repository or host is not in the grammar
// of common/names.h.
//
// GitHub may get other requests, of other methods, too. But not one that may
// create a status, in whatever spelling; and none that has a dot or backslash
// encoded, a fragment, a second prefix, or an encoded slash before the word
// that follows the repository. This word and the path's first are in letters,
// digits,
// `-` and `_`.
RestRoute FindRoute(absl::string_view method, absl::string_view path,
                    absl::string_view query);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_ROUTE_H_
