#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_

#include "absl/functional/function_ref.h"
#include "tests/simulation/memory_arena.h"

namespace signalbox {

// The memory of the process at one moment: its heap (see ForEachUsed), the
// globals of the program and of every library, and the thread_locals of its one
// thread. It leaves out the stack, other mappings, and the kernel's part, such
// as open files.
//
// Snapshots are destroyed in reverse order, like stack frames, where they
// should live. An object in a frame that points to the heap must be made before
// the snapshot, or end before the heap is restored.
class MemorySnapshot {
 public:
  // Whether snapshots work here; otherwise Undone uses a child process.
  static constexpr bool kIsPossible = SIGNALBOX_MEMORY_ARENA;

  MemorySnapshot();
  ~MemorySnapshot();

  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  // Returns the result of `step`. Undoes what else it does to memory.
  int Undone(absl::FunctionRef<int()> step) const;

 private:
  char* const begin_;  // Of the copies.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
