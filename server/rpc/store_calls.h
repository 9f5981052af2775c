#ifndef SIGNALBOX_SERVER_RPC_STORE_CALLS_H_
#define SIGNALBOX_SERVER_RPC_STORE_CALLS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/calls/conversion.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/statuses.h"
#include "server/report/event.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/explain.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// StoreCalls does the calls that use the store directly: reads, retries and
// events. Reports go to Intake instead.
//
// Prepare checks a request and whether `caller` may make it, and returns the
// work that is left. The work blocks, fills the response and returns how the
// call ends. `caller` and `response` are borrowed until then.
//
// Thread-safe.
class StoreCalls {
 public:
  struct Options {
    ConvertOptions convert;
    // Why a credential's work waits, for ExplainStatus. The read threads call
    // it. Empty function: no credential waits.
    std::function<CredentialTrouble(absl::string_view credential)> trouble_of;
    // Called when a call has made an entry due.
    std::function<void()> became_due;
    // Called after an event was stored. Must not block.
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

  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::GetCommitStatusRequest& request,
                               v1::GetCommitStatusResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::ListCommitsRequest& request,
                               v1::ListCommitsResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::ExplainStatusRequest& request,
                               v1::ExplainStatusResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::ListStatusesRequest& request,
                               v1::ListStatusesResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::RetryPostRequest& request,
                               v1::RetryPostResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::RetryPostsRequest& request,
                               v1::RetryPostsResponse* response) const;
  absl::StatusOr<Work> Prepare(const Caller* caller,
                               const v1::ReportEventRequest& request,
                               v1::ReportEventResponse* response) const;

 private:
  // Also stores in the response the sequence after which WatchStatuses sends
  // all later changes.
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
