#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// How commits and entries go from one repository to another, within the open
// transaction of `connection`. Where two entries of one key meet, Judge decides
// which counts; the history of both stays.

// The commit of these bytes; 0: nothing is known of it.
int64_t FindCommitKey(SqliteConnection* connection, int64_t repository_key,
                      absl::string_view sha);

// Moves a commit with its entries, about `limit` rows of it: to be called again
// while there is something of it. Returns how many rows that was.
//
// `target_had_old_name`: what the target has was reported by the old name, and
// what comes by the new one. Where two callers meet, the one of the old name
// needs the right to report by the new one (SqliteWriterState::may_report):
// without it the entry of the new name stays, and the other's reports join its
// history as superseded.
int MoveCommit(SqliteConnection* connection, SqliteWriterState* state,
               int64_t commit_key, int64_t to_repository,
               bool target_had_old_name, absl::Time now, int limit);

// Moves these contexts of a commit, likewise.
void MoveContexts(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t commit_key, absl::Span<const std::string> contexts,
                  int64_t to_repository, bool target_had_old_name,
                  absl::Time now);

// Moves one entry to another repository at GitHub, which knows nothing of it
// yet: it is due at once. The commit that it leaves goes if it was the last.
void MoveFresh(SqliteConnection* connection, SqliteWriterState* state,
               int64_t entry_id, int64_t from_commit,
               const std::string& context_key, int64_t to_repository,
               absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
