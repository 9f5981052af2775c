#ifndef SIGNALBOX_SERVER_CALLS_CONVERSION_H_
#define SIGNALBOX_SERVER_CALLS_CONVERSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/hook_call.h"
#include "server/outbox/submission.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"

namespace signalbox {

// The one way from a call to a submission, whether the call came by gRPC or the
// server read the delivery at GitHub. These functions check every field. Pure.
//
// All errors are INVALID_ARGUMENT and name the field.

// What the server knows beyond the call.
struct ConvertOptions {
  RepositoryRules rules;
  // Lower-case host names. Repositories on other hosts are refused.
  std::vector<std::string> known_hosts = {"github.com"};
  // Whether a redelivery by a person at GitHub runs the contexts again.
  bool redelivery_is_rerun = false;
};

// A report as its sender wrote it.
struct ReportCall {
  HookReport report;
  std::optional<Delivery> delivery;
  // The rest is for farms. Nothing in `expires_after`: the rules decide.
  int64_t attempt = 0;
  std::string series;
  std::optional<absl::Duration> expires_after;
  std::optional<int64_t> if_sequence;
};

// A valid report, with warnings about what was repaired or left out.
struct Converted {
  Submission submission;
  // For every context of the report.
  std::vector<std::string> warnings;
};

// Reasons: INVALID_REPOSITORY, UNKNOWN_HOST.
absl::StatusOr<Repository> ParseKnownRepository(absl::string_view repository,
                                                const ConvertOptions& options);

// Reasons: INVALID_REPOSITORY, UNKNOWN_HOST, INVALID_SHA, INVALID_CONTEXT,
// TOO_MANY_CONTEXTS, INVALID_ATTEMPT, INVALID_SERIES, INVALID_RESULT,
// INVALID_EXPIRES_AFTER, INVALID_IF_SEQUENCE, INVALID_REPOSITORY_ID,
// INVALID_DELIVERY, INVALID_OBSERVED.
absl::StatusOr<Converted> ConvertReport(ReportCall call,
                                        const ConvertOptions& options);

// What a delivery becomes: a submission of reports or of an event.
using HookSubmission = std::variant<Submission, EventSubmission>;

// Reasons as above, or INVALID_EVENT. `call.action` is that of an installation;
// `delivery` has its own.
absl::StatusOr<HookSubmission> ConvertHookCall(const HookCall& call,
                                               Delivery delivery,
                                               const ConvertOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CALLS_CONVERSION_H_
