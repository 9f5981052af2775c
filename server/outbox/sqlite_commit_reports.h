#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_COMMIT_REPORTS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_COMMIT_REPORTS_H_

#include <cstdint>
#include <string>

#include "server/outbox/commit_reports.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/submission.h"
#include "server/report/sha.h"

namespace signalbox {

// The table `observed_status`, and the list of a commit's reports that needs
// it. All functions need an open transaction. Errors stick to the connection
// (see SqliteConnection).

inline constexpr char kObservedTable[] = R"sql(
-- The newest status of an entry that the server saw at GitHub. Another program
-- set it, or the server itself, and GitHub told of it before it answered.
CREATE TABLE observed_status (
  entry_id INTEGER PRIMARY KEY REFERENCES entry,
  -- GitHub's number of the status.
  status_id INTEGER NOT NULL,
  -- Of the status change.
  sequence INTEGER NOT NULL,
  observe_time_us INTEGER NOT NULL,
  -- GitHub's word.
  state TEXT NOT NULL,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  -- Empty: not known.
  creator_login TEXT NOT NULL
) STRICT;
)sql";

// Stores what the submission, which has `observed`, says that GitHub shows for
// the entry. `sequence` is the number that the change got.
void KeepObserved(SqliteConnection* connection, int64_t entry_id,
                  const Submission& submission, int64_t sequence,
                  absl::Time now);
// The entries are merged, and `removed_id` is about to be deleted: the newer of
// their two statuses stays, at `entry_id`.
void MergeObserved(SqliteConnection* connection, int64_t entry_id,
                   int64_t removed_id);
void DropObserved(SqliteConnection* connection, int64_t entry_id);

// Implements Statuses::ListReports.
CommitReports ListReports(SqliteConnection* connection,
                          const Repository& repository, const Sha& sha,
                          int64_t before_sequence, int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_COMMIT_REPORTS_H_
