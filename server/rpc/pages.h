#ifndef SIGNALBOX_SERVER_RPC_PAGES_H_
#define SIGNALBOX_SERVER_RPC_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Long answers are cut into pages, because most gRPC clients refuse a message
// over 4 MiB: a page holds about this many bytes at most, whatever size is
// asked for. Pure.
inline constexpr size_t kMaxPageBytes = 2 << 20;

// A part of a list: from `begin` to before `end`.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// Which statuses of a commit are asked for.
struct StatusPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();
  std::string after_context;  // In lower case; empty: from the first.
};

struct StatusPage {
  Range statuses;
  std::string next_page_token;  // Empty: this is the last.
};

// INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.
absl::StatusOr<StatusPageRequest> ParseStatusPage(
    int32_t page_size, const std::string& page_token);

// A status that is there all the time is on exactly one page, also if others
// come meanwhile.
StatusPage PageOf(const CommitView& commit, const StatusPageRequest& request);

// Which part of a history is asked for: what is older than these.
struct HistoryPageRequest {
  size_t limit = std::numeric_limits<size_t>::max();
  int64_t reports_before = std::numeric_limits<int64_t>::max();
  int64_t tries_before = std::numeric_limits<int64_t>::max();
};

// The newest of both lists, one after the other in time.
struct HistoryPage {
  Range reports;
  Range tries;
  std::string next_page_token;  // Of what is older; empty: nothing is.
};

// INVALID_ARGUMENT, reason INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN.
absl::StatusOr<HistoryPageRequest> ParseHistoryPage(
    int32_t page_size, const std::string& page_token);

// What is kept all the time is on exactly one page, also if more comes
// meanwhile.
HistoryPage PageOf(const History& history, const HistoryPageRequest& request);

// How many of these a page holds, from the first.
size_t CountOnPage(absl::Span<const ListedStatus> statuses);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_PAGES_H_
