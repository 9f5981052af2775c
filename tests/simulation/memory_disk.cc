#include "tests/simulation/memory_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

constexpr int64_t kTorn = 512;
constexpr int kPathLength = 512;
// The Julian day number of 1970, in milliseconds.
constexpr int64_t kUnixEpochInJulianMs = 210866760000000;

// In steps: doubling would take too much where memory is copied.
constexpr int64_t kGrowth = 65536;

void Grow(std::string* data, int64_t size) {
  if (static_cast<int64_t>(data->size()) >= size) return;
  if (static_cast<int64_t>(data->capacity()) < size) {
    data->reserve((size + kGrowth - 1) / kGrowth * kGrowth);
  }
  data->resize(size);
}

void WriteAt(std::string* data, int64_t offset, absl::string_view bytes) {
  Grow(data, offset + static_cast<int64_t>(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), data->begin() + offset);
}

}  // namespace

struct MemoryDisk::File {
  // A write, or (without bytes) a truncation to `offset`.
  struct Operation {
    int64_t offset = 0;
    std::string bytes;
  };

  // What a process reads, and what surely survives a power cut.
  std::string data;
  std::string durable;
  std::vector<Operation> unsynced;
  bool exists_durably = false;

  // SQLite's locks on the file as a whole.
  int shared_locks = 0;
  const void* reserved = nullptr;
  const void* exclusive = nullptr;

  // The wal-index.
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, SQLITE_SHM_NLOCK> shm_shared = {};
  std::array<const void*, SQLITE_SHM_NLOCK> shm_exclusive = {};
  int shm_users = 0;

  void Apply(const Operation& operation, std::string* to) const {
    if (operation.bytes.empty()) {
      to->resize(operation.offset);
    } else {
      WriteAt(to, operation.offset, operation.bytes);
    }
  }

  void Sync() {
    for (const Operation& operation : unsynced) Apply(operation, &durable);
    unsynced.clear();
    exists_durably = true;
  }

  // Applies the part of an unsynced operation that reached the disk.
  void ApplyInPart(const Operation& operation, Random* random) {
    if (operation.bytes.empty()) {
      if (random->OneIn(2)) Apply(operation, &durable);
      return;
    }
    if (random->OneIn(3)) return;
    if (random->OneIn(2)) return Apply(operation, &durable);
    const int64_t size = static_cast<int64_t>(operation.bytes.size());
    for (int64_t begin = 0; begin < size; begin += kTorn) {
      if (random->OneIn(2)) continue;
      Apply({operation.offset + begin, operation.bytes.substr(begin, kTorn)},
            &durable);
    }
  }

  void LosePower(Random* random) {
    for (const Operation& operation : unsynced) ApplyInPart(operation, random);
    unsynced.clear();
    data = durable;
  }

  // Locks end with the process.
  void ReleaseAll() {
    shared_locks = 0;
    reserved = nullptr;
    exclusive = nullptr;
    regions.clear();
    shm_shared = {};
    shm_exclusive = {};
    shm_users = 0;
  }
};

// SQLite's view of an open file.
struct MemoryDisk::Handle {
  sqlite3_file base;
  MemoryDisk* disk;
  std::shared_ptr<File> file;
  int64_t generation;
  int lock;
  bool uses_shm;
  std::array<bool, SQLITE_SHM_NLOCK> holds_shared;
  bool delete_on_close;
  char name[64];

  bool IsDead() const { return generation != disk->generation_; }
};

struct MemoryDisk::Vfs {
  sqlite3_vfs base = {};

  static MemoryDisk* DiskOf(sqlite3_vfs* vfs) {
    return static_cast<MemoryDisk*>(vfs->pAppData);
  }
  static Handle* HandleOf(sqlite3_file* file) {
    return reinterpret_cast<Handle*>(file);
  }
  static std::string NameOf(const char* path) {
    const char* const slash = std::strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
  }

