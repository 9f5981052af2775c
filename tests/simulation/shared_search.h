#ifndef SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
#define SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace signalbox {

// A depth-first search of states. A process is in one state at a time, leaves
// it and returns to it (see MemorySnapshot). All processes share the set of
// visited states and the counts. They do not share this object. It must live
// where no snapshot restores it, such as on the stack.
class SharedSearch {
 public:
  // `most_states` bounds the memory: 16 bytes each. `jobs` is the most
  // processes; without snapshots there is only one.
  SharedSearch(int jobs, int64_t most_states);
  ~SharedSearch();

  SharedSearch(const SharedSearch&) = delete;
  SharedSearch& operator=(const SharedSearch&) = delete;

  // A number of this process. It changes when the process gives work away, so
  // that both processes have new, unique numbers.
  int64_t process_number() const { return process_number_; }

  // Runs `search` in a child process, so that it may die. Waits for it and for
  // all processes that it shares work with.
  void Run(const std::function<void()>& search);

  // A state whose branches are searched one after the other. It lives in a
  // frame of the searching function.
  class Level {
   public:
    explicit Level(SharedSearch* search);
    ~Level();

    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

    // Call this before each branch. False: this process does not take the
    // branch, nor any later one.
    //
    // If a job is free, a new process takes over all remaining branches at the
    // level nearest to the root that has any. It is a copy of this process, and
    // returns from everything below that level.
    bool TakesBranch(bool is_last);

   private:
    friend class SharedSearch;

    SharedSearch* const search_;
    Level* const above_;
    bool has_more_ = false;
    bool is_anothers_ = false;
  };

  // False if the state was visited, or one of the `wider` ones, from which
  // everything here can be reached. Otherwise counts the state.
  bool Enter(uint64_t fingerprint, const std::vector<uint64_t>& wider);

  void CountTransition(int depth);
  void CountEnd();
  // Records the violation and stops the search.
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
  void Leave();
  void GiveWork();

  Shared* shared_;
  std::atomic<uint64_t>* seen_;
  size_t slots_;
  int64_t process_number_ = 0;
  Level* lowest_ = nullptr;
  // The level to which this new process returns before it searches.
  Level* destination_ = nullptr;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
