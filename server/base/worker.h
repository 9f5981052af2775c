#ifndef SIGNALBOX_SERVER_BASE_WORKER_H_
#define SIGNALBOX_SERVER_BASE_WORKER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"

namespace signalbox {

// Worker owns a thread that calls the function `run_once` again and again. The
// parts of the server have such a function and no threads, so that tests and
// the simulation can call it instead. No other class sleeps.
//
// `run_once` does everything that can be done now, and returns the wall time at
// which to call it again; absl::InfiniteFuture() means after Wake only. It must
// not throw. Worker calls it on its own thread only, for the first time soon
// after construction. If somebody sets the wall clock, a call can come early,
// or some seconds late.
//
// Work that cannot be left and continued, such as a long statement of a
// database, calls Pause in its middle.
//
// Thread-safe. `run_once` itself may call Wake.
class Worker {
 public:
  // `clock` is borrowed. `top -H` and debuggers show the first 15 characters of
  // `name`.
  Worker(absl::string_view name, Clock* clock,
         std::function<absl::Time()> run_once);
  // The same for a part that other parts wake by `wake_up`: its Wake has the
  // effect of Worker::Wake. Borrowed; no other Worker may use it.
  Worker(absl::string_view name, Clock* clock, WakeUp* wake_up,
         std::function<absl::Time()> run_once);

  // The same, and `run_once` may call Pause of its Worker.
  Worker(absl::string_view name, Clock* clock,
         std::function<absl::Time(Worker*)> run_once);

  // Calls Stop.
  ~Worker() { Stop(); }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Makes a new call of `run_once` begin soon: at once, or after the call under
  // way. Cheap if one is requested already.
  void Wake() { wake_up_->Wake(); }

  // For `run_once` alone: sleeps. False, and at once: Stop was called.
  bool Pause(absl::Duration time);

  // Waits for the call under way, then ends the thread. No call begins after it
  // returns. May be called several times.
  void Stop();

 private:
  void Loop();

  Clock* const clock_;
  const std::string name_;
  const std::function<absl::Time()> run_once_;

  WakeUp own_wake_up_;
  WakeUp* const wake_up_;
  std::atomic<bool> stop_ = false;

  Mutex join_mu_;  // Held while a thread joins `thread_`.
  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_WORKER_H_
