#ifndef SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_
#define SIGNALBOX_SERVER_RPC_STREAM_STEPS_H_

#include <functional>

#include "server/base/mutex.h"

namespace signalbox {

// Makes the calls of one gRPC stream one by one, though what happens to it is
// told by many threads at once. Whoever changes its state calls Drive, and
// NextStep tells what the state asks for. So gRPC is called by one thread at a
// time and without a lock, and nothing follows Finish.
//
// Thread-safe.
class StreamSteps {
 protected:
  ~StreamSteps() = default;

  // What to do now; empty: nothing. Notes that it is being done.
  virtual std::function<void()> NextStep()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Does what can be done now, unless another thread is at it, which will see
  // the new state. The stream must not go meanwhile.
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
