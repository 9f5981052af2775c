#ifndef SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox {

// The cost of durability alone, as a reference for the server's latency:
// appends rows of 100 bytes to one table of SQLite with the server's settings
// (WAL, synchronous=FULL). A failure ends the benchmark.
//
// Not thread-safe.
class BareSqlite {
 public:
  // Makes the database `path` and writes 6 MB to it, after which its speed is
  // steady.
  explicit BareSqlite(const std::string& path);
  ~BareSqlite();

  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  // Commits transactions of `rows` rows until `time` is over, at least one.
  // Returns how long each took.
  std::vector<absl::Duration> Commit(int rows, absl::Duration time);

 private:
  void Run(const char* sql);

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_
