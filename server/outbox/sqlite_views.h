#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/history.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// In a statement: the key of the repository that has this name, or had it
// before.
#define SIGNALBOX_REPOSITORY_NAMED(name)                                    \
  "COALESCE((SELECT repository_key FROM repository WHERE canonical = " name \
  "), (SELECT repository_key FROM repository_alias WHERE canonical = " name \
  "))"

// Reads what the outbox holds about one commit or one key, for the calls of the
// API that show it, and lists commits. All functions need an open transaction,
// which may be one that only reads. Errors of the database stick to the
// connection (see SqliteConnection); the caller looks there, because the
// functions then return something incomplete.

// The row of a commit, and of its repository, that a caller asks for.
struct ShownCommit {
  int64_t commit_key = 0;
  int64_t repository_key = 0;
  Sha overtaken_by;        // The newer head; empty: none is known.
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  // GitHub has yet to answer what the repository is called.
  bool is_nameless = false;
};

// Finds the commit by the repository's present name or an old one. Nothing: no
// row is about it.
std::optional<ShownCommit> FindShownCommit(SqliteConnection* connection,
                                           const Repository& repository,
                                           const Sha& sha);

// These three implement the methods of Statuses with the same names.
//
// All statuses of one commit. NOT_FOUND, reason NOTHING_REPORTED: nothing was
// ever reported for the commit.
absl::StatusOr<CommitView> GetCommit(SqliteConnection* connection,
                                     const Repository& repository,
                                     const Sha& sha);
// At most `limit` commits, in the order of their newest reports, the newest
// first. Only those of `repository`, if there is one. Only those whose newest
// report has a sequence below `before_sequence`; 0: no such limit.
std::vector<CommitSummary> ListCommits(
    SqliteConnection* connection, const std::optional<Repository>& repository,
    int64_t before_sequence, int limit);
// The newest reports and tries of one key. NOT_FOUND, reason NOTHING_REPORTED,
// as GetCommit.
absl::StatusOr<History> GetHistory(SqliteConnection* connection,
                                   const StatusKey& key);

// Who sent the report of this version of an entry, for the log alone. Both are
// empty if the outbox does not know it.
struct Sender {
  std::string caller;
  std::string request_id;
};
Sender SenderOf(SqliteConnection* connection, int64_t entry_id,
                int64_t version);

// The store's own number of an entry (column entry_id). NOT_FOUND, reason
// NOTHING_REPORTED: there is no such entry.
absl::StatusOr<int64_t> FindEntry(SqliteConnection* connection,
                                  const StatusKey& key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