  static int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file,
                  int flags, int* out_flags);
  static int Delete(sqlite3_vfs* vfs, const char* path, int syncs_directory) {
    MemoryDisk* const disk = DiskOf(vfs);
    if (disk->stopped_) return SQLITE_IOERR_DELETE;
    const auto found = disk->files_.find(NameOf(path));
    if (found == disk->files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (found->second->exists_durably && disk->power_ == Power::kCanFail) {
      disk->deleted_[found->first] = std::move(found->second);
    }
    disk->files_.erase(found);
    if (syncs_directory != 0) disk->deleted_.clear();
    return SQLITE_OK;
  }
  static int Access(sqlite3_vfs* vfs, const char* path, int, int* result) {
    *result = DiskOf(vfs)->files_.contains(NameOf(path)) ? 1 : 0;
    return SQLITE_OK;
  }
  static int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }
  static int Randomness(sqlite3_vfs* vfs, int size, char* out) {
    for (int i = 0; i < size; ++i) {
      out[i] = static_cast<char>(DiskOf(vfs)->random_.Next());
    }
    return size;
  }
  static int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int CurrentTime(sqlite3_vfs* vfs, sqlite3_int64* time) {
    *time = kUnixEpochInJulianMs + absl::ToUnixMillis(DiskOf(vfs)->now_());
    return SQLITE_OK;
  }
  static int LastError(sqlite3_vfs*, int, char*) { return 0; }

  static int Close(sqlite3_file* file);
  static int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 from);
  static int Write(sqlite3_file* file, const void* bytes, int size,
                   sqlite3_int64 to);
  static int Truncate(sqlite3_file* file, sqlite3_int64 size);
  static int Sync(sqlite3_file* file, int flags);
  static int FileSize(sqlite3_file* file, sqlite3_int64* size);
  static int Lock(sqlite3_file* file, int lock);
  static int Unlock(sqlite3_file* file, int lock);
  static int CheckReservedLock(sqlite3_file* file, int* result);
  static int FileControl(sqlite3_file* file, int operation, void* argument);
  static int SectorSize(sqlite3_file*) { return 4096; }
  static int Characteristics(sqlite3_file*) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  }
  static int ShmMap(sqlite3_file* file, int region, int size, int extend,
                    void volatile** out);
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags);
  static void ShmBarrier(sqlite3_file*) {}
  static int ShmUnmap(sqlite3_file* file, int delete_it);

  static const sqlite3_io_methods* Methods() {
    static const sqlite3_io_methods methods = {2,
                                               Close,
                                               Read,
                                               Write,
                                               Truncate,
                                               Sync,
                                               FileSize,
                                               Lock,
                                               Unlock,
                                               CheckReservedLock,
                                               FileControl,
                                               SectorSize,
                                               Characteristics,
                                               ShmMap,
                                               ShmLock,
                                               ShmBarrier,
                                               ShmUnmap,
                                               nullptr,
                                               nullptr};
    return &methods;
  }
};

