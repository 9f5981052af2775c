#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/outbox/history.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// Reads what the outbox holds about one commit or one key, in its public form,
// and lists commits. Status calls of the API need it. All functions need an
// open transaction, which may be one that only reads. Errors of the store stick
// to the connection (see SqliteConnection).

// These three implement the methods of Statuses with the same names.
//
// All statuses of one commit; `sha` in hexadecimal digits. NOT_FOUND, reason
// NOTHING_REPORTED: nothing was ever reported for the commit.
absl::StatusOr<CommitView> GetCommit(SqliteConnection* connection,
                                     const Repository& repository,
                                     absl::string_view sha);
// At most `limit` commits of a repository (nothing: of all), the newest first:
// those whose newest report has a sequence below `before_sequence` (0: all).
std::vector<CommitSummary> ListCommits(
    SqliteConnection* connection, const std::optional<Repository>& repository,
    int64_t before_sequence, int limit);
// The newest reports and tries of one key. NOT_FOUND as FindEntry.
absl::StatusOr<History> GetHistory(SqliteConnection* connection,
                                   const StatusKey& key);

// The key of the row in `entry`. NOT_FOUND, reason NOTHING_REPORTED: there is
// no such entry.
absl::StatusOr<int64_t> FindEntry(SqliteConnection* connection,
                                  const StatusKey& key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
