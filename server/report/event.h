#ifndef SIGNALBOX_SERVER_REPORT_EVENT_H_
#define SIGNALBOX_SERVER_REPORT_EVENT_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// What happens at GitHub and is no report. Numbers are GitHub's; 0: not known.

// A repository has a new name, or a new owner.
struct RepositoryMoved {
  Repository from;
  Repository to;
  int64_t repository_id = 0;
  // When, by GitHub's clock; InfinitePast: not known.
  absl::Time update_time = absl::InfinitePast();
};

// A repository became read-only, or writable again.
struct RepositoryArchived {
  Repository repository;
  int64_t repository_id = 0;
  bool archived = false;
};

// An installation of a GitHub App came, went or changed.
struct InstallationChanged {
  std::string host;     // Lower case.
  std::string account;  // The login that it acts for.
  int64_t installation_id = 0;
  int64_t app_id = 0;
  std::string action;  // GitHub's.
};

// Somebody asks for contexts of a pull request to be run again.
struct RerunRequested {
  Repository repository;  // The base.
  int64_t pull_request_number = 0;
  std::vector<std::string> contexts;  // Empty: those that are expected.
  std::string login;                  // Who asks.
  std::string author_association;     // GitHub's word for who they are.
};

using Event = std::variant<RepositoryMoved, RepositoryArchived,
                           InstallationChanged, RerunRequested>;

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_EVENT_H_
