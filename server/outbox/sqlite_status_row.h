#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// The columns that StatusRow reads, of `entry` or of a table with the same
// columns.
#define SIGNALBOX_STATUS_COLUMNS                                             \
  "e.context, e.phase, e.result, e.description, e.target_url, e.attempt, "   \
  "e.series, "                                                               \
  "e.change_sequence, e.report_time_us, e.expire_time_us, e.posting_state, " \
  "e.posting_reason, e.try_count, e.due_time_us, e.post_time_us, "           \
  "e.lease_version, e.version, e.shown_state, e.shown_description, "         \
  "e.shown_target_url "

// A row of these columns, and its public view.
struct StatusRow {
  StatusView status;
  std::optional<absl::Time> due_time;
  int64_t lease_version = 0;
  int64_t version = 0;
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;

  // `overtaken_by`: the newer head of the pull request, if one is known.
  StatusView View(std::string overtaken_by = "") &&;
};

// `before` receives the columns that precede these.
template <typename... Before>
StatusRow ReadStatusRow(const SqliteQuery& query, Before*... before) {
  StatusRow row;
  StatusView& status = row.status;
  Posting& posting = status.posting;
  query.Read(before..., &status.context, &status.phase, &status.result,
             &status.description, &status.target_url, &status.attempt,
             &status.series, &status.sequence, &status.report_time,
             &status.expire_time, &posting.state, &posting.reason,
             &posting.try_count, &row.due_time, &posting.post_time,
             &row.lease_version, &row.version, &row.shown_state,
             &row.shown_description, &row.shown_target_url);
  return row;
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_
