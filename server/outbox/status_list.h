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

// What Statuses::ListStatuses and CountPostings take and return: lists of
// statuses across repositories, for people who look for stuck ones and for
// metrics.

// The place where a page ended. The next page begins after it.
struct StatusPlace {
  int64_t repository = 0;  // The store's own number of the repository.
  // The commit of the entry, if the outbox lists commit by commit (see
  // Statuses::ListStatuses); else empty.
  Sha sha;
  int64_t entry = 0;  // The store's own number of the entry.

  friend bool operator==(const StatusPlace&, const StatusPlace&) = default;
};

// A status in such a list.
struct ListedStatus {
  Repository repository;   // Spelled as in its first report.
  std::string credential;  // Empty: no credential posts for it.
  bool is_parked = false;  // The repository is parked.
  Sha sha;
  StatusView status;
  StatusPlace place;  // Where a page ends if this is its last status.
};

// Which statuses a page lists. The functions must not block.
struct StatusQuery {
  // The states that the list may contain. The outbox reads only these, so a
  // short set makes the list fast.
  std::set<PostingState> states = {PostingState::kDue, PostingState::kWaiting,
                                   PostingState::kAbandoned};
  // Of waiting and abandoned statuses, only those with these reasons; empty:
  // all. Statuses in other states have no reason and are listed in any case.
  std::set<std::string> reasons;
  StatusPlace after;  // Where the page before ended; StatusPlace(): first page.
  int limit = 0;      // The most statuses on a page; must be set.
  // Whether to look at this repository at all. `sha` and `status` are not set
  // yet. Empty: look at all.
  std::function<bool(const ListedStatus&)> wants_repository = nullptr;
  // The outbox does not know which credentials are stopped or paused. But in a
  // list, the due statuses of such a credential must stand as waiting. The
  // caller does this with two functions, which must agree.
  //
  // `wants` gets each status that the outbox has read. If the status is due and
  // its credential waits, `wants` first makes it waiting, with the reason. Then
  // it says whether to list the status. It must check `states` and `reasons`
  // again, because it may have changed both. Empty: list all.
  std::function<bool(ListedStatus*)> wants = nullptr;
  // Whether this credential waits. The outbox then reads its due statuses if
  // `states` has kWaiting, and otherwise if `states` has kDue. Empty: none
  // waits.
  std::function<bool(const std::string& credential)> credential_waits = nullptr;
};

struct ListedPage {
  std::vector<ListedStatus> statuses;
  // Pass it as `after` for the next page. Nothing: this page is the last. Other
  // pages, too, may hold fewer statuses than `limit`.
  std::optional<StatusPlace> next;
};

// How many statuses are not posted yet, and why.
struct PostingCounts {
  struct Key {
    PostingState state = PostingState::kDue;
    std::string credential;  // For kDue; empty for the other states.
    std::string reason;      // Empty for kDue.

    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::map<Key, int64_t> by_reason;
  // By credential: when its longest due status became due. Only credentials
  // with a due status.
  std::map<std::string, absl::Time> oldest_due;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUS_LIST_H_
