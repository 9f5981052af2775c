#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

// The sanitizers come with heaps of their own.
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

// The heap of a program that links this: malloc and its kin, operator new
// included, take everything from one range of addresses, and all they know
// themselves is in globals and in that range. So whoever copies the globals and
// the range has the heap.
//
// One thread only: an allocation beside a second one ends the program. Blocks
// are of classes of sizes, go back to their class, and are never joined.
//
// Visits the ranges, in the order of their addresses, that hold all there is
// to know of it, which is less than what was ever used: most of each free block
// is left out. `visit` does not allocate.
void ForEachUsed(absl::FunctionRef<void(MemoryRange)> visit);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_ARENA_H_
