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

// MemoryDisk is the disk of a machine that can lose its power. While it lives,
// SQLite keeps its files there. A power cut loses unsynced data in part: each
// write since a file's last sync survives, or not, or is torn at 512 bytes. A
// deleted file can come back until its directory is synced.
//
// It is also SQLite's randomness and clock, so that the same seed makes the
// same bytes.
//
// Files are named by the last part of their path. One disk at a time in a
// process, and one thread.
class MemoryDisk {
 public:
  // Whether power cuts and failed syncs can happen, so that the disk must
  // remember what they would leave.
  enum class Power { kCanFail, kStays };

  // Drawing faults uses up the randomness. `now` is the wall clock.
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

  // The fault meets the write or sync after `operations` more of them; some
  // faults wait for the next sync or write. Replaces one that has not happened.
  void FailAfter(int operations, Fault fault);
  void Forget() { countdown_ = -1; }

  bool Has(const std::string& name) const { return files_.contains(name); }

  // Writes that would grow a file fail.
  void SetFull(bool full) { full_ = full; }

  // Called before each sync that succeeds; time may pass in it.
  void SetSyncing(std::function<void()> syncing) {
    syncing_ = std::move(syncing);
  }

  // Ends the process or stops the machine now. Every open file fails from now
  // on, and Restart shows what survived.
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
