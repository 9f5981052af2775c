#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accepted_rows.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// The row of `repository` that a submission is about.
struct MeantRepository {
  std::string canonical;       // The row's name. The row may not exist yet.
  std::string reported_as;     // The old name that was used; empty: none.
  bool awaits_answer = false;  // GitHub must first confirm that old name.
  int64_t learnt_number = 0;   // The row is to get this number; 0: none.
};

// Finds that row, by GitHub's number first and the name second, within the open
// transaction of `connection`. May store questions to GitHub, and what a number
// shows about names; `rows` are written before such a change. The error of
// `may_report`: the submission must not be accepted.
absl::StatusOr<MeantRepository> FindMeant(SqliteConnection* connection,
                                          SqliteWriterState* state,
                                          AcceptedRows* rows,
                                          const Submission& submission,
                                          absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_
