#ifndef SIGNALBOX_SERVER_CORE_CORE_THREADS_H_
#define SIGNALBOX_SERVER_CORE_CORE_THREADS_H_

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/base/worker.h"
#include "server/core/core.h"

namespace signalbox {

// CoreThreads runs the parts of a Core in the server: intake, poster,
// housekeeper, credential upkeep and the metrics of posting, each on a thread
// of its own. Questions run on a thread of recovery.
//
// Not thread-safe.
class CoreThreads {
 public:
  // Starts the threads. Both pointers are borrowed.
  CoreThreads(Core* core, Clock* clock);

  // Ends the threads in good order. No more posts begin; those in flight get
  // `patience` to end. Close intake first, and wait until it has answered
  // everything. Without Stop the destructor ends the threads without patience.
  void Stop(absl::Duration patience);

 private:
  // Core::Post; wakes `no_post_in_flight_` when that is so.
  absl::Time Post();

  Core* const core_;
  Clock* const clock_;
  WakeUp no_post_in_flight_;
  Worker intake_;
  Worker poster_;
  Worker housekeeper_;
  Worker credentials_;
  Worker posting_metrics_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CORE_CORE_THREADS_H_
