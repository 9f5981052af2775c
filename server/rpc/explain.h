#ifndef SIGNALBOX_SERVER_RPC_EXPLAIN_H_
#define SIGNALBOX_SERVER_RPC_EXPLAIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// Why a credential's work waits: a stable upper-case word, empty if it does not
// wait. And until when, if that is known (else InfinitePast).
struct CredentialTrouble {
  std::string reason;
  absl::Time until = absl::InfinitePast();
};

// Shows a due status as waiting if its credential waits.
Posting Hindered(Posting posting, const CredentialTrouble& trouble);

// What happens next to a status and when, in a sentence or two for people.
// Pure.
std::string NextStep(const History& history, const CredentialTrouble& trouble,
                     absl::Time now);

// A sentence that says that `said` is an old name of the repository; empty if
// it is not.
std::string OldName(const Repository& said, const Repository& meant);

// What the server decided after try number `index` of a history, derived from
// what followed the try.
std::string DecisionAfter(const History& history, size_t index);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_EXPLAIN_H_
