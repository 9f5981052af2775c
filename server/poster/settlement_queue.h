#ifndef SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_
#define SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/terms.h"
#include "server/poster/held_entries.h"
#include "server/poster/requests_in_flight.h"

namespace signalbox {

// A settlement that is not stored yet.
struct Unsettled {
  Settlement settlement;
  std::string credential;
  bool was_sent = false;  // It ends a request in flight.
  // The request may have reached GitHub after its lease. Once the end is
  // stored, it is confessed (see PostQueue).
  bool is_late = false;
};

// SettlementQueue keeps the ends of leases, and confessions, until they are
// stored. If the store fails, none is lost.
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

  // One transaction: stores all that is in the queue, and takes out an entry
  // for each request. See PostQueue::Turn.
  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const LeaseRequest> wanted, absl::Time now);
  // The same without requests, unless the queue is empty; and confesses. False:
  // the store failed.
  bool Flush(absl::Time now);

  // Whose leases are in the queue.
  std::set<std::string> Credentials() const;

  // Whether something was stored since the last call.
  bool TakeHasSettled() { return std::exchange(has_settled_, false); }

 private:
  void SettleOneByOne(absl::Time now);
  void NoteSettled(const Unsettled& settled);

  PostQueue* const outbox_;
  RequestsInFlight* const requests_;
  HeldEntries* const held_;
  std::vector<Unsettled> unsettled_;
  std::vector<int64_t> to_confess_;  // Entries.
  bool has_settled_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_SETTLEMENT_QUEUE_H_
