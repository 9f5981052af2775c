#ifndef SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
#define SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "server/outbox/status_list.h"
#include "server/outbox/status_view.h"
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

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
