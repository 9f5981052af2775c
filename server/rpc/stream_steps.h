#ifndef SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_
#define SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_

#include <functional>

#include "common/mutex.h"

namespace signalbox {

// StreamSteps makes the gRPC calls of one stream one after another, although
// many threads change the stream's state. After a change of the state, the
// thread calls Drive, which calls NextStep for the next gRPC call. So only one
// thread at a time calls gRPC, without holding the lock, and no call follows
// Finish.
//
// Thread-safe.
class StreamSteps {
 protected:
  ~StreamSteps() = default;

  // Returns the next gRPC call, and notes in the state that it is being made.
  // Empty: there is nothing to do.
  virtual std::function<void()> NextStep()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Makes all calls that are due now. If another thread is in here already,
  // returns at once: that thread sees the new state. The stream must live until
  // it returns.
  void Drive() {
    {
      MutexLock lock(&mu_);
      if (driven_) return;
      driven_ = true;
    }
    for (;;) {
      std::function<void()> step;
      {
        MutexLock lock(&mu_);
        step = NextStep();
        driven_ = step != nullptr;
      }
      if (step == nullptr) return;
      step();
    }
  }

  Mutex mu_;

 private:
  bool driven_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_
