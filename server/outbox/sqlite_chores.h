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

// Chores: work on very many rows, which would hold up the writer for too long
// if it were one transaction. Each function BeginX stores a chore and does a
// first batch of it, of some 200 rows. The housekeeper then calls DoChores
// until no chore is left. Chores are rows of the table `chore`, so they survive
// a crash.
//
// All functions need an open transaction; those that take a `state` need that
// of the writer. Errors stick to the connection (see SqliteConnection).
// Repositories are given by their keys in the table `repository`.

// Merges one repository into another: moves all commits, old names, reruns and
// pull requests of `from` to `to`, and then deletes the row of `from`. Both are
// one repository at GitHub. Call SqliteRepositories::Retire for `from` before.
// `target_had_old_name`: see MoveCommit.
void BeginMerge(SqliteConnection* connection, SqliteWriterState* state,
                int64_t from, int64_t to, bool target_had_old_name,
                absl::Time now);

// Call it when the repository `to` turned out to have `old_name`, which the
// server had taken for an old name of `from`. Moves the entries of `from` that
// were reported by this name to `to`, except those whose newest report GitHub
// has accepted already.
void BeginMoveBack(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t from, int64_t to, const CanonicalName& old_name,
                   absl::Time now);

// Call it after an event or another change that may have ended GitHub's
// refusals for a repository. Revives its entries that were abandoned for a
// reason that concerns the whole repository or its credential. If it is parked,
// makes its next probe due soon.
void BeginRevive(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, absl::Time now);
// BeginRevive for all repositories of an account.
void BeginReviveAccount(SqliteConnection* connection, SqliteWriterState* state,
                        const std::string& host, absl::string_view account,
                        absl::Time now);

// Abandons the due entries of a repository that is gone at GitHub, with the
// reason REPOSITORY_GONE.
void BeginAbandon(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t repository_key, absl::Time now);

// Whether a chore has yet to move entries of this commit to the repository. If
// so, a report for the commit must first call MoveFirst, so that it meets the
// entries. Cheap while no chore moves anything.
bool IsToBeMoved(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, const Sha& sha);
// Moves the entries of these contexts of the commit at once; if there are no
// contexts, those of all its contexts.
void MoveFirst(SqliteConnection* connection, SqliteWriterState* state,
               int64_t repository_key, const Sha& sha,
               absl::Span<const std::string> contexts, absl::Time now);

bool HasChores(SqliteConnection* connection);

// Does one batch of the oldest chore. False: there was no chore.
bool DoChores(SqliteConnection* connection, SqliteWriterState* state,
              absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHORES_H_
