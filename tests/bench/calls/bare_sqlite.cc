#include "tests/bench/calls/bare_sqlite.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "tests/bench/program.h"

namespace signalbox {

BareSqlite::BareSqlite(const std::string& path) {
  if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) {
    GiveUp(absl::StrCat(path, ": cannot create this database"));
  }
  Run("PRAGMA journal_mode = WAL");
  Run("PRAGMA synchronous = FULL");
  Run("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text TEXT)");
  if (sqlite3_prepare_v2(database_, "INSERT INTO row (text) VALUES (?)", -1,
                         &insert_, nullptr) != SQLITE_OK) {
    GiveUp("SQLite cannot insert a row");
  }
  // A growing log costs the file system more than one that is overwritten, as
  // it is from the first checkpoint on, at 1,000 pages.
  for (int i = 0; i < 3; ++i) Commit(20'000, absl::ZeroDuration());
}

BareSqlite::~BareSqlite() {
  sqlite3_finalize(insert_);
  sqlite3_close(database_);
}

std::vector<absl::Duration> BareSqlite::Commit(int rows, absl::Duration time) {
  const std::string text(100, 'x');
  std::vector<absl::Duration> took;
  SteadyTime now = Clock::System()->Steady();
  const SteadyTime end = now + time;
  do {
    Run("BEGIN IMMEDIATE");
    for (int i = 0; i < rows; ++i) {
      sqlite3_bind_text(insert_, 1, text.data(), static_cast<int>(text.size()),
                        SQLITE_STATIC);
      if (sqlite3_step(insert_) != SQLITE_DONE)
        GiveUp("SQLite cannot insert a row");
      sqlite3_reset(insert_);
    }
    Run("COMMIT");
    const SteadyTime begin = now;
    now = Clock::System()->Steady();
    took.push_back(now - begin);
  } while (now < end);
  return took;
}

void BareSqlite::Run(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    GiveUp(absl::StrCat(sql, ": ", sqlite3_errmsg(database_)));
  }
}

}  // namespace signalbox