int MemoryDisk::Vfs::Open(sqlite3_vfs* vfs, const char* path,
                          sqlite3_file* file, int flags, int* out_flags) {
  MemoryDisk* const disk = DiskOf(vfs);
  file->pMethods = nullptr;
  if (disk->stopped_) return SQLITE_CANTOPEN;
  std::shared_ptr<File> opened;
  if (path == nullptr) {
    opened = std::make_shared<File>();
  } else {
    const std::string name = NameOf(path);
    const auto found = disk->files_.find(name);
    if (found != disk->files_.end()) {
      opened = found->second;
    } else if ((flags & SQLITE_OPEN_CREATE) != 0) {
      opened = disk->files_[name] = std::make_shared<File>();
    } else {
      return SQLITE_CANTOPEN;
    }
  }
  auto* const handle = new (file) Handle();
  handle->disk = disk;
  handle->file = std::move(opened);
  handle->generation = disk->generation_;
  handle->lock = SQLITE_LOCK_NONE;
  handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  if (path != nullptr) {
    sqlite3_snprintf(sizeof handle->name, handle->name, "%s",
                     NameOf(path).c_str());
  }
  handle->base.pMethods = Methods();
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int MemoryDisk::Vfs::Close(sqlite3_file* file) {
  Handle* const handle = HandleOf(file);
  if (!handle->IsDead()) {
    Unlock(file, SQLITE_LOCK_NONE);
    if (handle->uses_shm) ShmUnmap(file, 0);
    if (handle->delete_on_close) handle->disk->files_.erase(handle->name);
  }
  handle->~Handle();
  return SQLITE_OK;
}

int MemoryDisk::Vfs::Read(sqlite3_file* file, void* out, int size,
                          sqlite3_int64 from) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_READ;
  const std::string& data = handle->file->data;
  const auto end = static_cast<int64_t>(data.size());
  const int64_t there = std::clamp<int64_t>(end - from, 0, size);
  std::memcpy(out, data.data() + std::min<int64_t>(from, end), there);
  if (there == size) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, size - there);
  return SQLITE_IOERR_SHORT_READ;
}

int MemoryDisk::Meet(bool is_sync, bool* half) {
  *half = false;
  if (stopped_) return SQLITE_IOERR;
  ++operations_;
  syncs_ += is_sync;
  if (countdown_ < 0) return SQLITE_OK;
  if (fault_ == Fault::kKillAtSync && !is_sync) return SQLITE_OK;
  if (countdown_ > 0) {
    --countdown_;
    return SQLITE_OK;
  }
  const bool wants_sync = fault_ == Fault::kSyncError;
  const bool wants_write =
      fault_ == Fault::kFull || fault_ == Fault::kWriteError;
  if ((wants_sync && !is_sync) || (wants_write && is_sync)) return SQLITE_OK;
  countdown_ = -1;
  ++faults_;
  switch (fault_) {
    case Fault::kFull:
      return SQLITE_FULL;
    case Fault::kWriteError:
      *half = true;
      return SQLITE_IOERR_WRITE;
    case Fault::kSyncError:
      return SQLITE_IOERR_FSYNC;
    case Fault::kKill:
    case Fault::kKillAtSync:
    case Fault::kPowerCut:
      *half = true;
      return SQLITE_IOERR;
  }
  return SQLITE_IOERR;
}

int MemoryDisk::Vfs::Write(sqlite3_file* file, const void* bytes, int size,
                           sqlite3_int64 to) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_WRITE;
  MemoryDisk* const disk = handle->disk;
  File* const target = handle->file.get();
  if (disk->full_ && to + size > static_cast<int64_t>(target->data.size())) {
    return SQLITE_FULL;
  }
  bool half = false;
  const int code = disk->Meet(/*is_sync=*/false, &half);
  if (code == SQLITE_OK || half) {
    int64_t written = size;
    if (half) written = disk->random_.Below(size / kTorn + 1) * kTorn;
    if (written > 0) {
      const absl::string_view there(static_cast<const char*>(bytes),
                                    std::min<int64_t>(written, size));
      WriteAt(&target->data, to, there);
      if (disk->power_ == Power::kCanFail) {
        target->unsynced.push_back({to, std::string(there)});
      }
    }
  }
  if (code == SQLITE_IOERR) {
    disk->Stop(disk->fault_ == Fault::kPowerCut);
    return SQLITE_IOERR_WRITE;
  }
  return code;
}

int MemoryDisk::Vfs::Truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_TRUNCATE;
  File* const target = handle->file.get();
  target->data.resize(size);
  if (handle->disk->power_ == Power::kCanFail) {
    target->unsynced.push_back({size, ""});
  }
  return SQLITE_OK;
}

