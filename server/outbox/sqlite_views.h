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

// These functions implement the methods of Outbox with the same names, which
// return public views. They need an open transaction.
absl::StatusOr<CommitView> GetCommit(SqliteConnection* connection,
                                     const Repository& repository,
                                     absl::string_view sha);
std::vector<CommitSummary> ListCommits(
    SqliteConnection* connection, const std::optional<Repository>& repository,
    int64_t before_sequence, int limit);
// The key of an entry; errors as Statuses::GetHistory.
absl::StatusOr<int64_t> FindEntry(SqliteConnection* connection,
                                  const StatusKey& key);
absl::StatusOr<History> GetHistory(SqliteConnection* connection,
                                   const StatusKey& key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_VIEWS_H_
