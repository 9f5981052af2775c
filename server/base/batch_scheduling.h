#ifndef SIGNALBOX_SERVER_BASE_BATCH_SCHEDULING_H_
#define SIGNALBOX_SERVER_BASE_BATCH_SCHEDULING_H_

#include <pthread.h>
#include <sched.h>

namespace signalbox {

// BatchScheduling gives new threads the Linux scheduling policy SCHED_BATCH
// (see sched(7)). Such a thread does not interrupt a running thread when it
// wakes up, so a busy server switches between threads less often. Its share of
// the processors stays the same.
//
// It applies to the threads that the creating thread starts while the instance
// lives, and to those that they start. The creating thread itself has its
// former policy again afterwards. If the system does not allow SCHED_BATCH,
// nothing changes.
//
// Create and destroy an instance on the same thread.
class BatchScheduling {
 public:
  BatchScheduling() {
    if (pthread_getschedparam(pthread_self(), &policy_, &parameters_) != 0) {
      return;
    }
    const sched_param batch = {};
    has_changed_ =
        policy_ == SCHED_OTHER &&
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &batch) == 0;
  }

  ~BatchScheduling() {
    if (has_changed_) {
      pthread_setschedparam(pthread_self(), policy_, &parameters_);
    }
  }

  BatchScheduling(const BatchScheduling&) = delete;
  BatchScheduling& operator=(const BatchScheduling&) = delete;

 private:
  int policy_ = SCHED_OTHER;
  sched_param parameters_ = {};
  bool has_changed_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_BATCH_SCHEDULING_H_
