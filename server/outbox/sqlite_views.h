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
// to the connection.

// These three implement the methods of Statuses with the same names.
absl::StatusOr<CommitView> GetCommit(SqliteConnection* connection,
                                     const Repository& repository,
                                     absl::string_view sha);
std::vector<CommitSummary> ListCommits(
    SqliteConnection* connection, const std::optional<Repository>& repository,
    int64_t before_sequence, int limit);
absl::StatusOr<History> GetHistory(SqliteConnection* connection,
                                   const StatusKey& key);

// The key of the row in `entry`. NOT_FOUND, reason NOTHING_REPORTED: there is
// no such entry.
absl::StatusOr<int64_t> FindEntry(SqliteConnection* connection,
                                  const StatusKey& key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
