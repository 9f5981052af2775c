#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// The repository that a submission is about. The name in a report is not enough
// to know it: a farm may use an old name, and a delivery may be older than a
// rename. naming.h has the rules.
struct MeantRepository {
  // Identifies the row of `repository`: see SqliteRepositories. There may be no
  // such row yet. The reports are about a new repository then.
  CanonicalName canonical;
  // The old name that the submission used; empty: none.
  CanonicalName reported_as;
  // The reports become due only once GitHub has confirmed that `reported_as` is
  // still an old name, or after PostingLimits::ambiguous_wait.
  bool awaits_answer = false;
  // GitHub's number that the caller of FindMeant must store in the row, with
  // SqliteRepositories::SetNumber; 0: none.
  int64_t learnt_number = 0;
};

// Finds the repository of a submission: by GitHub's number if a delivery gave
// one, else by the name. Needs an open transaction of the writer.
//
// May change tables: it stores questions to GitHub, and what a number shows
// about names. Before a change to rows that `state->accepted` may hold, it
// writes them, so pointers into these are invalid after this function.
//
// An error of `submission.may_report` is returned: the caller may not report
// for this repository, and the submission must not be accepted. Errors of the
// store stick to the connection (see SqliteConnection).
absl::StatusOr<MeantRepository> FindMeant(SqliteConnection* connection,
                                          SqliteWriterState* state,
                                          const Submission& submission,
                                          absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_MEANT_H_
