#ifndef SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_
#define SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_

#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/request_gate.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/terms.h"
#include "server/poster/credential_turns.h"
#include "server/poster/held_entries.h"
#include "server/poster/moved_repositories.h"
#include "server/poster/requests_in_flight.h"
#include "server/poster/settlement_queue.h"
#include "server/poster/wording.h"

namespace signalbox {

// What the poster keeps in memory about entries and repositories.
struct PosterMemory {
  Wording wording;
  MovedRepositories moved;
  HeldEntries held;
};

// RequestEnds draws the conclusions from the end of each request of the poster,
// in two steps. Note draws those that concern other requests: GitHub may limit
// the credential or be down. Collect then draws those for the request's own
// entry. The poster also calls Note alone, right before it begins requests that
// a new limit may forbid.
//
// Not thread-safe: only the poster uses it.
class RequestEnds {
 public:
  // All pointers are borrowed. `ambiguous_wait` is that of PostingLimits.
  RequestEnds(PostQueue* outbox, RequestGate* gate,
              absl::Duration ambiguous_wait, Metrics* metrics,
              RequestsInFlight* requests, CredentialTurns* turns,
              CredentialBoard* board, PosterMemory* memory)
      : outbox_(outbox),
        gate_(gate),
        ambiguous_wait_(ambiguous_wait),
        metrics_(metrics),
        requests_(requests),
        turns_(turns),
        board_(board),
        memory_(memory) {}

  // Passes the requests that have ended since the last call to RequestGate, and
  // counts them. Stores the pauses that GitHub wants. False: none has ended.
  bool Note(const Moment& now);

  // Calls Note. Returns the settlements of all posts and reads that Note has
  // seen since the last Collect, to be stored by the caller. Handles the ends
  // of the other requests itself. `term`: the poster's; the outbox believes no
  // names outside it.
  std::vector<Unsettled> Collect(const Term& term, const Moment& now);

 private:
  void NoteEnd(const EndedRequest& ended, const Moment& now);
  void StorePause(const std::string& credential, const Moment& now);
  Unsettled EndOf(const EndedRequest& post, const Moment& now);
  // The outbox stores who sets the statuses of the credential, if that is news.
  void NoteCreator(const EndedRequest& post, Settlement* settlement);
  void LearnName(const Term& term, const EndedRequest& ended, absl::Time now);

  PostQueue* const outbox_;
  RequestGate* const gate_;
  const absl::Duration ambiguous_wait_;
  Metrics* const metrics_;
  RequestsInFlight* const requests_;
  CredentialTurns* const turns_;
  CredentialBoard* const board_;
  PosterMemory* const memory_;
  std::vector<EndedRequest> noted_;  // For the next Collect.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUEST_ENDS_H_
