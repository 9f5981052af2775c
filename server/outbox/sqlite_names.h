#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/naming.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// What is learnt of names, within the open transaction of `connection`, whose
// errors stick to it.

// GitHub says, in an answer or an event, what a repository is called. Rows of
// the same repository become one, a row that loses its name is asked for, and
// an old name that GitHub answers itself is none any more.
//
// `may_move`, if there is one, says whether the event may rename the repository
// that has its number; otherwise GitHub is asked.
void LearnName(SqliteConnection* connection, SqliteWriterState* state,
               NameNews news,
               const std::function<absl::Status(const Repository&)>& may_move,
               absl::Time now);

// Outbox's methods of these names.
void AnswerName(SqliteConnection* connection, SqliteWriterState* state,
                const NameAnswer& answer, absl::Time now);
// Whether a repository without a name has been looked for long enough, whatever
// was answered, or could be asked; what is reported for it is abandoned then.
bool HasLostRepository(SqliteConnection* connection, absl::Time now);
void AbandonLost(SqliteConnection* connection, SqliteWriterState* state,
                 absl::Time now, int limit);
std::vector<NameQuestion> NameQuestions(SqliteConnection* connection,
                                        absl::Time now, int limit);

Repository MeantBy(SqliteConnection* connection, const Repository& name);

// When the next question is to be asked, later than `now`.
absl::Time NextQuestionTime(SqliteConnection* connection, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_
