#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"
#include "server/report/status_key.h"

namespace signalbox {

// Outbox::RenameRepository within the open transaction of `connection`.
//
// Where only the old name is known, its row takes the new one. Where both are,
// the commits of the old one move to the new one: as many writes as it has
// entries, in one transaction.
void RenameRepository(SqliteConnection* connection, SqliteWriterState* state,
                      const Repository& from, const Repository& to,
                      int64_t github_id, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RENAME_H_
