#ifndef SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
#define SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Which statuses a list wants, whoever asks.
class StatusFilter {
 public:
  // INVALID_ARGUMENT names the field: INVALID_PATTERN, INVALID_POSTING_STATE,
  // INVALID_REASON.
  static absl::StatusOr<StatusFilter> Of(const v1::StatusFilter& filter);

  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;
  // Whether it wants nothing that GitHub shows.
  bool unposted() const;

 private:
  std::string repository_;  // Empty: all.
  std::string context_;     // Empty: all.
  std::set<PostingState> states_;
  std::set<std::string> reasons_;  // Empty: all.
};

// Where a page ends, as a text for callers, and back. The text is theirs to
// send back and means nothing to them. Empty: at the beginning.
std::string PageTokenOf(const StatusPlace& place);
absl::StatusOr<StatusPlace> ParsePlace(const std::string& page_token);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
