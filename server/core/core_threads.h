#ifndef SIGNALBOX_SERVER_CORE_CORE_THREADS_H_
#define SIGNALBOX_SERVER_CORE_CORE_THREADS_H_

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/base/worker.h"
#include "server/core/core.h"

namespace signalbox {

// CoreThreads runs the parts of a Core, each on a thread of its own, except the
// questions: their thread is recovery's.
class CoreThreads {
 public:
  // Begins at once. Both are borrowed.
  CoreThreads(Core* core, Clock* clock);

  // No more posts begin, and those in flight get `patience` to end. Then ends
  // the threads. The intake must be closed and have answered everything. The
  // destructor ends the threads without patience.
  void Stop(absl::Duration patience);

 private:
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
