#include "server/outbox/sqlite_runs.h"

namespace signalbox {
namespace {

constexpr char kListRuns[] =
    "SELECT series, attempt, state, result FROM run WHERE entry_id = ? "
    "ORDER BY place";
constexpr char kDeleteRuns[] = "DELETE FROM run WHERE entry_id = ?";
constexpr char kInsertRun[] =
    "INSERT INTO run (entry_id, place, series, attempt, state, result) "
    "VALUES (?, ?, ?, ?, ?, ?)";

}  // namespace

std::vector<NewestRun> ReadOtherRuns(SqliteConnection* connection,
                                     int64_t entry_id) {
  std::vector<NewestRun> runs;
  SqliteQuery query(connection, kListRuns);
  query.Bind(entry_id);
  while (query.Next()) {
    NewestRun& run = runs.emplace_back();
    query.Read(&run.series, &run.attempt, &run.state, &run.result);
  }
  return runs;
}

void WriteOtherRuns(SqliteConnection* connection, int64_t entry_id,
                    const std::vector<NewestRun>& runs) {
  connection->Execute(kDeleteRuns, entry_id);
  int64_t place = 0;
  for (const NewestRun& run : runs) {
    connection->Execute(kInsertRun, entry_id, place++, run.series, run.attempt,
                        run.state, run.result);
  }
}

}  // namespace signalbox
