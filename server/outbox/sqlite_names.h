#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/naming.h"
#include "server/outbox/repository_names.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// What the server learns about the names of repositories, and what it then
// changes in the database. naming.h decides; these functions find the rows,
// apply the decision and store questions to GitHub. All need an open
// transaction on `connection`; those that take a `state` need that of the
// writer. Errors stick to the connection (see SqliteConnection).

// Applies news from GitHub about a repository's name: an answer to a question
// or a redirect, or an event (see NameNews).
// - The repository gets the new name. If another row had that name, it is
//   merged into this one if both are the same repository. Otherwise it loses
//   its name, and the question what it is called now is stored.
// - The former name becomes an old name, which still means this repository.
// - If GitHub answers that a repository is called by what was an old name, the
//   entries that were reported by it, and not posted, move to that repository.
// - If the news does not decide the case, only questions to GitHub are stored.
//
// `may_move` decides whether the sender of an event may rename the repository
// that has the event's number. If it returns an error, the server asks GitHub
// instead. It may be empty: every rename is allowed.
void LearnName(SqliteConnection* connection, SqliteWriterState* state,
               NameNews news,
               const std::function<absl::Status(const Repository&)>& may_move,
               absl::Time now);
// The same for an answer with a name (kNamed). `from`: the name that the server
// asked for; nothing: it asked for a number. Implements
// RepositoryNames::LearnName.
void LearnAnswer(SqliteConnection* connection, SqliteWriterState* state,
                 std::optional<Repository> from, const NameAnswer& answer,
                 absl::Time now);

// Takes GitHub's answer to a stored question: applies it with LearnName and
// deletes the question, or has the question asked again later. Implements
// RepositoryNames::AnswerName.
void AnswerName(SqliteConnection* connection, SqliteWriterState* state,
                const NameAnswer& answer, absl::Time now);
// Whether a repository has had no name for a week, although the server asked
// GitHub for it.
bool HasLostRepository(SqliteConnection* connection, absl::Time now);
// Stops asking GitHub about at most `limit` such repositories, and begins a
// chore that abandons their entries.
void AbandonLost(SqliteConnection* connection, SqliteWriterState* state,
                 absl::Time now, int limit);
// At most `limit` questions to ask GitHub by `now`, those that are due longest
// first. Leaves out questions for which there is no credential.
std::vector<NameQuestion> NameQuestions(SqliteConnection* connection,
                                        absl::Time now, int limit);

// The repository that an old name means, or the name itself if it is no old
// name. Implements Statuses::MeantBy.
Repository MeantBy(SqliteConnection* connection, const Repository& name);

// When the first question that is due later than `now` is to be asked;
// absl::InfiniteFuture(): there is none.
absl::Time NextQuestionTime(SqliteConnection* connection, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_NAMES_H_
