#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_returned.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/terms.h"

namespace signalbox {

// The table `term`, which says which process works. terms.h has the meaning of
// terms. These functions need an open transaction; those that change something
// need that of the writer. Errors of the store stick to the connection (see
// SqliteConnection). SqliteWriterState holds the epoch of the newest term.

// The newest term, its holder and its last beat. Implements Terms::Look.
TermLook LookAtTerm(SqliteConnection* connection);
// Begins the next term, for the process `owner` (its random id) on the server
// `holder` (for people). Returns the new term. ABORTED, reason TERM_CHANGED:
// the term is no longer as `seen` says; look again. Implements Terms::Claim.
absl::StatusOr<Term> ClaimTerm(SqliteConnection* connection,
                               SqliteWriterState* state, const TermLook& seen,
                               const std::string& owner,
                               const std::string& holder, absl::Time now);
// Stores a sign of life of the holder of `term`. FAILED_PRECONDITION, reason
// TERM_OVER: the term has ended. Implements Terms::Beat.
absl::Status Beat(SqliteConnection* connection, const SqliteWriterState& state,
                  const Term& term, absl::Time now);
// Ends `term`, so that another process can claim the next one at once. Does
// nothing if it has ended already. Implements Terms::GiveBack.
void GiveBack(SqliteConnection* connection, SqliteWriterState* state,
              const Term& term);

// Ends the newest term, whichever process has it. For the start of the server:
// the lock on the data directory shows that the former process has ended.
void EndTerm(SqliteConnection* connection, SqliteWriterState* state);

// FAILED_PRECONDITION, reason TERM_OVER, unless `term` is the newest. Call it
// before changes that only the holder makes.
absl::Status CheckTerm(const SqliteWriterState& state, const Term& term);

// The change `change` of the holder's work: a function that returns what
// `change` returns, or the error of CheckTerm, in which case it changes
// nothing. Both arguments are borrowed.
template <typename Changing>
auto InTerm(const Term& term, const Changing& change) {
  return [&term, &change](SqliteConnection* connection,
                          SqliteWriterState* state, const auto&... arguments) {
    const absl::Status in_term = CheckTerm(*state, term);
    // Some changes do not need the state.
    if constexpr (std::is_invocable_v<const Changing&, SqliteConnection*,
                                      SqliteWriterState*,
                                      decltype(arguments)...>) {
      return ReturnedIf(in_term, change, connection, state, arguments...);
    } else {
      return ReturnedIf(in_term, change, connection, arguments...);
    }
  };
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TERMS_H_
