#ifndef SIGNALBOX_SERVER_RPC_CONVERT_H_
#define SIGNALBOX_SERVER_RPC_CONVERT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/outbox/status_view.h"
#include "server/outbox/submission.h"
#include "server/report/diagnosis.h"
#include "server/report/repository_rules.h"
#include "server/rpc/pages.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// The border between the generated protobuf types and the server's own types.
// These functions validate every request, and no code behind them sees a proto.
// Pure.

// What the server knows beyond the request.
struct ConvertOptions {
  RepositoryRules rules;
  // Lower-case host names. Repositories on other hosts are refused.
  std::vector<std::string> known_hosts = {"github.com"};
  // Whether a redelivery by a person at GitHub runs the contexts again.
  bool redelivery_is_rerun = false;
};

// A valid request, with warnings about what was repaired or left out.
struct Converted {
  Submission submission;
  // For every context of the report.
  std::vector<std::string> warnings;
};

// INVALID_ARGUMENT names the field. Reasons: INVALID_REPOSITORY, UNKNOWN_HOST,
// INVALID_SHA, INVALID_CONTEXT, TOO_MANY_CONTEXTS, INVALID_ATTEMPT,
// INVALID_SERIES, INVALID_RESULT, INVALID_EXPIRES_AFTER, INVALID_IF_SEQUENCE,
// INVALID_REPOSITORY_ID, INVALID_DELIVERY, INVALID_OBSERVED.
absl::StatusOr<Converted> FromProto(const v1::ReportPendingRequest& request,
                                    const ConvertOptions& options);
absl::StatusOr<Converted> FromProto(const v1::ReportResultRequest& request,
                                    const ConvertOptions& options);

// INVALID_ARGUMENT, reasons as above or INVALID_EVENT.
absl::StatusOr<EventSubmission> FromProto(const v1::ReportEventRequest& request,
                                          const ConvertOptions& options);

// INVALID_ARGUMENT, reason INVALID_REPOSITORY or UNKNOWN_HOST.
absl::StatusOr<Repository> RepositoryFromProto(const std::string& repository,
                                               const ConvertOptions& options);

// An empty context means the default one.
std::string ContextOrDefault(const std::string& context);

// Nothing for a time that a Timestamp may not have (outside the years 1 to
// 9999). A head with such a time would stay the newest forever.
std::optional<absl::Time> TimeFromProto(
    const google::protobuf::Timestamp& proto);

// INVALID_ARGUMENT, reason INVALID_DELIVERY.
absl::StatusOr<Delivery> DeliveryFromProto(const v1::Delivery& proto);

google::protobuf::Duration ToProto(absl::Duration duration);
v1::Receipt ToProto(const Receipt& receipt,
                    const std::vector<std::string>& warnings);
v1::GetCommitStatusResponse ToProto(const CommitView& commit,
                                    const StatusPage& page);
v1::CommitSummary ToProto(const CommitSummary& commit);
v1::WatchStatusesResponse ToProto(const StatusChange& change);
v1::CommitStatus StatusToProto(const StatusView& status);
v1::DiagnoseRepositoryResponse ToProto(
    const Diagnosis& diagnosis,
    const RepositoryRules::Expectation& expectation);
// Does not set `next_step`.
v1::ExplainStatusResponse ToProto(const History& history,
                                  const HistoryPage& page);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_CONVERT_H_
