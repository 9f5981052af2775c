#ifndef SIGNALBOX_SERVER_BASE_WAKE_UP_H_
#define SIGNALBOX_SERVER_BASE_WAKE_UP_H_

#include <utility>

#include "absl/time/time.h"
#include "common/mutex.h"

namespace signalbox {

// WakeUp asks a part of the server to run soon. It can exist before that part
// and its thread, so parts that wake each other are built one after the other.
// A request stays until somebody takes it: a Worker, or a simulation.
//
// Thread-safe. Only one thread takes requests and waits for them.
class WakeUp {
 public:
  // Requests a run. Cheap if one is requested already.
  void Wake() {
    {
      MutexLock lock(&mu_);
      if (is_requested_) return;
      is_requested_ = true;
    }
    woken_.NotifyOne();
  }

  // Ends the request. False: there was none.
  bool Take() {
    MutexLock lock(&mu_);
    return std::exchange(is_requested_, false);
  }

  bool is_requested() const {
    MutexLock lock(&mu_);
    return is_requested_;
  }

  // Returns when a run is requested, after `time` at the latest, or sooner.
  void WaitFor(absl::Duration time) {
    MutexLock lock(&mu_);
    if (!is_requested_) woken_.WaitFor(&mu_, time);
  }

 private:
  mutable Mutex mu_;
  CondVar woken_;
  bool is_requested_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_WAKE_UP_H_
