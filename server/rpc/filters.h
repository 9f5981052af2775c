#ifndef SIGNALBOX_SERVER_RPC_FILTERS_H_
#define SIGNALBOX_SERVER_RPC_FILTERS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/status_list.h"
#include "server/outbox/status_view.h"
#include "server/rpc/authorizer.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// StatusFilter is the filter of ListStatuses and RetryPosts: it decides which
// statuses a request selects. StoreCalls also checks the caller's grants.
//
// Immutable.
class StatusFilter {
 public:
  // Checks and converts the filter of a request. INVALID_ARGUMENT names the
  // field; reasons INVALID_PATTERN, INVALID_POSTING_STATE, INVALID_REASON.
  static absl::StatusOr<StatusFilter> Of(const v1::StatusFilter& filter);

  // The filter selects a status if both are true for it.

  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

  // The states and reasons that it selects. Never no state; no reasons: all.
  const std::set<PostingState>& states() const { return states_; }
  const std::set<std::string>& reasons() const { return reasons_; }

  // Makes the page token for the page that begins after `place`. The token has
  // a fingerprint of this filter.
  std::string PageTokenOf(const StatusPlace& place) const;
  // The place in a page token; an empty token is the beginning of the list.
  // INVALID_ARGUMENT, reason INVALID_PAGE_TOKEN: PageTokenOf did not make it,
  // or made it for a filter that selects other statuses.
  absl::StatusOr<StatusPlace> ParsePlace(const std::string& page_token) const;

 private:
  // Equal for filters that select the same statuses.
  std::string Fingerprint() const;

  std::string repository_;  // In lower case; empty: all.
  std::string context_;     // In lower case; empty: all.
  std::set<PostingState> states_;
  std::set<std::string> reasons_;  // Empty: all.
};

// WatchFilter is the filter of WatchStatuses: it decides which status changes
// the server sends to a watcher. It sends only changes that the request selects
// and the caller may read.
//
// Immutable.
class WatchFilter {
 public:
  // Checks and converts the filter of a request. A null `caller` may read
  // everything.
  //
  // INVALID_ARGUMENT: reasons INVALID_PATTERN, TOO_MANY_PATTERNS,
  // INVALID_STATE, INVALID_SEQUENCE. PERMISSION_DENIED, reason NOT_GRANTED:
  // the request names a repository without a `*` that `caller` may not read. A
  // pattern with a `*` is no error: it selects only what `caller` may read.
  static absl::StatusOr<WatchFilter> Of(const v1::WatchStatusesRequest& request,
                                        const CallerRef& caller);

  // The filter selects a change if both are true for it. WantsRepository
  // depends only on the repository's name.
  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

 private:
  CallerRef caller_;
  std::vector<std::string> repositories_;
  std::vector<std::string> contexts_;
  std::set<CommitState> states_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_FILTERS_H_
