#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// Creates and upgrades the tables of the database, when it is opened. Both
// functions make one transaction, and return its error.

// The application_id of the database file, by which the server recognises its
// own files ("Sbox").
constexpr int kApplicationId = 0x53626f78;

// The version of the tables in sqlite_tables.h. Raise it with every change of
// them that an older program would not understand. Older programs then refuse
// the database.
constexpr int kSchemaVersion = 11;

// Makes the tables of this version in an empty file.
absl::Status CreateSchema(SqliteConnection* connection);

// Upgrades a database with the tables of `version`, from 1 to kSchemaVersion,
// to those of kSchemaVersion. Keeps all rows.
absl::Status UpgradeSchema(SqliteConnection* connection, int64_t version);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SCHEMA_H_
