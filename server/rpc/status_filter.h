#ifndef SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
#define SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// Which statuses a list asks for. What its caller may see is decided elsewhere.
class StatusFilter {
 public:
  // INVALID_ARGUMENT names the field: INVALID_PATTERN, INVALID_POSTING_STATE,
  // INVALID_REASON.
  static absl::StatusOr<StatusFilter> Of(const v1::StatusFilter& filter);

  bool WantsRepository(const Repository& repository) const;
  bool WantsStatus(const StatusView& status) const;

  const std::set<PostingState>& states() const { return states_; }
  const std::set<std::string>& reasons() const { return reasons_; }

  // Where a page ends, as a text for callers, and back: INVALID_ARGUMENT,
  // reason INVALID_PAGE_TOKEN, if it is none of a page of an equal filter.
  // Empty: at the beginning. The text is theirs to send back and means nothing
  // to them.
  std::string PageTokenOf(const StatusPlace& place) const;
  absl::StatusOr<StatusPlace> ParsePlace(const std::string& page_token) const;

 private:
  // The same for filters that want the same.
  std::string Fingerprint() const;

  std::string repository_;  // In lower case; empty: all.
  std::string context_;     // In lower case; empty: all.
  std::set<PostingState> states_;
  std::set<std::string> reasons_;  // Empty: all.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STATUS_FILTER_H_
