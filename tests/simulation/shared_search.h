#ifndef SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
#define SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace signalbox {

// A depth-first search whose states are processes: to go on from a state
// twice, it forks. So the state may be anything that fork copies. The set of
// states that were seen, and the counts, are shared by all of them.
class SharedSearch {
 public:
  // `most_states` bounds the memory: 16 bytes each.
  SharedSearch(int jobs, int64_t most_states);
  ~SharedSearch();

  SharedSearch(const SharedSearch&) = delete;
  SharedSearch& operator=(const SharedSearch&) = delete;

  // Runs `branch` in a process of its own, which then ends; returns what it
  // returned, 0 to 100. If `waits` is false and a job is free, returns 0 at
  // once and lets it run beside.
  int Branch(const std::function<int()>& branch, bool waits);
  // Waits for the branches that run beside this process.
  void Join();

  // Whether nobody was here before; counts the state.
  bool Enter(uint64_t fingerprint);

  void CountTransition(int depth);
  void CountEnd();
  // Stops the search.
  void Report(const std::string& violation);
  bool IsOver() const;

  int64_t states() const;
  int64_t transitions() const;
  int64_t ends() const;
  int longest_path() const;
  bool is_full() const;
  std::string violation() const;

 private:
  struct Shared;

  Shared* shared_;
  std::atomic<uint64_t>* seen_;
  size_t slots_;
  int running_ = 0;  // Beside this process, its children.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
