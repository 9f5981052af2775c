#include "tests/simulation/memory_snapshot.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace signalbox {

#if SIGNALBOX_MEMORY_ARENA

namespace {

// Only touched pages take memory.
constexpr size_t kStorage = size_t{1} << 38;
constexpr int kMostRanges = 512;
constexpr uintptr_t kSnapshotPage = 4096;

// These are globals, so they are restored, too: `storage_end` is then that of
// the newest snapshot again.
MemoryRange ranges[kMostRanges];  // Without the heap, whose end changes.
int range_count = 0;
char* storage_end = nullptr;

void AddRange(uintptr_t begin, uintptr_t end) {
  if (begin >= end) return;
  if (range_count == kMostRanges) std::abort();
  ranges[range_count++] = {reinterpret_cast<char*>(begin), end - begin};
}

// Adds the writable parts of a program or library. RELRO is written only before
// the start; the loader then protects whole pages of it.
int AddModule(dl_phdr_info* module, size_t, void*) {
  uintptr_t protected_begin = 0;
  uintptr_t protected_end = 0;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = module->dlpi_phdr[i];
    if (part.p_type != PT_GNU_RELRO) continue;
    protected_begin = (module->dlpi_addr + part.p_vaddr) & ~(kSnapshotPage - 1);
    protected_end = (module->dlpi_addr + part.p_vaddr + part.p_memsz) &
                    ~(kSnapshotPage - 1);
  }
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = module->dlpi_phdr[i];
    const uintptr_t begin = module->dlpi_addr + part.p_vaddr;
    const uintptr_t end = begin + part.p_memsz;
    if (part.p_type == PT_LOAD && (part.p_flags & PF_W) != 0) {
      const bool overlaps = protected_begin < end && begin < protected_end;
      AddRange(begin, overlaps ? std::min(end, protected_begin) : end);
      if (overlaps) AddRange(std::max(begin, protected_end), end);
    }
    if (part.p_type == PT_TLS && module->dlpi_tls_data != nullptr) {
      const auto data = reinterpret_cast<uintptr_t>(module->dlpi_tls_data);
      AddRange(data, data + part.p_memsz);
    }
  }
  return 0;
}

void Prepare() {
  if (storage_end != nullptr) return;
  void* const memory = mmap(nullptr, kStorage, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  storage_end = static_cast<char*>(memory);
  dl_iterate_phdr(AddModule, nullptr);
}

}  // namespace

// Each copy follows its range; an empty range marks the end.
MemorySnapshot::MemorySnapshot() : begin_((Prepare(), storage_end)) {
  char* to = begin_;
  const auto save = [&to](MemoryRange range) {
    std::memcpy(to, &range, sizeof(range));
    to += sizeof(range);
    std::memcpy(to, range.begin, range.size);
    to += range.size;
  };
  ForEachUsed(save);
  storage_end = to + sizeof(MemoryRange);
  for (int i = 0; i < range_count; ++i) {
    storage_end += sizeof(MemoryRange) + ranges[i].size;
  }
  for (int i = 0; i < range_count; ++i) save(ranges[i]);
  save({});
}

MemorySnapshot::~MemorySnapshot() { storage_end = begin_; }

int MemorySnapshot::Undone(absl::FunctionRef<int()> step) const {
  const int result = step();
  const char* from = begin_;
  for (;;) {
    MemoryRange range;
    std::memcpy(&range, from, sizeof(range));
    if (range.size == 0) return result;
    from += sizeof(range);
    std::memcpy(range.begin, from, range.size);
    from += range.size;
  }
}

#else

MemorySnapshot::MemorySnapshot() : begin_(nullptr) {}
MemorySnapshot::~MemorySnapshot() { (void)begin_; }

int MemorySnapshot::Undone(absl::FunctionRef<int()> step) const {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    close(ends[0]);
    const int result = step();
    _exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
  }
  close(ends[1]);
  int result = 0;
  const bool told = read(ends[0], &result, sizeof(result)) == sizeof(result);
  close(ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  // Without a result, the findings of `step` are lost.
  if (!told || status != 0) std::abort();
  return result;
}

#endif

}  // namespace signalbox
