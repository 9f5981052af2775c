#ifndef SIGNALBOX_SERVER_RPC_LISTING_H_
#define SIGNALBOX_SERVER_RPC_LISTING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/status_list.h"
#include "server/report/status_key.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/explain.h"
#include "server/rpc/status_filter.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Pages of statuses across repositories, for ListStatuses and RetryPosts. Pure.

// A page that a caller asks for. It has only what the filter matches and the
// caller may see.
struct StatusListing {
  StatusFilter filter;
  StatusQuery query;
};

// `caller` must outlive the answer. `trouble_of` says why a credential waits;
// any thread may call it.
//
// PERMISSION_DENIED if the caller has the right for no repository.
// INVALID_ARGUMENT names the field of the request.
absl::StatusOr<StatusListing> MakeStatusListing(
    const Caller* caller, Right right, const v1::StatusFilter& filter,
    int32_t page_size, const std::string& page_token,
    std::function<CredentialTrouble(const std::string& credential)> trouble_of);

// Ends the page early if it would be larger than clients accept.
void ToProto(ListedPage page, const StatusFilter& filter,
             v1::ListStatusesResponse* response);

// Leaves out due statuses, which the poster tries anyway, and those that GitHub
// shows already.
void LeaveOutWhatNeedsNoRetry(StatusQuery* query);

// The statuses of such a page that RetryPosts retries.
struct Retries {
  // For Acceptance::RetryAll. One status of a parked repository brings its
  // probe forward.
  std::vector<StatusKey> keys;
  int64_t count = 0;  // The statuses that it helps.
};
Retries RetriesOf(const ListedPage& page);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_LISTING_H_
