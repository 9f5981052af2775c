#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Why an entry is abandoned whose row holds what cannot be there.
inline constexpr absl::string_view kRowDamaged = "ROW_DAMAGED";

// Abandons an entry whose row is damaged, so that nothing meets the damage
// again: what makes no sense is replaced, nothing is due or expires, and what
// GitHub shows is in doubt. The next report for its key is taken as any other.
void SetAside(SqliteConnection* connection, SqliteWriterState* state,
              int64_t entry_id, absl::Time now);

// What people may know of an entry whose row is damaged, and nobody has set
// aside yet.
StatusView DamagedStatus(absl::string_view context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
