#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_INTAKE_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_INTAKE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/hook_call.h"
#include "server/outbox/submission.h"
#include "server/report/code_change.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"

namespace signalbox {

// These functions turn what the server learns from GitHub into the submissions
// that the shim's calls would become. Pure.

// A commit to build, and what the server knows of it.
struct BuildTarget {
  Repository repository;
  int64_t repository_id = 0;
  std::string sha;
  std::optional<CodeChange> change;
};

// The pendings for a commit: for `contexts`, or if empty, for the expected
// ones. The submission has no reports if no context is expected.
Submission PendingsFor(const BuildTarget& target,
                       std::vector<std::string> contexts, bool rerun,
                       const RepositoryRules& rules);

// Turns a delivery that ReadHook has read into a submission of reports or of an
// event. INVALID_ARGUMENT as from the gRPC calls of the shim; reason
// UNKNOWN_HOST unless the host is in `known_hosts`.
using DeliveryIntake = std::variant<Submission, EventSubmission>;
absl::StatusOr<DeliveryIntake> IntakeOf(
    const HookCall& call, Delivery delivery, const RepositoryRules& rules,
    const std::vector<std::string>& known_hosts);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_INTAKE_H_
