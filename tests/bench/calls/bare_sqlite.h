#ifndef SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox {

// What durability costs by itself: rows of 100 bytes appended to one table of
// SQLite, WAL and synchronous=FULL, and nothing else. What fails ends the
// benchmark.
//
// Not thread-safe.
class BareSqlite {
 public:
  // Makes `path`, and writes 6 MB, after which it is as fast as it stays.
  explicit BareSqlite(const std::string& path);
  ~BareSqlite();

  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  // Commits so many rows at a time until `time` is over, once at least. What
  // each transaction took.
  std::vector<absl::Duration> Commit(int rows, absl::Duration time);

 private:
  void Run(const char* sql);

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_BARE_SQLITE_H_
