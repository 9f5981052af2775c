#include "tests/simulation/shared_search.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/simulation/memory_snapshot.h"

namespace signalbox {
namespace {

constexpr size_t kMostText = 1 << 16;

void* Share(size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return memory;
}

}  // namespace

struct SharedSearch::Shared {
  std::atomic<int64_t> states{0};
  std::atomic<int64_t> transitions{0};
  std::atomic<int64_t> ends{0};
  std::atomic<int> longest_path{0};
  std::atomic<int> free_jobs{0};
  std::atomic<int64_t> process_numbers{0};
  std::atomic<bool> is_over{false};
  std::atomic<bool> is_full{false};
  int64_t most_states = 0;
  char violation[kMostText] = {};
};

SharedSearch::SharedSearch(int jobs, int64_t most_states)
    : shared_(new (Share(sizeof(Shared))) Shared()),
      slots_(static_cast<size_t>(most_states) * 2) {
  seen_ = static_cast<std::atomic<uint64_t>*>(
      Share(slots_ * sizeof(std::atomic<uint64_t>)));
  shared_->free_jobs = MemorySnapshot::kIsPossible ? jobs - 1 : 0;
  shared_->most_states = most_states;
}

SharedSearch::~SharedSearch() {
  munmap(seen_, slots_ * sizeof(std::atomic<uint64_t>));
  munmap(shared_, sizeof(Shared));
}

void SharedSearch::Run(const std::function<void()>& search) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    search();
    Leave();
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) Report("a process of the search died");
}

// Ends this process after those that it shared work with.
void SharedSearch::Leave() {
  ++shared_->free_jobs;
  for (;;) {
    int status = 0;
    if (wait(&status) < 0 && errno == ECHILD) _exit(0);
    if (status != 0) Report("a process of the search died");
  }
}

void SharedSearch::GiveWork() {
  // `lowest_` has not begun its branch; this process takes it.
  Level* given = nullptr;
  for (Level* level = lowest_->above_; level != nullptr;
       level = level->above_) {
    if (level->has_more_ && !level->is_anothers_) given = level;
  }
  if (given == nullptr) return;
  int free_jobs = shared_->free_jobs;
  do {
    if (free_jobs <= 0) return;
  } while (!shared_->free_jobs.compare_exchange_weak(free_jobs, free_jobs - 1));
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  process_number_ = ++shared_->process_numbers;
  if (pid > 0) {
    given->is_anothers_ = true;
    return;
  }
  for (Level* level = given->above_; level != nullptr; level = level->above_) {
    level->is_anothers_ = true;
  }
  destination_ = given;
}

SharedSearch::Level::Level(SharedSearch* search)
    : search_(search), above_(search->lowest_) {
  search_->lowest_ = this;
}

SharedSearch::Level::~Level() { search_->lowest_ = above_; }

bool SharedSearch::Level::TakesBranch(bool is_last) {
  if (search_->IsOver()) return false;
  if (search_->destination_ == this) search_->destination_ = nullptr;
  if (is_anothers_ || search_->destination_ != nullptr) return false;
  has_more_ = !is_last;
  if (search_->shared_->free_jobs > 0) search_->GiveWork();
  return search_->destination_ == nullptr;
}

bool SharedSearch::IsSeen(uint64_t fingerprint) const {
  fingerprint |= 1;
  for (size_t i = fingerprint % slots_;; i = (i + 1) % slots_) {
    const uint64_t held = seen_[i];
    if (held == fingerprint) return true;
    if (held == 0) return false;
  }
}

bool SharedSearch::Enter(uint64_t fingerprint,
                         const std::vector<uint64_t>& wider) {
  for (const uint64_t other : wider) {
    if (IsSeen(other)) return false;
  }
  fingerprint |= 1;  // 0 is a free slot.
  for (size_t i = fingerprint % slots_;; i = (i + 1) % slots_) {
    uint64_t held = 0;
    if (seen_[i].compare_exchange_strong(held, fingerprint)) break;
    if (held == fingerprint) return false;
  }
  if (++shared_->states >= shared_->most_states) {
    shared_->is_full = true;
    shared_->is_over = true;
  }
  return true;
}

void SharedSearch::CountTransition(int depth) {
  ++shared_->transitions;
  int longest = shared_->longest_path;
  while (depth > longest &&
         !shared_->longest_path.compare_exchange_weak(longest, depth)) {
  }
}

void SharedSearch::CountEnd() { ++shared_->ends; }

void SharedSearch::Report(const std::string& violation) {
  if (shared_->is_over.exchange(true)) return;
  const size_t size = std::min(violation.size(), kMostText - 1);
  std::memcpy(shared_->violation, violation.data(), size);
}

bool SharedSearch::IsOver() const { return shared_->is_over; }
int64_t SharedSearch::states() const { return shared_->states; }
int64_t SharedSearch::transitions() const { return shared_->transitions; }
int64_t SharedSearch::ends() const { return shared_->ends; }
int SharedSearch::longest_path() const { return shared_->longest_path; }
bool SharedSearch::is_full() const { return shared_->is_full; }
std::string SharedSearch::violation() const { return shared_->violation; }

}  // namespace signalbox
