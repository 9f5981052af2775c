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

// These functions move commits and entries from one repository to another,
// within the open transaction of `connection`. If both have an entry of one
// key, Judge decides which report counts; the history of both stays.

// The key of the commit with this sha; 0: there is none.
int64_t FindCommitKey(SqliteConnection* connection, int64_t repository_key,
                      absl::string_view sha);

// Moves a commit with its entries, about `limit` rows of it. Call it again
// until nothing of the commit is left. Returns the number of rows moved.
//
// `target_had_old_name`: the entries of the target were reported by the old
// name, and the moved ones by the new name. If two callers reported one key,
// the caller of the old name needs the right to report by the new name
// (SqliteWriterState::may_report). Without the right, the entry of the new name
// stays, and the reports of the other entry join its history as superseded.
int MoveCommit(SqliteConnection* connection, SqliteWriterState* state,
               int64_t commit_key, int64_t to_repository,
               bool target_had_old_name, absl::Time now, int limit);

// Moves these contexts of a commit in the same way.
void MoveContexts(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t commit_key, absl::Span<const std::string> contexts,
                  int64_t to_repository, bool target_had_old_name,
                  absl::Time now);

// Moves one entry to another repository at GitHub, where it was never posted:
// it is due at once. The commit that it leaves is deleted if this was its last
// entry.
void MoveFresh(SqliteConnection* connection, SqliteWriterState* state,
               int64_t entry_id, int64_t from_commit,
               const std::string& context_key, int64_t to_repository,
               absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
