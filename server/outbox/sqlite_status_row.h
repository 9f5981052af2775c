#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// Reads statuses from the database for their public form, StatusView. Every
// query that shows statuses to callers or watchers selects the same columns, so
// that they all show the same.

// The columns that ReadStatusRow reads, of a table with the name `e` in the
// statement: `entry`, or another table with these columns.
#define SIGNALBOX_STATUS_COLUMNS                                           \
  "e.context, e.phase, e.result, e.description, e.target_url, e.attempt, " \
  "e.series, e.change_sequence, e.report_time_us, e.expire_time_us, "      \
  "e.posting_state, e.posting_reason, e.try_count, e.due_time_us, "        \
  "e.post_time_us, e.lease_version, e.version, e.shown_state, "            \
  "e.shown_description, e.shown_target_url, e.report_sequence "

// One row of these columns. `status` is not complete before View.
struct StatusRow {
  StatusView status;
  // While a try is in flight: the end of its lease.
  std::optional<absl::Time> due_time;
  int64_t lease_version = 0;  // 0: no try is in flight.
  int64_t version = 0;        // 0: no report was accepted.
  // What GitHub shows, as far as the server knows. The state is GitHub's word;
  // nothing: the server does not know the status.
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;

  // The public form of the row: of its report, or, if no report was accepted,
  // of what GitHub shows. If GitHub shows nothing either, all reports were for
  // an overtaken head: ABANDONED, reason OVERTAKEN. `overtaken_by`: the newer
  // head of the pull request; empty: none is known.
  StatusView View(const Sha& overtaken_by = Sha()) &&;
};

// Reads the row that `query` has reached. If the statement selects other
// columns before these, `before` receives them.
template <typename... Before>
StatusRow ReadStatusRow(const SqliteQuery& query, Before*... before) {
  StatusRow row;
  StatusView& status = row.status;
  Posting& posting = status.posting;
  query.Read(
      before..., &status.context, &status.phase, &status.result,
      &status.description, &status.target_url, &status.attempt, &status.series,
      &status.sequence, &status.report_time, &status.expire_time,
      &posting.state, &posting.reason, &posting.try_count, &row.due_time,
      &posting.post_time, &row.lease_version, &row.version, &row.shown_state,
      &row.shown_description, &row.shown_target_url, &status.report_sequence);
  return row;
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_STATUS_ROW_H_
