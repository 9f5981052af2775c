#ifndef SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_
#define SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/terms.h"
#include "server/poster/held_entries.h"
#include "server/poster/requests_in_flight.h"

namespace signalbox {

// A settlement (the end of a lease) that is not stored yet.
struct Unsettled {
  Settlement settlement;
  std::string credential;
  SteadyTime decided = {};  // `settlement.retry_in` counts from here.
  // The settlement ends a request that was sent. False: the lease ends without
  // a request.
  bool was_sent = false;
  // The request may have reached GitHub after its lease. After the settlement
  // is stored, SettlementQueue confesses it (PostQueue::Confess).
  bool is_late = false;
};

// SettlementQueue keeps settlements and confessions until the outbox has stored
// them. While the store fails, they stay in the queue, so that no answer of
// GitHub's is lost; their waits (Settlement::retry_in) go on. If the outbox
// refuses a settlement for another reason, SettlementQueue logs and drops it;
// the lease then ends by itself. When a settlement is stored, its entry is no
// longer held (HeldEntries) and its request no longer counts as in flight.
//
// Not thread-safe: only the poster uses it.
class SettlementQueue {
 public:
  // All pointers are borrowed.
  SettlementQueue(PostQueue* outbox, RequestsInFlight* requests,
                  HeldEntries* held)
      : outbox_(outbox), requests_(requests), held_(held) {}

  void Add(Unsettled unsettled) { unsettled_.push_back(std::move(unsettled)); }
  void Add(std::vector<Unsettled> unsettled);

  // In one transaction, stores the settlements in the queue and takes out an
  // entry for each of `wanted`. Arguments, result and errors are those of
  // PostQueue::Turn. After an error, nothing was taken out.
  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const LeaseRequest> wanted,
      const Moment& now);
  // Stores the settlements in the queue, and then makes the confessions. Does
  // nothing if there are none. False: the store failed, so call it again later.
  bool Flush(const Moment& now);

  // The credentials of the settlements in the queue.
  std::set<std::string> Credentials() const;

  // Whether a Turn has stored settlements since the last call. They may have
  // made entries due.
  bool TakeHasSettled() { return std::exchange(has_settled_, false); }

 private:
  void SettleOneByOne(const Moment& now);
  void NoteSettled(const Unsettled& settled);

  PostQueue* const outbox_;
  RequestsInFlight* const requests_;
  HeldEntries* const held_;
  std::vector<Unsettled> unsettled_;
  std::vector<int64_t> to_confess_;  // Lease::entry_id.
  bool has_settled_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_