int MemoryDisk::Vfs::Sync(sqlite3_file* file, int) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_FSYNC;
  MemoryDisk* const disk = handle->disk;
  bool half = false;
  const int code = disk->Meet(/*is_sync=*/true, &half);
  File* const target = handle->file.get();
  // SQLite syncs the directory with the first sync of a file.
  const auto sync = [&] {
    if (!target->exists_durably) disk->deleted_.clear();
    target->Sync();
  };
  if (code == SQLITE_OK) {
    if (disk->syncing_) disk->syncing_();
    sync();
    return SQLITE_OK;
  }
  if (code == SQLITE_IOERR) {
    // The machine may stop before or after the sync.
    if (disk->random_.OneIn(2)) sync();
    disk->Stop(disk->fault_ == Fault::kPowerCut);
    return SQLITE_IOERR_FSYNC;
  }
  for (const File::Operation& operation : target->unsynced) {
    target->ApplyInPart(operation, &disk->random_);
  }
  target->unsynced.clear();
  return code;
}

int MemoryDisk::Vfs::FileSize(sqlite3_file* file, sqlite3_int64* size) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(handle->file->data.size());
  return SQLITE_OK;
}

int MemoryDisk::Vfs::Lock(sqlite3_file* file, int lock) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_LOCK;
  if (lock <= handle->lock) return SQLITE_OK;
  File* const target = handle->file.get();
  const bool others_exclusive =
      target->exclusive != nullptr && target->exclusive != handle;
  const bool others_reserved =
      target->reserved != nullptr && target->reserved != handle;
  if (others_exclusive) return SQLITE_BUSY;
  if (lock == SQLITE_LOCK_SHARED) {
    ++target->shared_locks;
  } else if (lock == SQLITE_LOCK_RESERVED) {
    if (others_reserved) return SQLITE_BUSY;
    target->reserved = handle;
  } else {
    if (others_reserved || target->shared_locks > 1) return SQLITE_BUSY;
    target->exclusive = handle;
  }
  handle->lock = lock;
  return SQLITE_OK;
}

int MemoryDisk::Vfs::Unlock(sqlite3_file* file, int lock) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead() || lock >= handle->lock) return SQLITE_OK;
  File* const target = handle->file.get();
  if (target->exclusive == handle) target->exclusive = nullptr;
  if (target->reserved == handle) target->reserved = nullptr;
  if (lock == SQLITE_LOCK_NONE && handle->lock >= SQLITE_LOCK_SHARED) {
    --target->shared_locks;
  }
  handle->lock = lock;
  return SQLITE_OK;
}

int MemoryDisk::Vfs::CheckReservedLock(sqlite3_file* file, int* result) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  *result = handle->file->reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int MemoryDisk::Vfs::FileControl(sqlite3_file*, int operation, void* argument) {
  if (operation != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
  *static_cast<int*>(argument) = 0;
  return SQLITE_OK;
}

int MemoryDisk::Vfs::ShmMap(sqlite3_file* file, int region, int size,
                            int extend, void volatile** out) {
  Handle* const handle = HandleOf(file);
  *out = nullptr;
  if (handle->IsDead()) return SQLITE_IOERR_SHMMAP;
  File* const target = handle->file.get();
  if (!handle->uses_shm) {
    handle->uses_shm = true;
    ++target->shm_users;
  }
  while (static_cast<int>(target->regions.size()) <= region) {
    if (extend == 0) return SQLITE_OK;
    target->regions.push_back(std::make_unique<char[]>(size));
  }
  *out = target->regions[region].get();
  return SQLITE_OK;
}

int MemoryDisk::Vfs::ShmLock(sqlite3_file* file, int offset, int count,
                             int flags) {
  Handle* const handle = HandleOf(file);
  if (handle->IsDead()) return SQLITE_IOERR_SHMLOCK;
  File* const target = handle->file.get();
  const bool shared = (flags & SQLITE_SHM_SHARED) != 0;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (int i = offset; i < offset + count; ++i) {
      if (shared && handle->holds_shared[i]) {
        handle->holds_shared[i] = false;
        --target->shm_shared[i];
      } else if (!shared && target->shm_exclusive[i] == handle) {
        target->shm_exclusive[i] = nullptr;
      }
    }
    return SQLITE_OK;
  }
  for (int i = offset; i < offset + count; ++i) {
    const int others =
        target->shm_shared[i] - (handle->holds_shared[i] ? 1 : 0);
    const bool taken = target->shm_exclusive[i] != nullptr &&
                       target->shm_exclusive[i] != handle;
    if (taken || (!shared && others > 0)) return SQLITE_BUSY;
  }
  for (int i = offset; i < offset + count; ++i) {
    if (!shared) {
      target->shm_exclusive[i] = handle;
    } else if (!handle->holds_shared[i]) {
      handle->holds_shared[i] = true;
      ++target->shm_shared[i];
    }
  }
  return SQLITE_OK;
}

