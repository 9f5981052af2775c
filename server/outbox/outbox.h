#ifndef SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_
#define SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_

#include "server/outbox/acceptance.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/statuses.h"
#include "server/outbox/terms.h"
#include "server/outbox/upkeep.h"

namespace signalbox {

// Outbox is the store. It keeps one entry per key: the newest report, and how
// far its posting to GitHub has got. A report overwrites its entry; the poster
// makes GitHub match the entry. Outbox also keeps a history, which no decision
// depends on.
//
// Each user gets only its part, an interface of its own. A store implements all
// of them; sqlite_outbox.h is the one that exists.
//
// Every method is one transaction. OK means that the change is durable.
//
// `now` is the caller's wall clock at the call. A store with a clock of its own
// may use that instead. So leases, waits, pauses and ages are lengths of time,
// and count from `now`. Times are facts: when a try began, when a report was
// accepted, what GitHub says, and what people are shown.
//
// Errors, unless a method says otherwise:
// - UNAVAILABLE: repeat the call.
// - RESOURCE_EXHAUSTED, reason DISK_FULL: the change may have been made or not,
//   so do not acknowledge a report.
// - INTERNAL: the store is damaged or a write failed. The process must end; its
//   next start recovers.
//
// Thread-safe.
class Outbox : public Acceptance,
               public PostQueue,
               public Statuses,
               public Upkeep,
               public RecoveryNotes,
               public Terms {};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_
