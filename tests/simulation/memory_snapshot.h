#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_

#include "absl/functional/function_ref.h"
#include "tests/simulation/memory_arena.h"

namespace signalbox {

// What the process holds in memory at one moment: its heap (see ForEachUsed),
// the globals of the program and of every library, and the thread_locals of the
// one thread. Not the stack, nor what is mapped otherwise, nor the kernel's
// part, such as open files.
//
// They come and go like frames of the stack, where they are to be: the newest
// first. What lives in a frame and points to the heap must be made before the
// snapshot, or end before the heap is put back.
class MemorySnapshot {
 public:
  // Whether there are any; else a process of its own does what is undone.
  static constexpr bool kIsPossible = SIGNALBOX_MEMORY_ARENA;

  MemorySnapshot();
  ~MemorySnapshot();

  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  // What `step` returns. Nothing else of what it does to memory is left.
  int Undone(absl::FunctionRef<int()> step) const;

 private:
  char* const begin_;  // Of the copies.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
