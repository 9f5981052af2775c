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

// The statuses that a list request selects. The caller's grants are checked
// elsewhere.
class StatusFilter {
 public:
  // INVALID_ARGUMENT names the field: INVALID_PATTERN, INVALID_POSTING_STATE,
  // INVALID_REASON.
  static absl::StatusOr<StatusFilter> Of(const v1::StatusFilter& filter);

  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

  const std::set<PostingState>& states() const { return states_; }
  const std::set<std::string>& reasons() const { return reasons_; }

  // A place in the list as a page token for callers, and back. Empty: the
  // beginning. INVALID_ARGUMENT, reason INVALID_PAGE_TOKEN, unless it is a
  // token for an equal filter. To callers a token has no meaning.
  std::string PageTokenOf(const StatusPlace& place) const;
  absl::StatusOr<StatusPlace> ParsePlace(const std::string& page_token) const;

 private:
  // Equal for filters that select the same statuses.
  std::string Fingerprint() const;

  std::string repository_;  // In lower case; empty: all.
  std::string context_;     // In lower case; empty: all.
  std::set<PostingState> states_;
  std::set<std::string> reasons_;  // Empty: all.
};

// WatchFilter decides which changes a watcher wants and may see. Pure and
// immutable.
class WatchFilter {
 public:
  // INVALID_ARGUMENT: INVALID_PATTERN, TOO_MANY_PATTERNS, INVALID_STATE,
  // INVALID_SEQUENCE. PERMISSION_DENIED, reason NOT_GRANTED: `caller` may not
  // read, or may not read a repository that the request names without a `*`.
  // Patterns with a `*` match only what the caller may read.
  static absl::StatusOr<WatchFilter> Of(const v1::WatchStatusesRequest& request,
                                        const Caller* caller);

  // A change is wanted if both are true. The first depends only on the
  // repository's name.
  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

 private:
  const Caller* caller_ = nullptr;  // Borrowed.
  std::vector<std::string> repositories_;
  std::vector<std::string> contexts_;
  std::set<CommitState> states_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_FILTERS_H_
