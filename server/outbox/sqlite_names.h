#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/naming.h"
#include "server/outbox/repository_names.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// What the server learns about the names of repositories. All functions run
// within the open transaction of `connection`. Errors stick to it.

// Applies what GitHub says, in an answer or an event, about a repository's
// name. Rows of the same repository are merged. For a row that loses its name,
// a question to GitHub is stored. If GitHub answers that a repository has an
// old name now, the name is no longer an old one.
//
// `may_move` may be empty. It decides whether the event may rename the
// repository that has its number; if not, GitHub is asked.
void LearnName(SqliteConnection* connection, SqliteWriterState* state,
               NameNews news,
               const std::function<absl::Status(const Repository&)>& may_move,
               absl::Time now);

// AnswerName, NameQuestions and MeantBy implement the methods of Outbox with
// the same names.
void AnswerName(SqliteConnection* connection, SqliteWriterState* state,
                const NameAnswer& answer, absl::Time now);
// HasLostRepository: whether a repository has had no name for a week in spite
// of the questions to GitHub. AbandonLost abandons the entries of such
// repositories.
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
