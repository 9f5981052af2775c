#include "server/rpc/pages.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

constexpr size_t kDefaultCommitPage = 30;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
// Numbers, times and the framing of a message.
constexpr size_t kFixedBytes = 256;

absl::Status InvalidToken(const std::string& page_token) {
  return InvalidField("page_token", page_token,
                      "is not the next_page_token of an earlier answer",
                      "INVALID_PAGE_TOKEN");
}

size_t BytesOf(const StatusView& status) {
  return kFixedBytes + status.context.size() + status.description.size() +
         status.target_url.size() + status.series.size() +
         status.posting.reason.size();
}

size_t BytesOf(const ListedStatus& listed) {
  return BytesOf(listed.status) + 2 * listed.sha.bytes().size() +
         listed.repository.Display().size();
}

size_t BytesOf(const RecordedReport& report) {
  return kFixedBytes + report.description.size() + report.target_url.size() +
         report.series.size() + report.caller.size() +
         report.delivery_id.size() + report.request_id.size();
}

size_t BytesOf(const RecordedTry& recorded) {
  return kFixedBytes + recorded.attempted.request_id.size() +
         recorded.attempted.reason.size() + recorded.attempted.message.size();
}

// Counts the items of a page. The first always fits.
class Room {
 public:
  explicit Room(size_t limit) : limit_(limit) {}

  bool Take(size_t bytes) {
    if (count_ > 0 && (count_ == limit_ || bytes_ + bytes > kMaxPageBytes)) {
      return false;
    }
    ++count_;
    bytes_ += bytes;
    return true;
  }

 private:
  const size_t limit_;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

// How many of `records`, which are ordered by id, have a smaller id.
template <typename Record>
size_t CountBefore(const std::vector<Record>& records, int64_t id) {
  return std::ranges::lower_bound(records, id, {}, &Record::id) -
         records.begin();
}

}  // namespace

absl::StatusOr<size_t> ParsePageSize(int32_t page_size, size_t usual,
                                     size_t most) {
  if (page_size < 0) {
    return InvalidField("page_size", absl::StrCat(page_size),
                        "is negative; wanted 0 or more", "INVALID_PAGE_SIZE");
  }
  return page_size == 0 ? usual : std::min<size_t>(page_size, most);
}

// Callers must not make their own token, but a wrong one does no harm.
absl::StatusOr<CommitPageRequest> ParseCommitPage(
    int32_t page_size, const std::string& page_token) {
  CommitPageRequest request;
  if (!page_token.empty() &&
      (page_token.size() > 20 ||
       !absl::SimpleAtoi(page_token, &request.before_sequence) ||
       request.before_sequence <= 0)) {
    return InvalidToken(page_token);
  }
  const absl::StatusOr<size_t> limit =
      ParsePageSize(page_size, kDefaultCommitPage, kMaxCommitPage);
  if (!limit.ok()) return limit.status();
  request.limit = static_cast<int>(*limit);
  return request;
}

// The letter keeps apart the tokens of the two calls.
absl::StatusOr<CommitPageRequest> ParseReportPage(
    int32_t page_size, const std::string& page_token) {
  absl::string_view sequence = page_token;
  if (!page_token.empty() &&
      (!absl::ConsumePrefix(&sequence, "r") || sequence.empty())) {
    return InvalidToken(page_token);
  }
  return ParseCommitPage(page_size, std::string(sequence));
}

std::string ReportPageToken(int64_t sequence) {
  return absl::StrCat("r", sequence);
}

absl::StatusOr<StatusPageRequest> ParseStatusPage(
    int32_t page_size, const std::string& page_token) {
  const absl::StatusOr<size_t> limit =
      ParsePageSize(page_size, kNoLimit, kNoLimit);
  if (!limit.ok()) return limit.status();
  StatusPageRequest request = {.limit = *limit};
  if (page_token.empty()) return request;
  if (!absl::WebSafeBase64Unescape(page_token, &request.after_context) ||
      !ParseObservedContext(request.after_context).ok()) {
    return InvalidToken(page_token);
  }
  return request;
}

StatusPage PageOf(const CommitView& commit, const StatusPageRequest& request) {
  const std::vector<StatusView>& statuses = commit.statuses;
  const auto key_of = [](const StatusView& status) {
    return absl::AsciiStrToLower(status.context);
  };
  StatusPage page;
  page.statuses.begin = request.after_context.empty()
                            ? 0
                            : std::ranges::upper_bound(
                                  statuses, request.after_context, {}, key_of) -
                                  statuses.begin();
  page.statuses.end = page.statuses.begin;
  Room room(request.limit);
  while (page.statuses.end < statuses.size() &&
         room.Take(BytesOf(statuses[page.statuses.end]))) {
    ++page.statuses.end;
  }
  if (page.statuses.end < statuses.size()) {
    page.next_page_token =
        absl::WebSafeBase64Escape(key_of(statuses[page.statuses.end - 1]));
  }
  return page;
}

absl::StatusOr<HistoryPageRequest> ParseHistoryPage(
    int32_t page_size, const std::string& page_token) {
  const absl::StatusOr<size_t> limit =
      ParsePageSize(page_size, kNoLimit, kNoLimit);
  if (!limit.ok()) return limit.status();
  HistoryPageRequest request = {.limit = *limit};
  if (page_token.empty()) return request;
  const std::vector<absl::string_view> parts = absl::StrSplit(page_token, '.');
  if (page_token.size() > 40 || parts.size() != 2 ||
      !absl::SimpleAtoi(parts[0], &request.reports_before) ||
      !absl::SimpleAtoi(parts[1], &request.tries_before)) {
    return InvalidToken(page_token);
  }
  return request;
}

HistoryPage PageOf(const History& history, const HistoryPageRequest& request) {
  const std::vector<RecordedReport>& reports = history.reports;
  const std::vector<RecordedTry>& tries = history.tries;
  HistoryPage page;
  page.reports.end = CountBefore(reports, request.reports_before);
  page.tries.end = CountBefore(tries, request.tries_before);
  size_t report = page.reports.end;
  size_t attempt = page.tries.end;
  Room room(request.limit);
  while (report > 0 || attempt > 0) {
    const bool is_report =
        attempt == 0 ||
        (report > 0 && reports[report - 1].accept_time >=
                           tries[attempt - 1].attempted.begin_time);
    if (!room.Take(is_report ? BytesOf(reports[report - 1])
                             : BytesOf(tries[attempt - 1]))) {
      break;
    }
    --(is_report ? report : attempt);
  }
  page.reports.begin = report;
  page.tries.begin = attempt;
  if (report == 0 && attempt == 0) return page;
  page.next_page_token = absl::StrCat(
      report == page.reports.end ? request.reports_before : reports[report].id,
      ".",
      attempt == page.tries.end ? request.tries_before : tries[attempt].id);
  return page;
}

size_t CountOnPage(absl::Span<const ListedStatus> statuses) {
  Room room(statuses.size());
  size_t count = 0;
  while (count < statuses.size() && room.Take(BytesOf(statuses[count]))) {
    ++count;
  }
  return count;
}

}  // namespace signalbox
