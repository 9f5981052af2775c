#ifndef SIGNALBOX_SERVER_OUTBOX_STATUS_LIST_H_
#define SIGNALBOX_SERVER_OUTBOX_STATUS_LIST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/outbox/status_view.h"
#include "server/report/status_key.h"

namespace signalbox {

// The place in a list where the next page begins: after this entry of this
// repository, by the store's own numbers.
struct StatusPlace {
  int64_t repository = 0;
  // The commit of the entry, if the list is ordered by commits; else empty.
  std::string sha;
  int64_t entry = 0;

  friend bool operator==(const StatusPlace&, const StatusPlace&) = default;
};

// A status in a list across repositories.
struct ListedStatus {
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  bool is_parked = false;  // Whether the repository is.
  std::string sha;
  StatusView status;
  StatusPlace place;
};

struct StatusQuery {
  // The states that `wants` can accept. The outbox need not look at others.
  std::set<PostingState> states = {PostingState::kDue, PostingState::kWaiting,
                                   PostingState::kAbandoned};
  std::set<std::string> reasons;  // Empty: all.
  StatusPlace after;
  int limit = 0;
  // Which repositories are wanted (`sha` and `status` are not set yet), and
  // which statuses. `wants` may change the status that it gets. Neither may
  // block. Empty: all.
  std::function<bool(const ListedStatus&)> wants_repository = nullptr;
  std::function<bool(ListedStatus*)> wants = nullptr;
  // Whether `wants` turns every due status of a credential into a waiting one.
  // Empty: of no credential.
  std::function<bool(const std::string& credential)> credential_waits = nullptr;
};

struct ListedPage {
  std::vector<ListedStatus> statuses;
  // Nothing: this page is the last. A page before the last may hold less than
  // `limit`.
  std::optional<StatusPlace> next;
};

// How many statuses are not posted yet.
struct PostingCounts {
  struct Key {
    PostingState state = PostingState::kDue;
    std::string credential;  // For kDue.
    std::string reason;      // For the other states.

    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::map<Key, int64_t> by_reason;
  // By credential: the time since which its longest due status has been due.
  std::map<std::string, absl::Time> oldest_due;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUS_LIST_H_
