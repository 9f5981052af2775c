#include "server/outbox/sqlite_terms.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr char kLookAtTerm[] =
    "SELECT epoch, owner, beat, beat_time_us, holder FROM term "
    "WHERE name = 'work'";
constexpr char kClaimTerm[] =
    "UPDATE term SET owner = ?, epoch = ?, taken_time_us = ?3, holder = ?, "
    "beat = 0, beat_time_us = ?3 WHERE name = 'work'";
constexpr char kBeatTerm[] =
    "UPDATE term SET beat = beat + 1, beat_time_us = ? WHERE name = 'work'";
constexpr char kEndTerm[] =
    "UPDATE term SET owner = x'', epoch = ?, beat = 0 WHERE name = 'work'";

}  // namespace

TermLook LookAtTerm(SqliteConnection* connection) {
  TermLook look;
  SqliteBytes owner;
  SqliteQuery query(connection, kLookAtTerm);
  if (query.Next()) {
    query.Read(&look.epoch, &owner, &look.beat, &look.beat_time, &look.holder);
    connection->AreCounts({look.epoch, look.beat});
  } else {
    connection->NoteDamage("table term has no row 'work'");
  }
  look.owner = std::move(owner.bytes);
  return look;
}

absl::StatusOr<Term> ClaimTerm(SqliteConnection* connection,
                               SqliteWriterState* state, const TermLook& seen,
                               const std::string& owner,
                               const std::string& holder, absl::Time now) {
  const TermLook term = LookAtTerm(connection);
  if (term.epoch != seen.epoch || term.beat != seen.beat) {
    return Error(absl::StatusCode::kAborted, "TERM_CHANGED",
                 absl::StrCat("the term cannot be claimed, because it has "
                              "changed since the server looked at it: from "
                              "epoch ",
                              seen.epoch, ", beat ", seen.beat, " to epoch ",
                              term.epoch, ", beat ", term.beat));
  }
  connection->Execute(kClaimTerm, SqliteBlob{owner}, ++state->epoch, now,
                      holder);
  return Term{state->epoch};
}

absl::Status Beat(SqliteConnection* connection, const SqliteWriterState& state,
                  const Term& term, absl::Time now) {
  absl::Status checked = CheckTerm(state, term);
  if (checked.ok()) connection->Execute(kBeatTerm, now);
  return checked;
}

void GiveBack(SqliteConnection* connection, SqliteWriterState* state,
              const Term& term) {
  if (CheckTerm(*state, term).ok()) EndTerm(connection, state);
}

void EndTerm(SqliteConnection* connection, SqliteWriterState* state) {
  connection->Execute(kEndTerm, ++state->epoch);
}

absl::Status CheckTerm(const SqliteWriterState& state, const Term& term) {
  if (term.epoch == state.epoch) return absl::OkStatus();
  return Error(
      absl::StatusCode::kFailedPrecondition, kTermOver,
      absl::StrCat("the term with epoch ", term.epoch,
                   " has ended (the newest has epoch ", state.epoch,
                   "); the server does no more work until it has claimed "
                   "another term"));
}

}  // namespace signalbox
