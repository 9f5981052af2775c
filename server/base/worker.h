#ifndef SIGNALBOX_SERVER_BASE_WORKER_H_
#define SIGNALBOX_SERVER_BASE_WORKER_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace signalbox {

// Worker owns the one thread that calls a RunOnce function, and is the only
// class that sleeps.
//
// `run_once` does all that can be done now and returns when it wants to be
// called again (absl::InfiniteFuture(): only after Wake). It is called once
// soon after construction, never by two threads at once, and must not throw.
// When the wall clock jumps it may be called early, and never late by more than
// some seconds.
//
// Thread-safe. Wake may be called by `run_once` itself.
class Worker {
 public:
  // `clock` is borrowed. `name` is what `top -H` and debuggers show; at most
  // 15 characters count.
  Worker(absl::string_view name, Clock* clock,
         std::function<absl::Time()> run_once);

  // Stops.
  ~Worker();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Makes a call of `run_once` begin after this, soon. Cheap when one is
  // already asked for.
  void Wake();

  // Lets a call under way end, then ends the thread. No call begins after it
  // returns. Call it again, or not at all, freely.
  void Stop();

 private:
  void Loop();

  Clock* const clock_;
  const std::string name_;
  const std::function<absl::Time()> run_once_;

  Mutex join_mu_;  // Held by whoever joins the thread.

  Mutex mu_;
  CondVar woken_;
  bool wake_ ABSL_GUARDED_BY(mu_) = true;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_WORKER_H_
