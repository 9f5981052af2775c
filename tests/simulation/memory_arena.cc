#include "tests/simulation/memory_arena.h"

#if SIGNALBOX_MEMORY_ARENA

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace signalbox {
namespace {

// Only touched pages take memory.
constexpr size_t kArena = size_t{1} << 36;
constexpr size_t kAlignment = 16;
// Up to here one class for each multiple of the alignment, above it four for
// each doubling.
constexpr size_t kSmall = 1024;
constexpr size_t kSmallClasses = kSmall / kAlignment + 1;
constexpr size_t kClasses = kSmallClasses + 4 * 30;
constexpr size_t kPage = 4096;
constexpr size_t kWorthLeavingOut = 256;

// Stands before each block.
struct Header {
  uint32_t size_class : 31;
  uint32_t is_free : 1;
  uint32_t shift;  // How far alignment has moved block and header.
  size_t size;     // From here to the end of the block.
};
static_assert(sizeof(Header) == kAlignment);

struct Free {
  Free* next;
};

// Used before any constructor has run.
constinit char* arena = nullptr;
constinit char* unused = nullptr;
constinit Free* free_blocks[kClasses] = {};

[[noreturn]] void Die(const char* why) {
  // No function that allocates may be called.
  (void)!write(STDERR_FILENO, why, std::strlen(why));
  abort();
}

size_t ClassOf(size_t size) {
  if (size <= kSmall) return (size + kAlignment - 1) / kAlignment;
  const int log = std::bit_width(size - 1) - 1;
  const size_t quarter = (size - 1) >> (log - 2);  // 4 to 7.
  return kSmallClasses + 4 * (log - 10) + quarter - 4;
}

size_t SizeOf(size_t size_class) {
  if (size_class < kSmallClasses) return size_class * kAlignment;
  const size_t large = size_class - kSmallClasses;
  return (large % 4 + 5) << (large / 4 + 8);
}

Header* HeaderOf(void* block) { return static_cast<Header*>(block) - 1; }

void* Allocate(size_t size) {
  if (!__libc_single_threaded) Die("memory_arena: there is a second thread\n");
  if (arena == nullptr) {
    void* const memory =
        mmap(nullptr, kArena, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) Die("memory_arena: no addresses\n");
    arena = unused = static_cast<char*>(memory);
  }
  if (size > kArena / 8) {
    errno = ENOMEM;
    return nullptr;
  }
  const size_t size_class =
      ClassOf(std::max(size, sizeof(Free)) + sizeof(Header));
  if (Free* const block = free_blocks[size_class]; block != nullptr) {
    free_blocks[size_class] = block->next;
    HeaderOf(block)->is_free = 0;
    return block;
  }
  const size_t whole = SizeOf(size_class);
  if (whole > static_cast<size_t>(arena + kArena - unused)) {
    errno = ENOMEM;
    return nullptr;
  }
  auto* const header = reinterpret_cast<Header*>(unused);
  unused += whole;
  *header = {static_cast<uint32_t>(size_class), 0, 0, whole};
  return header + 1;
}

void Release(void* block) {
  if (block == nullptr) return;
  Header* header = HeaderOf(block);
  header = reinterpret_cast<Header*>(reinterpret_cast<char*>(header) -
                                     header->shift);
  header->is_free = 1;
  auto* const free = reinterpret_cast<Free*>(header + 1);
  free->next = free_blocks[header->size_class];
  free_blocks[header->size_class] = free;
}

size_t Usable(void* block) { return HeaderOf(block)->size - sizeof(Header); }

void* AllocateAligned(size_t alignment, size_t size) {
  if (alignment <= kAlignment) return Allocate(size);
  if (size > kArena) size = kArena;
  char* const block = static_cast<char*>(Allocate(size + alignment));
  if (block == nullptr) return nullptr;
  const size_t shift = -reinterpret_cast<uintptr_t>(block) % alignment;
  const Header header = *HeaderOf(block);
  *HeaderOf(block + shift) = {
      header.size_class, 0, static_cast<uint32_t>(shift), header.size - shift};
  return block + shift;
}

void* AllocateZeroes(size_t count, size_t size) {
  size_t all = 0;
  if (__builtin_mul_overflow(count, size, &all)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* const block = Allocate(all);
  if (block != nullptr) std::memset(block, 0, all);
  return block;
}

void* Reallocate(void* block, size_t size) {
  if (block == nullptr) return Allocate(size);
  const size_t usable = Usable(block);
  if (size <= usable && size >= usable / 2) return block;
  void* const moved = Allocate(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(size, usable));
  Release(block);
  return moved;
}

}  // namespace

void ForEachUsed(absl::FunctionRef<void(MemoryRange)> visit) {
  char* begin = arena;
  for (char* at = arena; at < unused;) {
    const auto* const header = reinterpret_cast<const Header*>(at);
    if (header->is_free && header->size >= kWorthLeavingOut) {
      char* const end = at + sizeof(Header) + sizeof(Free);
      visit({begin, static_cast<size_t>(end - begin)});
      begin = at + header->size;
    }
    at += header->size;
  }
  if (begin < unused) visit({begin, static_cast<size_t>(unused - begin)});
}

}  // namespace signalbox

extern "C" {

void* malloc(size_t size) noexcept { return signalbox::Allocate(size); }
void free(void* block) noexcept { signalbox::Release(block); }
void* calloc(size_t count, size_t size) noexcept {
  return signalbox::AllocateZeroes(count, size);
}
void* realloc(void* block, size_t size) noexcept {
  return signalbox::Reallocate(block, size);
}
void* memalign(size_t alignment, size_t size) noexcept {
  return signalbox::AllocateAligned(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return signalbox::AllocateAligned(alignment, size);
}
int posix_memalign(void** block, size_t alignment, size_t size) noexcept {
  *block = signalbox::AllocateAligned(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
void* valloc(size_t size) noexcept {
  return signalbox::AllocateAligned(signalbox::kPage, size);
}
void* pvalloc(size_t size) noexcept {
  const size_t pages = (size + signalbox::kPage - 1) / signalbox::kPage;
  return signalbox::AllocateAligned(signalbox::kPage, pages * signalbox::kPage);
}
size_t malloc_usable_size(void* block) noexcept {
  return block == nullptr ? 0 : signalbox::Usable(block);
}

}  // extern "C"

#else

namespace signalbox {

void ForEachUsed(absl::FunctionRef<void(MemoryRange)>) {}

}  // namespace signalbox

#endif
