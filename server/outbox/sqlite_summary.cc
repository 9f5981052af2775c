#include "server/outbox/sqlite_summary.h"

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "server/outbox/entry_state.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {
namespace {

constexpr char kListStates[] =
    "SELECT phase, result, report_sequence, report_time_us FROM entry "
    "WHERE commit_key = ? AND version > 0 ORDER BY entry_id";
constexpr char kSetSummary[] =
    "UPDATE commit_summary SET newest_sequence = ?, "
    "update_time_us = MAX(update_time_us, ?), status_count = ?, "
    "pending_count = ?, failed_count = ? WHERE commit_key = ?";

}  // namespace

void Summarize(SqliteConnection* connection, int64_t commit_key) {
  int64_t statuses = 0;
  int64_t pending = 0;
  int64_t failed = 0;
  int64_t newest = 0;
  absl::Time update_time = absl::UnixEpoch();
  for (const auto& [phase, result, sequence, time] :
       connection
           ->All<std::tuple<Phase, std::optional<Result>, int64_t, absl::Time>>(
               kListStates, commit_key)) {
    const CommitState state = StateOf(phase, result);
    ++statuses;
    if (state == CommitState::kPending) ++pending;
    if (IsFailed(state)) ++failed;
    newest = std::max(newest, sequence);
    update_time = std::max(update_time, time);
  }
  connection->Execute(kSetSummary, newest, update_time, statuses, pending,
                      failed, commit_key);
}

}  // namespace signalbox
