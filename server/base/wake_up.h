#ifndef SIGNALBOX_SERVER_BASE_WAKE_UP_H_
#define SIGNALBOX_SERVER_BASE_WAKE_UP_H_

#include <utility>

#include "absl/time/time.h"
#include "common/mutex.h"

namespace signalbox {

// WakeUp is how one part of the server asks another to run soon, for example
// intake the poster. It can exist before that part and its thread, so parts
// that wake each other can be built one after the other. A request stays until
// the Worker (or the simulation) that runs the part takes it. Several requests
// before that count as one.
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

  // Takes the request, if there is one. False: there was none.
  bool Take() {
    MutexLock lock(&mu_);
    return std::exchange(is_requested_, false);
  }

  bool is_requested() const {
    MutexLock lock(&mu_);
    return is_requested_;
  }

  // Waits until a run is requested, at most for `time`. May return earlier
  // without a reason. Does not take the request.
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
