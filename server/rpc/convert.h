#ifndef SIGNALBOX_SERVER_RPC_CONVERT_H_
#define SIGNALBOX_SERVER_RPC_CONVERT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/calls/conversion.h"
#include "server/outbox/change_cursor.h"
#include "server/outbox/commit_reports.h"
#include "server/outbox/history.h"
#include "server/outbox/lookups.h"
#include "server/outbox/status_view.h"
#include "server/outbox/submission.h"
#include "server/report/diagnosis.h"
#include "server/report/repository_rules.h"
#include "server/report/status_creator.h"
#include "server/rpc/pages.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Conversion between the generated protobuf types and the server's own types.
// No code outside `server/rpc` sees a proto. Pure.

// FromProto checks a request and converts it. It copies the fields and calls
// `server/calls/conversion.h`, which checks them; errors are those of
// ConvertReport there.
absl::StatusOr<Converted> FromProto(const v1::ReportPendingRequest& request,
                                    const ConvertOptions& options);
absl::StatusOr<Converted> FromProto(const v1::ReportResultRequest& request,
                                    const ConvertOptions& options);
absl::StatusOr<EventSubmission> FromProto(const v1::ReportEventRequest& request,
                                          const ConvertOptions& options);
// The cursor after which a watcher begins. Nothing: it begins from now on.
std::optional<ChangeCursor> FromProto(const v1::WatchStatusesRequest& request);

// `context`, or the default context `ci/build` if it is empty.
std::string ContextOrDefault(const std::string& context);

// ToProto converts answers. `warnings` are those of Converted; `page` is the
// part of the answer that fits into one message.
google::protobuf::Duration ToProto(absl::Duration duration);
google::protobuf::Timestamp ToProto(absl::Time time);
v1::Receipt ToProto(const Receipt& receipt,
                    const std::vector<std::string>& warnings);
v1::GetCommitStatusResponse ToProto(const CommitView& commit,
                                    const StatusPage& page);
v1::CommitSummary ToProto(const CommitSummary& commit);
v1::StatusCreator ToProto(const StatusCreator& creator);
// Who sets the statuses of `repository`, for a request that asks for it by its
// `with_creator`. Nothing: it does not ask, or `creator_of`, which may be
// empty, does not know.
std::optional<v1::StatusCreator> AskedCreator(
    bool with_creator, const Repository& repository,
    const std::function<std::optional<StatusCreator>(const Repository&)>&
        creator_of);
v1::ListReportsResponse ToProto(const CommitReports& list, const Sha& sha);
v1::ResolveRefResponse ToProto(const ResolvedRef& resolved);
v1::GetRepositoryResponse ToProto(const FoundRepository& found);
// The sequence in the API that stands for the cursor.
int64_t ToProto(ChangeCursor cursor);
v1::WatchStatusesResponse ToProto(const StatusChange& change);
v1::CommitStatus ToProto(const StatusView& status);
v1::DiagnoseRepositoryResponse ToProto(
    const Diagnosis& diagnosis,
    const RepositoryRules::Expectation& expectation);
// The caller sets `next_step`.
v1::ExplainStatusResponse ToProto(const History& history,
                                  const HistoryPage& page);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_CONVERT_H_
