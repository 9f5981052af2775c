#include "server/base/batch_scheduling.h"

#include <thread>

#include "gtest/gtest.h"

namespace signalbox {
namespace {

int PolicyOfNewThread() {
  int policy = -1;
  std::thread([&policy] {
    sched_param parameters;
    pthread_getschedparam(pthread_self(), &policy, &parameters);
  }).join();
  return policy;
}

TEST(BatchSchedulingTest, HoldsForThreadsBegunMeanwhile) {
  const int before = PolicyOfNewThread();
  if (before != SCHED_OTHER) GTEST_SKIP() << "policy " << before << " already";
  {
    const BatchScheduling scheduling;
    EXPECT_EQ(PolicyOfNewThread(), SCHED_BATCH);
  }
  EXPECT_EQ(PolicyOfNewThread(), SCHED_OTHER);
}

}  // namespace
}  // namespace signalbox
