#ifndef SIGNALBOX_TESTS_SUPPORT_TURNS_H_
#define SIGNALBOX_TESTS_SUPPORT_TURNS_H_

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/terms.h"

namespace signalbox {

// The present term; begins one if there is none. For tests in which only one
// process posts. Another thread may begin the term at the same time.
inline absl::StatusOr<Term> TermOf(Terms& terms, absl::Time now) {
  for (;;) {
    const absl::StatusOr<TermLook> look = terms.Look();
    if (!look.ok()) return look.status();
    if (!look->owner.empty()) return Term{look->epoch};
    absl::StatusOr<Term> term = terms.Claim(*look, "the only process", "", now);
    if (!absl::IsAborted(term.status())) return term;
  }
}

// Calls a method of the store that needs a term, in the present one.
template <typename Store, typename Part, typename Result,
          typename... Parameters>
Result AsHolder(Store& store,
                Result (Part::*method)(const Term&, Parameters...),
                std::type_identity_t<Parameters>... arguments) {
  const absl::StatusOr<Term> term = TermOf(store, absl::UnixEpoch());
  if (!term.ok()) return term.status();
  return (store.*method)(*term, std::move(arguments)...);
}

// Shorter forms of PostQueue::Turn, for one lease. `Store` is both a PostQueue
// and Terms. Takes out one entry. Nothing: none is due.
template <typename Store>
absl::StatusOr<std::optional<Lease>> TakeDue(Store& store,
                                             const LeaseRequest& wanted,
                                             absl::Time now) {
  const absl::StatusOr<Term> term = TermOf(store, now);
  if (!term.ok()) return term.status();
  absl::StatusOr<std::vector<std::optional<Lease>>> leases =
      store.Turn(*term, {}, {&wanted, 1}, now);
  if (!leases.ok()) return leases.status();
  return std::move(leases->front());
}

// Ends one lease.
inline absl::Status Settle(PostQueue& queue, const Settlement& ended,
                           absl::Time now) {
  return queue.Turn(Term(), {&ended, 1}, {}, now).status();
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_TURNS_H_
