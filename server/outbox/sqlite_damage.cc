#include "server/outbox/sqlite_damage.h"

#include <string>

#include "server/outbox/sqlite_changes.h"
#include "server/report/report.h"

namespace signalbox {
namespace {

// A count as AreCounts takes it, or what stands behind ELSE.
#define SIGNALBOX_COUNT_OR(column, otherwise)                      \
  column " = CASE WHEN typeof(" column ") = 'integer' AND " column \
         " BETWEEN "                                               \
         "0 AND 4611686018427387904 THEN " column " ELSE " otherwise " END, "
#define SIGNALBOX_TEXT(column)                                 \
  column " = CASE typeof(" column ") WHEN 'text' THEN " column \
         " ELSE '' "                                           \
         "END, "

constexpr char kSetAside[] =
    "UPDATE entry SET " SIGNALBOX_COUNT_OR("version", "1")
    SIGNALBOX_COUNT_OR("attempt", "0") SIGNALBOX_COUNT_OR("other_run_count", "0")
    SIGNALBOX_COUNT_OR("report_sequence", "0")
    SIGNALBOX_COUNT_OR("report_time_us", "?1")
    SIGNALBOX_COUNT_OR("lease_number", "0")
    SIGNALBOX_COUNT_OR("posted_status_id", "0")
    SIGNALBOX_COUNT_OR("status_count", "0") SIGNALBOX_TEXT("context")
    SIGNALBOX_TEXT("description") SIGNALBOX_TEXT("target_url")
    SIGNALBOX_TEXT("series")
    "run_state = CASE WHEN run_state IN (1, 2, 3) THEN run_state ELSE 1 END, "
    "run_result = CASE WHEN typeof(run_result) = 'integer' "
    "AND run_result BETWEEN 1 AND ?3 THEN run_result ELSE NULL END, "
    "phase = CASE WHEN typeof(phase) = 'integer' AND phase BETWEEN 1 AND ?2 "
    "THEN phase ELSE ?2 END, "
    "result = CASE WHEN typeof(result) = 'integer' AND result BETWEEN 1 AND ?3 "
    "THEN result ELSE NULL END, "
    "is_pending = CASE WHEN is_pending IN (0, 1) THEN is_pending ELSE 0 END, "
    "expire_time_us = NULL, expires_after_us = NULL, change_sequence = ?4, "
    "posting_state = ?5, posting_reason = ?6, try_count = 0, "
    "refusal_count = 0, post_time_us = NULL, first_due_time_us = ?1, "
    "due_time_us = NULL, lease_version = 0, lease_begin_time_us = 0, "
    "lease_due_time_us = 0, ambiguous_time_us = ?1, posted_version = 0, "
    "shown_state = NULL, shown_description = '', shown_target_url = '', "
    "abandon_time_us = ?1 WHERE entry_id = ?7";

}  // namespace

void SetAside(SqliteConnection* connection, SqliteWriterState* state,
              int64_t entry_id, absl::Time now) {
  SqliteQuery(connection, kSetAside)
      .Bind(now, static_cast<int64_t>(LastOf(Phase())),
            static_cast<int64_t>(LastOf(Result())), ++state->sequence,
            PostingState::kAbandoned, kRowDamaged, entry_id)
      .Run();
  NoteChange(connection, entry_id);
}

StatusView DamagedStatus(absl::string_view context) {
  StatusView status;
  status.context = std::string(context);
  status.phase = LastOf(Phase());
  status.state = CommitState::kError;
  status.posting.state = PostingState::kAbandoned;
  status.posting.reason = std::string(kRowDamaged);
  return status;
}

}  // namespace signalbox
