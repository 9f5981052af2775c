#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_JOURNAL_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_JOURNAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "server/outbox/accept_rules.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/submission.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {

// The table `journal`. A commit that only accepts reports appends to it, which
// writes few pages, and is durable then. AcceptedRows has the rows that the
// reports changed in memory, and brings them into the other tables later, for
// many commits at once. So the journal has what the other tables lack. A
// process that starts reads it, and continues where the former one ended.
//
// A row of the journal is what one report did to one entry: the row of its
// history, and what has changed in the entry.
//
// All functions need an open transaction of the writer. Errors stick to the
// connection (see SqliteConnection).

inline constexpr char kJournalTable[] = R"sql(
-- Accepted reports that the other tables lack. None after an orderly stop.
CREATE TABLE journal (
  journal_id INTEGER PRIMARY KEY,
  -- The key of the entry. The other tables may not have the commit or the entry
  -- yet.
  repository_key INTEGER NOT NULL,
  sha BLOB NOT NULL,
  context TEXT NOT NULL,
  -- The number that the entry has or will have.
  entry_id INTEGER NOT NULL,
  -- See Disposition. 2: the report changed only the expiry, and is no part of
  -- the history.
  disposition INTEGER NOT NULL,
  accept_time_us INTEGER NOT NULL,

  -- As in `report`, for the history.
  version INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  series TEXT NOT NULL,
  result INTEGER,
  description TEXT NOT NULL,
  target_url TEXT NOT NULL,
  caller TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  expire_time_us INTEGER,

  -- As in `entry`, which also gets the columns above. `run_attempt` and
  -- `run_series` are its `attempt` and `series`. Meaningless if the report was
  -- superseded.
  expires_after_us INTEGER,
  first_due_time_us INTEGER NOT NULL,
  run_attempt INTEGER NOT NULL,
  run_series TEXT NOT NULL,
  run_state INTEGER NOT NULL,
  run_result INTEGER,
  reported_as TEXT NOT NULL,
  newest_text_wins INTEGER NOT NULL
) STRICT;
)sql";

// What schema version 11 added to the journal, and to the history to which its
// rows move.
inline constexpr char kRequestIdColumns[] = R"sql(
-- The id of the call that brought the report; empty: not known.
ALTER TABLE report ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
)sql";

// Appends what the report of `submission` did to an entry. `entry` is the entry
// after it. If the report was unchanged, the row is only about the expiry of
// the entry, and does not belong to the history. Returns the journal_id: one
// more than that of the row before.
int64_t AddToJournal(SqliteConnection* connection, int64_t repository_key,
                     const EntryRow& entry, const Submission& submission,
                     const Decided& decided, absl::Time accept_time);

// A row that was read back. `entry` has the columns that the report can change,
// and its key.
struct JournalRow {
  int64_t journal_id = 0;
  int64_t repository_key = 0;
  Sha sha;
  Disposition disposition = Disposition::kAccepted;
  EntryRow entry;
};

// Calls `see` with each row, in the order in which they were added.
void ReadJournal(SqliteConnection* connection,
                 absl::FunctionRef<void(JournalRow)> see);

// The largest sequence of its rows; 0: it is empty.
int64_t NewestInJournal(SqliteConnection* connection);

// Changes the entry that a row is about.
void SetEntryOfJournal(SqliteConnection* connection, int64_t journal_id,
                       int64_t entry_id);

// Moves the reports of the rows up to `last_id`, which is a journal_id, into
// the history (table `report`), and deletes these rows. Their entries must have
// been written before.
void MoveJournalToHistory(SqliteConnection* connection, int64_t last_id);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_JOURNAL_H_
