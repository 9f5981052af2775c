#ifndef SIGNALBOX_SERVER_RPC_STORE_CALLS_H_
#define SIGNALBOX_SERVER_RPC_STORE_CALLS_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/calls/conversion.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/statuses.h"
#include "server/report/event.h"
#include "server/report/status_creator.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/explain.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// StoreCalls makes the unary calls that use the outbox ("the store") directly:
// reads, retries and events. Reports go to Intake instead. StatusServiceImpl
// uses it in two steps, because gRPC's threads must not block:
//
// 1. On gRPC's thread, Prepare checks the request and the caller's rights. An
//    error ends the call. Else Prepare returns the rest of the call as Work.
// 2. On a thread of ReadQueue, Work reads or changes the outbox, fills
//    `response`, and returns the status that ends the call.
//
// Thread-safe.
class StoreCalls {
 public:
  struct Options {
    ConvertOptions convert;
    // Why the entries of a credential wait. ReadQueue's threads call it. Empty
    // function: no credential waits.
    std::function<CredentialTrouble(absl::string_view credential)> trouble_of;
    // The user that sets the statuses of a repository at GitHub; nothing: not
    // known. Must not block. Empty function: it is never known.
    std::function<std::optional<StatusCreator>(const Repository&)> creator_of;
    // Called when a call has made an entry due, to wake the poster. May be
    // empty.
    std::function<void()> became_due;
    // Called after the call ReportEvent has stored an event. Must not block.
    // May be empty.
    std::function<void(const Event&)> event_stored;
  };

  using Work = std::function<absl::Status()>;

  // All pointers are borrowed.
  StoreCalls(const Options* options, Acceptance* acceptance, Statuses* statuses,
             Clock* clock)
      : options_(options),
        acceptance_(acceptance),
        statuses_(statuses),
        clock_(clock) {}

  // One for each call. Work borrows `response` until it returns. A null
  // `caller` may do everything (see Authorizer).
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::GetCommitStatusRequest& request,
                               v1::GetCommitStatusResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ListCommitsRequest& request,
                               v1::ListCommitsResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ExplainStatusRequest& request,
                               v1::ExplainStatusResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ListReportsRequest& request,
                               v1::ListReportsResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ResolveRefRequest& request,
                               v1::ResolveRefResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::GetRepositoryRequest& request,
                               v1::GetRepositoryResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ListStatusesRequest& request,
                               v1::ListStatusesResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::RetryPostRequest& request,
                               v1::RetryPostResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::RetryPostsRequest& request,
                               v1::RetryPostsResponse* response) const;
  absl::StatusOr<Work> Prepare(const CallerRef& caller,
                               const v1::ReportEventRequest& request,
                               v1::ReportEventResponse* response) const;

 private:
  // Returns work that does `read` and stores in `response` the sequence that
  // was the newest before the read. A caller can pass it to WatchStatuses, and
  // then misses no change that the answer does not have.
  template <typename Response>
  Work ForWatching(Response* response, Work read) const;

  CredentialTrouble TroubleOf(absl::string_view credential) const;
  void BecameDue() const;

  const Options* const options_;
  Acceptance* const acceptance_;
  Statuses* const statuses_;
  Clock* const clock_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STORE_CALLS_H_
