#ifndef SIGNALBOX_REST_BODIES_H_
#define SIGNALBOX_REST_BODIES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "rest/refusal.h"

namespace signalbox {

// The bodies of answers, in JSON, with all members that clients of GitHub's
// REST API read. The addresses of the API in them are the door's own: clients
// call them with their token. The addresses of pages are GitHub's.

// A user of GitHub.
struct RestUser {
  std::string login;
  int64_t id = 0;    // GitHub's number; 0: not known.
  std::string type;  // GitHub's word, such as "Bot".
};

// Where links lead.
struct RestPlace {
  std::string base;   // Of the API, as the client used it; no end slash.
  std::string host;   // GitHub's, such as `github.com`.
  std::string owner;  // Of the repository, as is
  std::string name;   // its name.
  int64_t repository_id = 0;  // GitHub's number; 0: not known.
  // The user as whom Signalbox posts to the repository. The server learns it at
  // its first post; until then it is a bot of this name.
  RestUser poster = {"signalbox", 0, "Bot"};
};

// A commit status as a client sees it.
struct RestStatus {
  int64_t id = 0;
  absl::string_view state;  // Static.
  std::string context;
  std::string description;  // Empty: null.
  std::string target_url;   // Empty: null.
  absl::Time time;          // When it was accepted.
  // Another user that set it. Empty: Signalbox posts it.
  std::string creator;
};

// The id of a report, from its sequence number: stable, growing, exact in a
// double, and larger than GitHub's ids, beside which it stands in lists.
int64_t IdOfReport(int64_t sequence);

// The address of a repository, and of something below it.
std::string RepositoryUrl(const RestPlace& place, absl::string_view path = "");
// The address of a commit's statuses, as answers call it.
std::string StatusUrl(const RestPlace& place, absl::string_view sha);

// Encodes everything but letters, digits and "-._~/".
std::string PercentEncodedPath(absl::string_view path);

std::string StatusBody(const RestStatus& status, const RestPlace& place,
                       absl::string_view sha);
std::string StatusesBody(absl::Span<const RestStatus> statuses,
                         const RestPlace& place, absl::string_view sha);
// `state` and `total_count` are about all contexts, `statuses` is a page.
std::string CombinedBody(absl::string_view state,
                         absl::Span<const RestStatus> statuses,
                         size_t total_count, const RestPlace& place,
                         absl::string_view sha);
std::string RepositoryBody(const RestPlace& place, bool may_report);
// A commit of which only the sha is known.
std::string CommitBody(const RestPlace& place, absl::string_view sha);
// A user of whom only the login is known.
std::string UserBody(absl::string_view login, const RestPlace& place);
// No limit.
std::string RateLimitBody(absl::Time now);
// What the door serves.
std::string RootBody(const std::string& base);
std::string RootText(const std::string& base);  // For people.
std::string MetaBody();
std::string VersionsBody();
std::string RefusalBody(const RestRefusal& refusal);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_BODIES_H_
