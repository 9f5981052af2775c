#ifndef SIGNALBOX_SERVER_RPC_PAGES_H_
#define SIGNALBOX_SERVER_RPC_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/outbox/history.h"
#include "server/outbox/status_list.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// Long answers are split into pages, because most gRPC clients refuse a message
// over 4 MiB. A page holds at most about this many bytes, whatever size the
// caller asks for. Pure.
inline constexpr size_t kMaxPageBytes = 2 << 20;

// The most commits on a page.
inline constexpr int kMaxCommitPage = 100;

// A part of a list, from `begin` to before `end`.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// The size of a page: `usual` for 0, and at most `most`. INVALID_ARGUMENT,
// reason INVALID_PAGE_SIZE.
absl::StatusOr<size_t> ParsePageSize(int32_t page_size, size_t usual,
                                     size_t most);

// The page of commits that a caller asks for: those that changed before this
// sequence; 0: the newest.
struct CommitPageRequest {
  int limit = 0;
  int64_t before_sequence = 0;
};

// INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.
absl::StatusOr<CommitPageRequest> ParseCommitPage(
    int32_t page_size, const std::string& page_token);

// The page of a commit's statuses that a caller asks for.
struct StatusPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();
  std::string after_context = {};  // In lower case; empty: from the first.
};

struct StatusPage {
  Range statuses;
  std::string next_page_token;  // Empty: this page is the last.
};

// INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.
absl::StatusOr<StatusPageRequest> ParseStatusPage(
    int32_t page_size, const std::string& page_token);

// The page for this request. A status that exists the whole time is on exactly
// one page, even if others are added meanwhile.
StatusPage PageOf(const CommitView& commit, const StatusPageRequest& request);

// The page of a history that a caller asks for: records older than these.
struct HistoryPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();
  int64_t reports_before = std::numeric_limits<int64_t>::max();
  int64_t tries_before = std::numeric_limits<int64_t>::max();
};

// The newest records of both lists, which cover the same time.
struct HistoryPage {
  Range reports;
  Range tries;
  std::string next_page_token;  // Of the older records; empty: there are none.
};

// INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.
absl::StatusOr<HistoryPageRequest> ParseHistoryPage(
    int32_t page_size, const std::string& page_token);

// The page for this request. A record that is kept the whole time is on exactly
// one page, even if others are added meanwhile.
HistoryPage PageOf(const History& history, const HistoryPageRequest& request);

// How many of these statuses fit on a page, from the first on.
size_t CountOnPage(absl::Span<const ListedStatus> statuses);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_PAGES_H_
