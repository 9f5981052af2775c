#ifndef SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_
#define SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_

#include <functional>

#include "common/mutex.h"

namespace signalbox {

// StreamSteps is the base class of the server's gRPC streams. Several threads
// change the state of a stream, but gRPC's functions for it must be called one
// at a time, without a lock, and never after Finish. StreamSteps ensures that.
//
// A stream holds `mu_` while it changes its state, releases it, and then calls
// Drive. Drive asks NextStep which function of gRPC to call next, and calls it.
//
// Thread-safe.
class StreamSteps {
 protected:
  ~StreamSteps() = default;

  // Returns a function that makes the next call of gRPC, and notes in the state
  // that this call is under way. Empty: there is nothing to call now.
  virtual std::function<void()> NextStep()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Makes all calls of gRPC that the state allows now. If another thread is in
  // Drive already, returns at once: that thread sees the new state. The stream
  // must live until Drive returns.
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
  bool driven_ ABSL_GUARDED_BY(mu_) = false;  // A thread is in Drive.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_
