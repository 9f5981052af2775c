#ifndef SIGNALBOX_SERVER_REPORT_EVENT_H_
#define SIGNALBOX_SERVER_REPORT_EVENT_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// Events at GitHub that are not reports, but change what the server may post or
// must run. They arrive as webhooks. Numbers are GitHub's; 0: not known.

// A repository was renamed, or transferred to another account.
struct RepositoryMoved {
  Repository from;  // The name before.
  Repository to;    // The name now.
  int64_t repository_id = 0;
  // When it moved, by GitHub's clock; InfinitePast: not known.
  absl::Time update_time = absl::InfinitePast();
};

// A repository became read-only, or writable again.
struct RepositoryArchived {
  Repository repository;
  int64_t repository_id = 0;
  bool archived = false;  // True: read-only.
};

// A GitHub App posts in an account through its installation there. The
// installation was created, deleted or changed, for example its permissions.
struct InstallationChanged {
  std::string host;     // Lower case.
  std::string account;  // The user or organisation that has the installation.
  int64_t installation_id = 0;
  int64_t app_id = 0;
  std::string action;  // GitHub's word, such as "created" or "suspend".
};

// A person asks, by a comment on a pull request, to run contexts again.
struct RerunRequested {
  Repository repository;  // That of the base branch.
  int64_t pull_request_number = 0;
  std::vector<std::string> contexts;  // Empty: all expected ones.
  std::string login;                  // The person.
  // The person's relation to the repository in GitHub's words: "MEMBER", ...
  std::string author_association;
};

using Event = std::variant<RepositoryMoved, RepositoryArchived,
                           InstallationChanged, RerunRequested>;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_EVENT_H_
