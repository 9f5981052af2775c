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

// Every report and event enters the outbox as a submission. These functions are
// the only way to make one: `server/rpc` calls them for a gRPC call, and
// `server/recovery` for a delivery that it read at GitHub. They check every
// field. Pure.
//
// All errors are INVALID_ARGUMENT and name the field.

// What the functions need from the configuration.
struct ConvertOptions {
  RepositoryRules rules;  // The expected contexts and expiries.
  // Lower-case host names. Repositories on other hosts are refused.
  std::vector<std::string> known_hosts = {"github.com"};
  // Whether a redelivery by a person at GitHub runs the contexts again.
  bool redelivery_is_rerun = false;
};

// The unchecked fields of a ReportPending or ReportResult call.
struct ReportCall {
  HookReport report;
  std::optional<Delivery> delivery;  // Nothing: a farm or a person reports.
  // The rest is for farms.
  int64_t attempt = 0;  // 0: the run has no number.
  std::string series;
  std::optional<absl::Duration> expires_after;  // Nothing: the rules decide.
  bool never_expires = false;  // Not together with `expires_after`.
  // As `never_expires`, unless the repository's rule has an expiry.
  bool expires_only_if_configured = false;
  // Accept the report only if the key has no newer sequence. Nothing: accept
  // it in any case.
  std::optional<int64_t> if_sequence;
  bool newest_text_wins = false;  // As in Report.
};

// A valid report. `warnings` say what was repaired or left out, a sentence
// each. They hold for every context of the report.
struct Converted {
  Submission submission;
  std::vector<std::string> warnings;
};

// Parses `[HOST/]OWNER/NAME`. Reasons: INVALID_REPOSITORY, UNKNOWN_HOST.
absl::StatusOr<Repository> ParseKnownRepository(absl::string_view repository,
                                                const ConvertOptions& options);

// Checks a report. Repairs texts and links that do not fit, and adds the
// expected contexts to a report without contexts.
//
// Reasons: INVALID_REPOSITORY, UNKNOWN_HOST, INVALID_SHA, INVALID_CONTEXT,
// TOO_MANY_CONTEXTS, INVALID_ATTEMPT, INVALID_SERIES, INVALID_RESULT,
// INVALID_EXPIRES_AFTER, INVALID_IF_SEQUENCE, INVALID_NEWEST_TEXT_WINS,
// INVALID_REPOSITORY_ID, INVALID_DELIVERY, INVALID_OBSERVED.
absl::StatusOr<Converted> ConvertReport(ReportCall call,
                                        const ConvertOptions& options);

// What a delivery becomes: a submission of reports or of an event.
using HookSubmission = std::variant<Submission, EventSubmission>;

// Checks and converts what a delivery asks for. `delivery` identifies the
// delivery. `call.action` matters only for an installation. Reasons: those of
// ConvertReport, and INVALID_EVENT.
absl::StatusOr<HookSubmission> ConvertHookCall(const HookCall& call,
                                               Delivery delivery,
                                               const ConvertOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CALLS_CONVERSION_H_
