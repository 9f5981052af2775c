#ifndef SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_
#define SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_

#include <vector>

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/request_gate.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/poster/credential_turns.h"
#include "server/poster/held_entries.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/requests_in_flight.h"
#include "server/poster/settlement_queue.h"
#include "server/poster/wording.h"

namespace signalbox {

// What the poster remembers of entries and repositories.
struct PosterMemory {
  Wording wording;
  MovedRepositories moved;
  HeldEntries held;
};

// RequestEnds processes the end of each request of the poster: first for other
// requests, then for its own entry.
//
// Not thread-safe: only the poster uses it.
class RequestEnds {
 public:
  // All pointers are borrowed.
  RequestEnds(PostQueue* outbox, RequestGate* gate, Metrics* metrics,
              RequestsInFlight* requests, CredentialTurns* turns,
              PosterMemory* memory)
      : outbox_(outbox),
        gate_(gate),
        metrics_(metrics),
        requests_(requests),
        turns_(turns),
        memory_(memory) {}

  // For other requests: the gate and the log get the answers that have arrived.
  // False: none has.
  bool Note(const Moment& now);

  // The same, and then the settlements of all requests that were noted.
  std::vector<Unsettled> Collect(const Moment& now);

 private:
  void NoteEnd(const EndedRequest& ended);
  void NoteLimit(const EndedRequest& ended);
  Unsettled EndOf(const EndedRequest& post, const Moment& now);
  void LearnName(const EndedRequest& ended, absl::Time now);

  PostQueue* const outbox_;
  RequestGate* const gate_;
  Metrics* const metrics_;
  RequestsInFlight* const requests_;
  CredentialTurns* const turns_;
  PosterMemory* const memory_;
  std::vector<EndedRequest> noted_;  // Not collected yet.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_
