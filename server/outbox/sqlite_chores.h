#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CHORES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CHORES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Chores: work that may be about very many rows. The functions BeginX do a
// first batch at once, and DoChores does the rest, each within the open
// transaction of `connection`. So no other caller waits long for the writer.
// Chores survive a crash.

// Moves all commits of `from`, which was retired, to `to`.
// `target_had_old_name`: see MoveCommit.
void BeginMerge(SqliteConnection* connection, SqliteWriterState* state,
                int64_t from, int64_t to, bool target_had_old_name,
                absl::Time now);

// Moves the entries that were reported for `from` by this old name to `to`,
// unless GitHub accepted them.
void BeginMoveBack(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t from, int64_t to, const std::string& old_name,
                   absl::Time now);

// Makes entries due that were abandoned for a reason that may have ended, and
// brings the probe of a parked repository forward.
void BeginRevive(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::Time now);
void BeginReviveAccount(SqliteConnection* connection, SqliteWriterState* state,
                        const std::string& host, absl::string_view account,
                        absl::Time now);

// Abandons the due entries of a repository that is gone.
void BeginAbandon(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t repository_key, absl::Time now);

// IsToBeMoved: whether a chore has yet to move entries of this commit to the
// repository. MoveFirst moves these contexts of the commit now; without
// contexts it moves all. Cheap while there is no chore that moves commits.
bool IsToBeMoved(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::string_view sha);
void MoveFirst(SqliteConnection* connection, SqliteWriterState* state,
               int64_t repository_key, absl::string_view sha,
               absl::Span<const std::string> contexts, absl::Time now);

bool HasChores(SqliteConnection* connection);

// Does a batch of the oldest chore. False: there is none.
bool DoChores(SqliteConnection* connection, SqliteWriterState* state,
              absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHORES_H_
