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

// Work that may be about very many rows: a first batch is done at once, the
// rest by DoChores, each within the open transaction of `connection`, so that
// nobody waits long for the writer. What is still to be done survives a crash.

// All commits of `from`, which was retired, go to `to`.
// `target_had_old_name`: see MoveCommit.
void BeginMerge(SqliteConnection* connection, SqliteWriterState* state,
                int64_t from, int64_t to, bool target_had_old_name,
                absl::Time now);

// What was reported for `from` by this old name goes to `to`, unless GitHub
// took it.
void BeginMoveBack(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t from, int64_t to, const std::string& old_name,
                   absl::Time now);

// Makes due what was abandoned for a reason that may have ended, and brings the
// probe of what is parked forward.
void BeginRevive(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::Time now);
void BeginReviveAccount(SqliteConnection* connection, SqliteWriterState* state,
                        const std::string& host, absl::string_view account,
                        absl::Time now);

// Abandons what is due in a repository that is gone.
void BeginAbandon(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t repository_key, absl::Time now);

// Whether something of what was once known of this commit is still to be moved
// to the repository; MoveFirst moves these contexts of it, or all without any.
// Cheap while nothing is being moved.
bool IsToBeMoved(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::string_view sha);
void MoveFirst(SqliteConnection* connection, SqliteWriterState* state,
               int64_t repository_key, absl::string_view sha,
               absl::Span<const std::string> contexts, absl::Time now);

bool HasChores(SqliteConnection* connection);

// Does a batch of the oldest chore. True: there is more.
bool DoChores(SqliteConnection* connection, SqliteWriterState* state,
              absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHORES_H_
