#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_WORK_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_WORK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "server/report/change.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"
#include "shim/webhook/event.h"

namespace signalbox {

// What the server itself makes of things it learns from GitHub: the same
// submissions that the shim's calls become. Pure.

// Where a commit is, and what is known of it.
struct BuildTarget {
  Repository repository;
  int64_t repository_id = 0;
  std::string sha;
  std::optional<Change> change;
};

// The pendings that a commit gets: of `contexts`, or of what is expected.
// Without reports: nothing is.
Submission PendingsFor(const BuildTarget& target,
                       std::vector<std::string> contexts, bool rerun,
                       const RepositoryRules& rules);

// What a delivery asks for, as ReadHook read it. INVALID_ARGUMENT as of the
// gRPC calls, which say the same to the shim; UNKNOWN_HOST unless `known_hosts`
// has its host.
using HookWork = std::variant<Submission, EventSubmission>;
absl::StatusOr<HookWork> WorkOf(const HookCall& call, Delivery delivery,
                                const RepositoryRules& rules,
                                const std::vector<std::string>& known_hosts);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_WORK_H_
