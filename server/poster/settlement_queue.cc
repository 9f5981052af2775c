#include "server/poster/settlement_queue.h"

#include <algorithm>
#include <iterator>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "common/error.h"
#include "server/poster/posting_log.h"

namespace signalbox {
namespace {

// Whether the store failed, and the same change may succeed later.
bool IsStoreFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsInternal(status);
}

// The settlement to store at `now`: part of its wait may be over.
Settlement SettlementAt(const Unsettled& unsettled, const Moment& now) {
  Settlement settlement = unsettled.settlement;
  settlement.retry_in =
      std::max(absl::ZeroDuration(),
               settlement.retry_in - (now.steady - unsettled.decided));
  return settlement;
}

}  // namespace

void SettlementQueue::Add(std::vector<Unsettled> unsettled) {
  absl::c_move(unsettled, std::back_inserter(unsettled_));
}

std::set<std::string> SettlementQueue::Credentials() const {
  std::set<std::string> credentials;
  for (const Unsettled& one : unsettled_) credentials.insert(one.credential);
  return credentials;
}

absl::StatusOr<std::vector<std::optional<Lease>>> SettlementQueue::Turn(
    const Term& term, absl::Span<const LeaseRequest> wanted,
    const Moment& now) {
  std::vector<Settlement> ended;
  for (const Unsettled& one : unsettled_) {
    ended.push_back(SettlementAt(one, now));
  }
  auto leases = outbox_->Turn(term, ended, wanted, now.wall);
  if (leases.ok()) {
    has_settled_ = has_settled_ || !unsettled_.empty();
    for (const Unsettled& one : std::exchange(unsettled_, {})) {
      NoteSettled(one);
    }
  } else if (ReasonOf(leases.status()) == kTermOver) {
    // The caller goes on without `wanted`.
  } else if (IsStoreFailure(leases.status()) || ended.empty()) {
    LogStoreFailure(leases.status());
  } else {
    SettleOneByOne(now);
  }
  return leases;
}

// A settlement that the store never accepts must not hold up the rest. Its
// lease ends by itself.
void SettlementQueue::SettleOneByOne(const Moment& now) {
  for (const Unsettled& one : std::exchange(unsettled_, {})) {
    const absl::Status settled =
        outbox_->Turn(Term(), {SettlementAt(one, now)}, {}, now.wall).status();
    if (!settled.ok()) LogStoreFailure(settled);
    if (IsStoreFailure(settled)) {
      unsettled_.push_back(one);
    } else {
      NoteSettled(one);
    }
  }
}

bool SettlementQueue::Flush(const Moment& now) {
  if (!unsettled_.empty() && !Turn(Term(), {}, now).ok()) return false;
  if (to_confess_.empty()) return true;
  const absl::Status confessed = outbox_->Confess(to_confess_, now.wall);
  if (!confessed.ok()) {
    LogStoreFailure(confessed);
    return false;
  }
  to_confess_.clear();
  return true;
}

void SettlementQueue::NoteSettled(const Unsettled& settled) {
  if (settled.is_late) to_confess_.push_back(settled.settlement.entry_id);
  if (!settled.was_sent) return;
  held_->Land(settled.settlement.entry_id);
  requests_->Land();
}

}  // namespace signalbox
