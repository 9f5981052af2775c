#ifndef SIGNALBOX_TESTS_FUZZ_SAMPLE_OUTBOX_H_
#define SIGNALBOX_TESTS_FUZZ_SAMPLE_OUTBOX_H_

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/report/report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"

// The database for targets that read damaged databases, with a bit of
// everything. Its tables are not strict, and no column is NOT NULL: any column
// takes any value, as in a file that somebody else made.

namespace signalbox::sample {

inline const absl::Time kNow = absl::FromUnixSeconds(1780000000);
inline const Repository kWidgets = {"github.com", "acme", "widgets"};
inline const Repository kGears = {"github.com", "acme", "gears"};
inline const Repository kCogs = {"github.com", "acme", "cogs"};  // Now kGears.
inline const std::string kSha(40, 'a');

// A directory of this process, in memory unless the environment names one:
// nothing here needs to last.
TempDir MakeDirectory();

std::string DatabaseIn(const TempDir& directory);

KeyReport ReportOf(const Repository& repository, const std::string& context,
                   std::optional<Result> result, int64_t attempt);

// For the outbox in `directory`.
SqliteOutboxOptions Options(const TempDir& directory);

// Makes the database in `directory`, and closes it. Returns its bytes.
std::string Make(const TempDir& directory);

void Run(sqlite3* handle, const std::string& sql);

// Attaches these bytes of a database to `handle`, in memory, as `schema`.
void Load(sqlite3* handle, const char* schema, const std::string& database);

struct Column {
  std::string table;
  std::string name;
  bool is_key = false;  // Part of the primary key.
};

// All columns of all tables, always in the same order.
std::vector<Column> Columns(sqlite3* handle);

// Gives the first parameter any value of any type.
void BindAny(sqlite3_stmt* statement, FuzzInput& in);

}  // namespace signalbox::sample

#endif  // SIGNALBOX_TESTS_FUZZ_SAMPLE_OUTBOX_H_
