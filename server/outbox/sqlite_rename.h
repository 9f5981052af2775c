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

// Moves commits and their entries from one row of `repository` to another,
// because both rows turned out to be one repository, or because reports by an
// old name belong to another repository. Chores (sqlite_chores.h) use these
// functions.
//
// If both rows have an entry for the same sha and context, the two entries
// become one: MergeEntries (merge_rules.h) decides which report counts, and the
// history of both entries stays.
//
// Every function needs an open transaction of the writer on `connection`.
// Errors stick to it (see SqliteConnection). `repository_key`, `to_repository`
// and `commit_key` are keys of rows in this database.

// The key of the commit with this sha (bytes) in the repository; 0: there is
// none.
int64_t FindCommitKey(SqliteConnection* connection, int64_t repository_key,
                      absl::string_view sha);

// Moves a commit with its entries to `to_repository`, but stops after about
// `limit` rows. The commit is deleted where it was once all of its entries have
// moved, so call this function again until FindCommitKey finds it there no
// more. Returns how many rows changed.
//
// `target_had_old_name`: whether `to_repository` has the entries that were
// reported by the old name, and the commit those by the new name (else the
// other way round). If two callers reported the same key, one by the old name
// and one by the new, the report by the old name can replace the other only if
// its caller may report by the new name (SqliteWriterState::may_report).
// Without that right, the entry of the new name stays, and the reports of the
// other entry join its history as superseded.
int MoveCommit(SqliteConnection* connection, SqliteWriterState* state,
               int64_t commit_key, int64_t to_repository,
               bool target_had_old_name, absl::Time now, int limit);

// Moves only the entries of these contexts of a commit, like MoveCommit.
// Contexts without an entry are skipped.
void MoveContexts(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t commit_key, absl::Span<const std::string> contexts,
                  int64_t to_repository, bool target_had_old_name,
                  absl::Time now);

// Moves one entry to what is another repository at GitHub. Nothing was posted
// for the entry there, so all that the entry knew of GitHub is cleared, and the
// entry is due at once. `context_key` is the entry's context in lower case. The
// commit `from_commit`, which has the entry, is deleted if this was its last
// one.
void MoveFresh(SqliteConnection* connection, SqliteWriterState* state,
               int64_t entry_id, int64_t from_commit,
               const std::string& context_key, int64_t to_repository,
               absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
