#ifndef SIGNALBOX_SERVER_RPC_LISTING_H_
#define SIGNALBOX_SERVER_RPC_LISTING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "server/report/status_key.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/explain.h"
#include "server/rpc/status_filter.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Pages of the statuses of many repositories: what ListStatuses shows, and what
// RetryPosts has tried again. Pure.

// A page that a caller asks for: what the filter wants, and the caller has the
// right to.
struct StatusListing {
  StatusFilter filter;
  StatusQuery query;
};

// `caller` must outlive the answer. `trouble_of` says what a lane waits for, on
// any thread.
//
// PERMISSION_DENIED if the caller has the right nowhere; INVALID_ARGUMENT names
// the field of the request.
absl::StatusOr<StatusListing> MakeStatusListing(
    const Caller* caller, Right right, const v1::StatusFilter& filter,
    int32_t page_size, const std::string& page_token,
    std::function<LaneTrouble(const std::string& lane)> trouble_of);

// Cuts the page where it would be longer than what clients take.
void ToProto(ListedPage page, const StatusFilter& filter,
             v1::ListStatusesResponse* response);

// What is due is tried anyway, and what GitHub shows needs no try.
void LeaveOutWhatNeedsNoRetry(StatusQuery* query);

// What is to be tried again of a page that such a query found.
struct Retries {
  // For Outbox::RetryAll. Of a parked repository one brings its probe forward.
  std::vector<StatusKey> keys;
  int64_t count = 0;  // Of the statuses that it helps.
};
Retries RetriesOf(const ListedPage& page);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_LISTING_H_
