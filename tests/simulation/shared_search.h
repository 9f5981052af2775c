#ifndef SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_
#define SIGNALBOX_TESTS_SIMULATION_SHARED_SEARCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace signalbox {

// A depth-first search of a graph of states, by several processes that share
// the work. The explorer uses it. A process is in one state at a time: it takes
// a step, searches there, and returns to the state before (see MemorySnapshot).
//
// All processes share the set of visited states and the counts. This object
// itself is not shared: each process has its copy. It must live where no
// snapshot restores it, such as on the stack.
class SharedSearch {
 public:
  // At most `jobs` processes search at a time; without snapshots, only one. The
  // search visits at most `most_states`, of which each takes 16 bytes of
  // memory.
  SharedSearch(int jobs, int64_t most_states);
  ~SharedSearch();

  SharedSearch(const SharedSearch&) = delete;
  SharedSearch& operator=(const SharedSearch&) = delete;

  // A number that no other process of the search has. When a process gives work
  // to a new one, both get new numbers.
  int64_t process_number() const { return process_number_; }

  // Runs `search` in a child process, which may crash. Waits until this process
  // and all with which it shares work have ended.
  void Run(const std::function<void()>& search);

  // A state whose branches (the steps from it) the process searches one after
  // the other. The searching function has one on its stack for each state on
  // its path.
  class Level {
   public:
    explicit Level(SharedSearch* search);
    ~Level();

    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

    // Call it before each branch; `is_last`: there are no more. True: search
    // the branch. False: return from this state, because another process
    // searches the rest, or the search is over.
    //
    // If fewer than `jobs` processes run, the call starts one. It takes over
    // all branches that remain at one level: of the levels with branches left,
    // the one nearest to the root. The new process is a copy of this one, so
    // its calls return false until it is back at that level.
    bool TakesBranch(bool is_last);

   private:
    friend class SharedSearch;

    SharedSearch* const search_;
    Level* const above_;
    bool has_more_ = false;
    bool is_anothers_ = false;
  };

  // Call it for each new state. False: do not search from it, because the state
  // was visited, or one of the `wider` states, which lead to all that this one
  // leads to. True: the state is new and counted.
  bool Enter(uint64_t fingerprint, const std::vector<uint64_t>& wider);

  // Counts a step to a state that is `depth` steps from the root.
  void CountTransition(int depth);
  // Counts a state from which no step leads on.
  void CountEnd();
  // Records a violation and ends the search in all processes. Later violations
  // are dropped.
  void Report(const std::string& violation);
  // Whether a violation has ended the search.
  bool IsOver() const;

  int64_t states() const;
  int64_t transitions() const;
  int64_t ends() const;
  int longest_path() const;
  // Whether states were left out because the search had visited `most_states`.
  bool is_full() const;
  std::string violation() const;  // Empty: none.

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
