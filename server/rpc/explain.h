#ifndef SIGNALBOX_SERVER_RPC_EXPLAIN_H_
#define SIGNALBOX_SERVER_RPC_EXPLAIN_H_

#include <string>

#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// The parts of ExplainStatus' answer that the server makes for people. Pure.

// Why the entries of a credential wait: it is paused or stopped, or its host
// is.
struct CredentialTrouble {
  std::string reason;  // Stable upper-case word; empty: it does not wait.
  // When it may post again. InfinitePast or InfiniteFuture: not known.
  absl::Time until = absl::InfinitePast();
};

// The outbox does not know credentials that wait. So it calls an entry due
// although its credential waits. This returns `posting` as callers shall see
// it: waiting, with the credential's reason and time, if it was due and
// `trouble` has a reason. Else it returns `posting` unchanged.
Posting WithCredentialWait(Posting posting, const CredentialTrouble& trouble);

// What happens next to the status, and when, in a few sentences for people.
// `history.status.posting` must come from WithCredentialWait.
std::string NextStep(const History& history, const CredentialTrouble& trouble,
                     absl::Time now);

// A sentence that says that the name `asked`, which a caller used, is an old
// name of `actual`. Empty if both are the same name.
std::string OldNameNotice(const Repository& asked, const Repository& actual);

// What the server did after `history.tries[index]`, in a few words for people,
// such as "tried again after 10 s". Follows from the later tries and, for the
// last try, from the posting.
std::string DecisionAfter(const History& history, size_t index);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_EXPLAIN_H_
