#ifndef SIGNALBOX_SERVER_RPC_CONVERT_H_
#define SIGNALBOX_SERVER_RPC_CONVERT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/calls/conversion.h"
#include "server/outbox/history.h"
#include "server/outbox/status_view.h"
#include "server/outbox/submission.h"
#include "server/report/diagnosis.h"
#include "server/report/repository_rules.h"
#include "server/rpc/pages.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// The border between the generated protobuf types and the server's own types.
// FromProto gives the fields of a request to the conversion of calls, whose
// errors it returns. No code behind these functions sees a proto. Pure.

absl::StatusOr<Converted> FromProto(const v1::ReportPendingRequest& request,
                                    const ConvertOptions& options);
absl::StatusOr<Converted> FromProto(const v1::ReportResultRequest& request,
                                    const ConvertOptions& options);
absl::StatusOr<EventSubmission> FromProto(const v1::ReportEventRequest& request,
                                          const ConvertOptions& options);

// An empty context means the default one.
std::string ContextOrDefault(const std::string& context);

google::protobuf::Duration ToProto(absl::Duration duration);
v1::Receipt ToProto(const Receipt& receipt,
                    const std::vector<std::string>& warnings);
v1::GetCommitStatusResponse ToProto(const CommitView& commit,
                                    const StatusPage& page);
v1::CommitSummary ToProto(const CommitSummary& commit);
v1::WatchStatusesResponse ToProto(const StatusChange& change);
v1::CommitStatus ToProto(const StatusView& status);
v1::DiagnoseRepositoryResponse ToProto(
    const Diagnosis& diagnosis,
    const RepositoryRules::Expectation& expectation);
// Does not set `next_step`.
v1::ExplainStatusResponse ToProto(const History& history,
                                  const HistoryPage& page);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_CONVERT_H_
