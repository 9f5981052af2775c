#ifndef SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
#define SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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

  // Runs `branch` in a process of its own, which then ends; beside this one if
  // a job is free. Returns what the branch tells as soon as it can; 0 if it
  // ends without telling.
  using Tell = std::function<void(int)>;
  int Branch(const std::function<void(const Tell&)>& branch);
  // Waits for the branches that run beside this process.
  void Join();

  // Whether nobody was here before, nor in one of the states from which all
  // of this can be reached, too; counts the state.
  bool Enter(uint64_t fingerprint, const std::vector<uint64_t>& wider);

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

  bool IsSeen(uint64_t fingerprint) const;

  Shared* shared_;
  std::atomic<uint64_t>* seen_;
  size_t slots_;
  int running_ = 0;  // Beside this process, its children.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
