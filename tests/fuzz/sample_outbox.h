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

// A sample database of the outbox, for the fuzz targets that put damaged values
// into it and then read it. It has rows of every kind. Its tables are not
// strict and have no NOT NULL, so any column takes any value, as in a file that
// another program has changed.

namespace signalbox::sample {

// When the reports in the database were made.
inline const absl::Time kNow = absl::FromUnixSeconds(1780000000);
inline const Repository kWidgets = {"github.com", "acme", "widgets"};
inline const Repository kGears = {"github.com", "acme", "gears"};
inline const Repository kCogs = {"github.com", "acme", "cogs"};  // Now kGears.
inline const std::string kSha(40, 'a');

// A new directory for the database. It is in memory, because nothing must last
// and memory is fast. If TMPDIR is set, it is there.
TempDir MakeDirectory();

// The path of the outbox's database in its directory.
std::string DatabaseIn(const TempDir& directory);

// A report about `context` of commit kSha. Without a result it is a pending.
KeyReport ReportOf(const Repository& repository, const std::string& context,
                   std::optional<Result> result, int64_t attempt);

// The options with which targets open the outbox in `directory`.
SqliteOutboxOptions Options(const TempDir& directory);

// Fills an outbox in `directory` with a bit of everything and closes it.
// Returns the bytes of its database.
std::string Make(const TempDir& directory);

// Runs SQL statements; aborts if they fail.
void Run(sqlite3* handle, const std::string& sql);

// Makes a copy of the database in memory, attached to `handle` as `schema`.
void Load(sqlite3* handle, const char* schema, const std::string& database);

struct Column {
  std::string table;
  std::string name;
  bool is_key = false;  // Part of the primary key.
};

// All columns of all tables, always in the same order.
std::vector<Column> Columns(sqlite3* handle);

// Binds a value from the input, of any type, to the statement's first
// parameter.
void BindAny(sqlite3_stmt* statement, FuzzInput& in);

}  // namespace signalbox::sample

#endif  // SIGNALBOX_TESTS_FUZZ_SAMPLE_OUTBOX_H_
