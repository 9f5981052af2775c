#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/terms.h"

namespace signalbox {

// The table `term`, which says which process takes out what is to be posted.
// terms.h has the meaning of terms. These functions need an open transaction;
// those that change something need that of the writer. Errors of the store
// stick to the connection. SqliteWriterState holds the epoch of the newest
// term.

// Implements Terms::Look.
TermLook LookAtTerm(SqliteConnection* connection);
// Implements Terms::Claim.
absl::StatusOr<Term> ClaimTerm(SqliteConnection* connection,
                               SqliteWriterState* state, const TermLook& seen,
                               const std::string& owner,
                               const std::string& holder, absl::Time now);
// Implements Terms::Beat.
absl::Status Beat(SqliteConnection* connection, const SqliteWriterState& state,
                  const Term& term, absl::Time now);
// Implements Terms::GiveBack. Does nothing if the term has ended.
void GiveBack(SqliteConnection* connection, SqliteWriterState* state,
              const Term& term);

// Ends the newest term, whichever process has it. For the start of the server:
// the lock on the data directory shows that the former process has ended.
void EndTerm(SqliteConnection* connection, SqliteWriterState* state);

// FAILED_PRECONDITION, reason TERM_OVER, unless `term` is the newest. Call it
// before entries are taken out.
absl::Status CheckTerm(const SqliteWriterState& state, const Term& term);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_
