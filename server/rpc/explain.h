#ifndef SIGNALBOX_SERVER_RPC_EXPLAIN_H_
#define SIGNALBOX_SERVER_RPC_EXPLAIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// What keeps a lane's work waiting: a stable upper-case word, empty if nothing
// does, and until when if that is known (else InfinitePast).
struct LaneTrouble {
  std::string reason;
  absl::Time until = absl::InfinitePast();
};

// A status that is due, but whose lane waits, is shown as waiting for that.
Posting Hindered(Posting posting, const LaneTrouble& trouble);

// What happens next to a status and when, in a sentence or two for people.
// Pure.
std::string NextStep(const History& history, const LaneTrouble& trouble,
                     absl::Time now);

// That `said` is an old name of the repository, as a sentence; empty: it is
// none.
std::string OldName(const Repository& said, const Repository& meant);

// What was decided after try number `index` of a history: it follows from what
// came next.
std::string DecisionAfter(const History& history, size_t index);

// What a reason means and who can help, as a part of a sentence; the reason
// itself if it is not known here.
std::string ReasonInWords(absl::string_view reason);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_EXPLAIN_H_