int MemoryDisk::Vfs::ShmUnmap(sqlite3_file* file, int delete_it) {
  Handle* const handle = HandleOf(file);
  if (!handle->uses_shm) return SQLITE_OK;
  handle->uses_shm = false;
  if (handle->IsDead()) return SQLITE_OK;
  File* const target = handle->file.get();
  for (int i = 0; i < SQLITE_SHM_NLOCK; ++i) {
    if (handle->holds_shared[i]) --target->shm_shared[i];
    handle->holds_shared[i] = false;
    if (target->shm_exclusive[i] == handle) target->shm_exclusive[i] = nullptr;
  }
  if (--target->shm_users == 0 && delete_it != 0) target->regions.clear();
  return SQLITE_OK;
}

MemoryDisk::MemoryDisk(uint64_t seed, std::function<absl::Time()> now,
                       Power power)
    : random_(seed),
      now_(std::move(now)),
      power_(power),
      vfs_(std::make_unique<Vfs>()) {
  sqlite3_initialize();
  sqlite3_vfs& vfs = vfs_->base;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = kPathLength;
  vfs.zName = "signalbox-memory-disk";
  vfs.pAppData = this;
  vfs.xOpen = Vfs::Open;
  vfs.xDelete = Vfs::Delete;
  vfs.xAccess = Vfs::Access;
  vfs.xFullPathname = Vfs::FullPathname;
  vfs.xRandomness = Vfs::Randomness;
  vfs.xSleep = Vfs::Sleep;
  vfs.xCurrentTimeInt64 = Vfs::CurrentTime;
  vfs.xGetLastError = Vfs::LastError;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/1);
  // SQLite then draws from this disk's randomness.
  sqlite3_randomness(0, nullptr);
}

MemoryDisk::~MemoryDisk() { sqlite3_vfs_unregister(&vfs_->base); }

void MemoryDisk::FailAfter(int operations, Fault fault) {
  countdown_ = operations;
  fault_ = fault;
}

void MemoryDisk::Stop(bool power_cut) {
  if (stopped_) return;
  stopped_ = true;
  countdown_ = -1;
  ++generation_;
  if (power_cut && power_ == Power::kStays) std::abort();
  if (power_cut) {
    for (auto& [name, file] : deleted_) {
      if (random_.OneIn(2)) files_[name] = std::move(file);
    }
    deleted_.clear();
  }
  for (auto it = files_.begin(); it != files_.end();) {
    // A handle of the former life keeps the old file, which is empty, and
    // cannot use it.
    auto survived = std::make_shared<File>(File{});
    File& former = *it->second;
    if (power_cut) {
      if (!former.exists_durably && random_.OneIn(2)) {
        it = files_.erase(it);
        continue;
      }
      former.LosePower(&random_);
    }
    survived->data = std::move(former.data);
    survived->durable = std::move(former.durable);
    survived->unsynced = std::move(former.unsynced);
    survived->exists_durably = former.exists_durably;
    it->second = std::move(survived);
    ++it;
  }
}

void MemoryDisk::Restart() { stopped_ = false; }

}  // namespace signalbox
