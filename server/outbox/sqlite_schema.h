#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// Marks a database file as Signalbox's ("Sbox").
constexpr int kApplicationId = 0x53626f78;

// Raised with every change of sqlite_tables.h that an older program would not
// understand.
constexpr int kSchemaVersion = 8;

// Makes the tables of sqlite_tables.h in an empty file.
absl::Status CreateSchema(SqliteConnection* connection);

// Makes a database of this version, from 1 to kSchemaVersion, one of
// kSchemaVersion, with all that it holds.
absl::Status UpgradeSchema(SqliteConnection* connection, int64_t version);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_
