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

struct MemoryRange {
  char* begin = nullptr;
  size_t size = 0;
};

// The heap of a program that links this. malloc and its kin, with operator new,
// take everything from one range of addresses. Their own data are in globals
// and in that range, so a copy of both is a copy of the heap.
//
// One thread only: a concurrent allocation ends the program. Each block has a
// size class, returns to it when freed, and is never joined with others.
//
// Visits, in the order of their addresses, the ranges that hold the heap's
// contents. They leave out most of each free block. `visit` must not allocate.
void ForEachUsed(absl::FunctionRef<void(MemoryRange)> visit);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_
