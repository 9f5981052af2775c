#ifndef SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
#define SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace signalbox {

// A depth-first search of states that one process at a time is in, and that it
// leaves and returns to (see MemorySnapshot). The set of states that were seen,
// and the counts, are shared by all of the processes; this object is not, and
// must be where no snapshot brings it back, as a frame of the stack.
class SharedSearch {
 public:
  // `most_states` bounds the memory: 16 bytes each. `jobs` is how many
  // processes there are at most; one where snapshots are not possible.
  SharedSearch(int jobs, int64_t most_states);
  ~SharedSearch();

  SharedSearch(const SharedSearch&) = delete;
  SharedSearch& operator=(const SharedSearch&) = delete;

  // A number that this process has had alone since it last gave work away, and
  // that no other one gets: two that were one share what was open then.
  int64_t process_number() const { return process_number_; }

  // Lets `search` run in a process of its own, so that it may die, and waits
  // for it and for all that it shares its work with.
  void Run(const std::function<void()>& search);

  // A state whose branches are gone through, one after the other: a frame of
  // the function that does.
  class Level {
   public:
    explicit Level(SharedSearch* search);
    ~Level();

    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

    // To be asked before each branch: whether this process takes it. If not, it
    // takes no later one either.
    //
    // If a job is free, a new process takes over all that is left to do at the
    // level nearest to the root where there is any. It is a copy of this one,
    // and returns from everything below that level.
    bool TakesBranch(bool is_last);

   private:
    friend class SharedSearch;

    SharedSearch* const search_;
    Level* const above_;
    bool has_more_ = false;
    bool is_anothers_ = false;
  };

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
  void Leave();
  void GiveWork();

  Shared* shared_;
  std::atomic<uint64_t>* seen_;
  size_t slots_;
  int64_t process_number_ = 0;
  Level* lowest_ = nullptr;
  // The level that this process, which is new, is on its way to.
  Level* destination_ = nullptr;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
