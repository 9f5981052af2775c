#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

// The sanitizers have their own heaps.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIGNALBOX_MEMORY_ARENA 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIGNALBOX_MEMORY_ARENA 0
#endif
#endif
#ifndef SIGNALBOX_MEMORY_ARENA
#define SIGNALBOX_MEMORY_ARENA 1
#endif

namespace signalbox {

// A stretch of memory.
struct MemoryRange {
  char* begin = nullptr;
  size_t size = 0;
};

// A program that links this file gets its heap: malloc and its kin and operator
// new take all memory from one range of addresses. Their own data lie in
// globals and in that range, so a copy of both is a copy of the heap (see
// MemorySnapshot). If SIGNALBOX_MEMORY_ARENA is 0, a sanitizer has its own
// heap, and this one is not there.
//
// The program must have one thread: a concurrent allocation ends it. The memory
// of a freed block is used only for blocks of about the same size.

// Calls `visit` with the ranges that hold the heap's contents, in the order of
// their addresses. Most of the memory of free blocks is left out. `visit` must
// not allocate.
void ForEachUsed(absl::FunctionRef<void(MemoryRange)> visit);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_
