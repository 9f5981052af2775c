#ifndef SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_
#define SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_

#include <cstdint>

namespace signalbox {

// How often this process has called fsync or fdatasync. Its definition replaces
// those of the C library.
int64_t SyncCount();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_
