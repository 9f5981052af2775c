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

// MemoryDisk is the disk of a machine that can lose its power: while it lives,
// it is where SQLite keeps its files. What was written and not synced is lost
// in part when the power goes: any of the writes since the last sync of a file
// may be there, whole or torn at 512 bytes, or not; and a file that was deleted
// may be back, until its directory is synced.
//
// It also gives SQLite its randomness and its clock, so that the same seed
// makes the same bytes.
//
// Files go by the last part of their path. One at a time in a process, and one
// thread.
class MemoryDisk {
 public:
  // What a power cut or a failed sync would leave is worth remembering, or
  // neither will happen.
  enum class Power { kCanFail, kStays };

  // The randomness is used up as faults are drawn. `now` is the wall clock.
  MemoryDisk(uint64_t seed, std::function<absl::Time()> now,
             Power power = Power::kCanFail);
  // Nothing may be open any more.
  ~MemoryDisk();

  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  enum class Fault {
    kFull,        // The write fails, since no space is left.
    kWriteError,  // It fails, and half of it may be there.
    // The sync fails. What it was to make durable is forgotten in part, as the
    // Linux kernel does: it can still be read, but no later sync writes it.
    kSyncError,
    kKill,        // The process ends there. What it wrote is there.
    kKillAtSync,  // As kKill; only syncs are counted.
    kPowerCut,    // The machine stops there.
  };

  // The write or sync (a sync, for those that say so) after `operations` more
  // of them meets the fault. Replaces one that has not happened yet.
  void FailAfter(int operations, Fault fault);
  void Forget() { countdown_ = -1; }

  bool Has(const std::string& name) const { return files_.contains(name); }

  // No file grows any more.
  void SetFull(bool full) { full_ = full; }

  // Called with each sync that works, before it is done: time may pass in it.
  void SetSyncing(std::function<void()> syncing) {
    syncing_ = std::move(syncing);
  }

  // Ends the process or stops the machine now: every file that is open fails
  // from now on, and Restart shows what survived.
  void Stop(bool power_cut);
  bool stopped() const { return stopped_; }
  void Restart();

  // Writes and syncs so far, syncs alone, and how many of them met a fault.
  int64_t operations() const { return operations_; }
  int64_t syncs() const { return syncs_; }
  int64_t faults() const { return faults_; }

 private:
  struct File;
  struct Handle;
  struct Vfs;

  // Whether the operation can go on; else the SQLite error that it ends with.
  int Meet(bool is_sync, bool* half);

  Random random_;
  const std::function<absl::Time()> now_;
  std::function<void()> syncing_;
  const Power power_;
  std::map<std::string, std::shared_ptr<File>> files_;
  // Those whose deletion is not durable yet.
  std::map<std::string, std::shared_ptr<File>> deleted_;
  int64_t generation_ = 0;  // Handles of former ones are dead.
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
