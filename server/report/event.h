#ifndef SIGNALBOX_SERVER_REPORT_EVENT_H_
#define SIGNALBOX_SERVER_REPORT_EVENT_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// Events at GitHub that are not reports. Numbers are GitHub's; 0: not known.

// A repository has a new name, or a new owner.
struct RepositoryMoved {
  Repository from;
  Repository to;
  int64_t repository_id = 0;
  // When it moved, by GitHub's clock; InfinitePast: not known.
  absl::Time update_time = absl::InfinitePast();
};

// A repository became read-only, or writable again.
struct RepositoryArchived {
  Repository repository;
  int64_t repository_id = 0;
  bool archived = false;
};

// An installation of a GitHub App was created, deleted or changed.
struct InstallationChanged {
  std::string host;     // Lower case.
  std::string account;  // The login that installed it.
  int64_t installation_id = 0;
  int64_t app_id = 0;
  std::string action;  // GitHub's.
};

// A person asks for contexts of a pull request to be run again.
struct RerunRequested {
  Repository repository;  // The base.
  int64_t pull_request_number = 0;
  std::vector<std::string> contexts;  // Empty: all expected ones.
  std::string login;                  // The person.
  std::string author_association;     // Their relation to the repository.
};

using Event = std::variant<RepositoryMoved, RepositoryArchived,
                           InstallationChanged, RerunRequested>;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_EVENT_H_
