#ifndef SIGNALBOX_SERVER_OUTBOX_HELD_TERM_H_
#define SIGNALBOX_SERVER_OUTBOX_HELD_TERM_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "common/error.h"
#include "server/base/wake_up.h"
#include "server/outbox/terms.h"

namespace signalbox {

// HeldTerm is the term that this process has. Core sets it. The other parts
// that work only in a term begin nothing without one, and pass the term to the
// store with each change, which the store refuses once the term is over.
//
// Thread-safe.
class HeldTerm {
 public:
  // At first the process has no term. HeldTerm wakes `lost`, which is borrowed,
  // when a part hears that the term is over.
  explicit HeldTerm(WakeUp* lost) : lost_(lost) {}

  // Epoch 0: the process has no term.
  void Set(const Term& term) { epoch_ = term.epoch; }
  Term Get() const { return {epoch_}; }
  bool exists() const { return epoch_ != 0; }

  // The store has answered a change in `term` with `changed`. True: it refused
  // the change because the term is over. If the process still has this term, it
  // has none from now on.
  bool NoteOver(const Term& term, const absl::Status& changed) {
    if (ReasonOf(changed) != kTermOver) return false;
    int64_t epoch = term.epoch;
    if (epoch != 0 && epoch_.compare_exchange_strong(epoch, 0)) lost_->Wake();
    return true;
  }

 private:
  WakeUp* const lost_;
  std::atomic<int64_t> epoch_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HELD_TERM_H_
