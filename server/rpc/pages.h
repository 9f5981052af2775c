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

// These functions split long answers of the gRPC service into pages, because
// most gRPC clients refuse a message over 4 MiB. A request says how many items
// a page may have (`page_size`) and where the page begins (`page_token`). The
// answer has the `next_page_token` for the page after it. Pure.
//
// The functions named Parse read these two fields of a request. Their errors
// are INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.

// A page holds at most about this many bytes, whatever the caller asks for.
inline constexpr size_t kMaxPageBytes = 2 << 20;

// The most commits on a page.
inline constexpr int kMaxCommitPage = 100;

// The items of a list with the indexes from `begin` to before `end`.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// The number of items on a page: `usual` if `page_size` is 0, else `page_size`,
// but at most `most`. A negative `page_size` is an error.
absl::StatusOr<size_t> ParsePageSize(int32_t page_size, size_t usual,
                                     size_t most);

// For ListCommits: which page of the commits, newest first, a caller asks for.
struct CommitPageRequest {
  int limit = 0;  // The most commits.
  // Only commits whose newest report has a smaller sequence. 0: all commits.
  int64_t before_sequence = 0;
};

absl::StatusOr<CommitPageRequest> ParseCommitPage(
    int32_t page_size, const std::string& page_token);

// The same for ListReports: its reports take the place of commits.
absl::StatusOr<CommitPageRequest> ParseReportPage(
    int32_t page_size, const std::string& page_token);
// The next_page_token after a report with this sequence.
std::string ReportPageToken(int64_t sequence);

// For GetCommitStatus: which page of a commit's statuses, in the order of their
// contexts, a caller asks for.
struct StatusPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();  // The most statuses.
  // Only contexts after this one. In lower case; empty: all contexts.
  std::string after_context = {};
};

struct StatusPage {
  Range statuses;               // Of CommitView::statuses.
  std::string next_page_token;  // Empty: this page is the last.
};

absl::StatusOr<StatusPageRequest> ParseStatusPage(
    int32_t page_size, const std::string& page_token);

// The page of `commit` for this request. A status that exists while the caller
// reads all pages is on exactly one page, even if others are added meanwhile.
StatusPage PageOf(const CommitView& commit, const StatusPageRequest& request);

// For ExplainStatus: which page of a history a caller asks for. Pages go from
// the newest records to the oldest.
struct HistoryPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();  // The most records.
  // Only records with smaller ids.
  int64_t reports_before = std::numeric_limits<int64_t>::max();
  int64_t tries_before = std::numeric_limits<int64_t>::max();
};

// The reports and the tries of one stretch of time.
struct HistoryPage {
  Range reports;                // Of History::reports.
  Range tries;                  // Of History::tries.
  std::string next_page_token;  // Empty: there are no older records.
};

absl::StatusOr<HistoryPageRequest> ParseHistoryPage(
    int32_t page_size, const std::string& page_token);

// The page of `history` for this request. A record that is kept while the
// caller reads all pages is on exactly one page, even if others are added
// meanwhile.
HistoryPage PageOf(const History& history, const HistoryPageRequest& request);

// For ListStatuses: how many of these statuses, from the first on, fit into
// kMaxPageBytes. At least one, if there is one.
size_t CountOnPage(absl::Span<const ListedStatus> statuses);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_PAGES_H_
