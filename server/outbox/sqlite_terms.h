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

// The table `term`. SqliteWriterState holds the newest epoch.
//
// These functions implement the methods of Terms. They need an open
// transaction. Functions that change something need that of the writer.
TermLook LookAtTerm(SqliteConnection* connection);
absl::StatusOr<Term> ClaimTerm(SqliteConnection* connection,
                               SqliteWriterState* state, const TermLook& seen,
                               const std::string& owner,
                               const std::string& holder, absl::Time now);
absl::Status Beat(SqliteConnection* connection, const SqliteWriterState& state,
                  const Term& term, absl::Time now);
void GiveBack(SqliteConnection* connection, SqliteWriterState* state,
              const Term& term);

// Ends the newest term, also that of another process.
void EndTerm(SqliteConnection* connection, SqliteWriterState* state);

// FAILED_PRECONDITION, reason TERM_OVER, unless `term` is the newest.
absl::Status CheckTerm(const SqliteWriterState& state, const Term& term);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_
