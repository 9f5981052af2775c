#ifndef SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_
#define SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_

#include <cstdint>

namespace signalbox {

// How often this process has called fsync or fdatasync. In a program that links
// it, functions that count replace these two of the C library.
int64_t SyncCount();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_SYNC_COUNT_H_
