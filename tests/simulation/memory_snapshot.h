#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_

#include "absl/functional/function_ref.h"
#include "tests/simulation/memory_arena.h"

namespace signalbox {

// The memory of this process at one moment, to which the explorer returns again
// and again. It holds the heap (see ForEachUsed), the globals of the program
// and of every library, and the thread_locals of the only thread. It does not
// hold the stack, other mappings, or what the kernel keeps, such as open files.
//
// Snapshots live on the stack and are destroyed in reverse order. An object on
// the stack that points to the heap must be made before the snapshot, or end
// before the heap is restored.
class MemorySnapshot {
 public:
  // False: snapshots do not work here (with sanitizers), and Undone runs its
  // step in a child process instead.
  static constexpr bool kIsPossible = SIGNALBOX_MEMORY_ARENA;

  MemorySnapshot();
  ~MemorySnapshot();

  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  // Runs `step` and returns its result, then restores the memory of the
  // snapshot.
  int Undone(absl::FunctionRef<int()> step) const;

 private:
  char* const begin_;  // Of the copies.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_SNAPSHOT_H_
