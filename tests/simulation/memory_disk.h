#ifndef SIGNALBOX_TESTS_SIMULATION_MEMORY_DISK_H_
#define SIGNALBOX_TESTS_SIMULATION_MEMORY_DISK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/simulation/random.h"

namespace signalbox {

// The disk of a simulated machine that can lose its power. While the object
// lives, SQLite keeps its files there. After a power cut, each write since a
// file's last sync may survive, be lost, or be torn at 512 bytes. A deleted
// file can come back if its directory was not synced after that.
//
// It also gives SQLite its random numbers and its clock, so that the same seed
// makes the same bytes.
//
// The disk knows a file by the last part of its path. A process can have one
// disk at a time, and use it on one thread.
class MemoryDisk {
 public:
  // kStays: power cuts and failed syncs never happen, so the disk need not
  // remember what they would leave.
  enum class Power { kCanFail, kStays };

  // `seed` is for SQLite's random numbers and for what a power cut leaves.
  // `now` is the wall clock.
  MemoryDisk(uint64_t seed, std::function<absl::Time()> now,
             Power power = Power::kCanFail);
  // No file may be open any more.
  ~MemoryDisk();

  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  enum class Fault {
    kFull,        // The write fails: no space is left.
    kWriteError,  // The write fails; half of it may be there.
    // The sync fails. Part of the data is forgotten, as in the Linux kernel: it
    // can still be read, but no later sync writes it.
    kSyncError,
    kKill,        // The process ends there. Its writes survive.
    kKillAtSync,  // Like kKill, but counts only syncs.
    kPowerCut,    // The machine stops there.
  };

  // Lets the fault happen at a later write or sync: `operations` of them come
  // first. A fault of syncs then waits for the next sync, and a fault of writes
  // for the next write. Replaces an earlier fault that has not happened yet.
  void FailAfter(int operations, Fault fault);
  // Cancels that fault.
  void Forget() { countdown_ = -1; }

  // Whether there is a file of that name.
  bool Has(const std::string& name) const { return files_.contains(name); }

  // True: writes that would make a file longer fail.
  void SetFull(bool full) { full_ = full; }

  // `syncing` is called before each sync that succeeds. The simulation lets
  // time pass in it.
  void SetSyncing(std::function<void()> syncing) {
    syncing_ = std::move(syncing);
  }

  // Kills the process now, or cuts the machine's power. After this every
  // operation on an open file fails. Restart then restores what survived.
  void Stop(bool power_cut);
  bool stopped() const { return stopped_; }
  // Starts the machine after Stop, with the files that survived.
  void Restart();

  // How many writes and syncs there were, how many of these were syncs, and how
  // many met a fault.
  int64_t operations() const { return operations_; }
  int64_t syncs() const { return syncs_; }
  int64_t faults() const { return faults_; }

 private:
  struct File;
  struct Handle;
  struct Vfs;

  // SQLITE_OK, or the error with which the operation ends.
  int Meet(bool is_sync, bool* half);

  Random random_;
  const std::function<absl::Time()> now_;
  std::function<void()> syncing_;
  const Power power_;
  std::map<std::string, std::shared_ptr<File>> files_;
  // Those whose deletion is not durable yet.
  std::map<std::string, std::shared_ptr<File>> deleted_;
  int64_t generation_ = 0;  // Handles of earlier ones are dead.
  bool stopped_ = false;
  bool full_ = false;
  int countdown_ = -1;
  Fault fault_ = Fault::kFull;
  int64_t operations_ = 0;
  int64_t syncs_ = 0;
  int64_t faults_ = 0;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MEMORY_DISK_H_
