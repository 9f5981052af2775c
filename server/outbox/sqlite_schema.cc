#include "server/outbox/sqlite_schema.h"

#include <iterator>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/outbox/sqlite_commit_reports.h"
#include "server/outbox/sqlite_credential_notes.h"
#include "server/outbox/sqlite_journal.h"
#include "server/outbox/sqlite_lookups.h"
#include "server/outbox/sqlite_tables.h"

namespace signalbox {
namespace {

// Makes a database of version 1 one of version 2.
constexpr char kUpgradeTo2[] = R"sql(
CREATE INDEX repository_by_github_id
  ON repository (github_repository_id) WHERE github_repository_id <> 0;
CREATE TABLE repository_alias (
  canonical TEXT PRIMARY KEY,
  github_repository_id INTEGER NOT NULL,
  repository_key INTEGER NOT NULL REFERENCES repository
) STRICT, WITHOUT ROWID;
CREATE TABLE lane_pause (
  lane TEXT PRIMARY KEY,
  until_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE entry ADD COLUMN expires_after_us INTEGER;
ALTER TABLE entry ADD COLUMN status_count INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET expires_after_us = expire_time_us - report_time_us
  WHERE expire_time_us IS NOT NULL;
UPDATE entry SET status_count = 1 WHERE posted_version > 0;
CREATE INDEX entry_expiry ON entry (expire_time_us)
  WHERE expire_time_us IS NOT NULL;
)sql";

// With kTablesOf4, makes a database of version 3 one of version 4.
constexpr char kUpgradeTo4[] =
    "INSERT INTO meta (name, value) SELECT 'forgotten_sequence', value "
    "FROM meta WHERE name = 'sequence'";

// With kTablesOf5, makes a database of version 4 one of version 5.
constexpr char kUpgradeTo5[] =
    // run_state was `round`, a count of unnumbered reports that began again.
    "UPDATE entry SET run_result = CASE WHEN attempt > 0 AND run_state = 0 "
    "AND phase = 3 THEN result END, run_state = CASE WHEN attempt = 0 THEN 1 "
    "WHEN run_state > 0 THEN 3 WHEN phase = 3 THEN 2 ELSE 1 END;"
    "DELETE FROM due_repository WHERE NOT EXISTS (SELECT 1 FROM entry AS e "
    "INDEXED BY entry_due WHERE e.repository_key = "
    "due_repository.repository_key AND e.is_pending = "
    "due_repository.is_pending AND e.due_time_us IS NOT NULL);"
    R"sql(
-- Parks a repository if an entry that was reported in the last week was
-- abandoned for a reason that parks now. A bare column beside MAX is that of
-- the row with the maximum.
INSERT INTO parking (repository_key, lane, reason, since_time_us, step,
    next_time_us, refuse_time_us, report_time_us, probe_entry_id, due_time_us,
    gives_up)
  SELECT e.repository_key, r.lane, e.posting_reason,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 0,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000000,
    (CAST(strftime('%s', 'now') AS INTEGER) - 10) * 1000000,
    MAX(e.report_time_us), 0,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 0
  FROM entry AS e JOIN repository AS r ON r.repository_key = e.repository_key
  WHERE e.posting_state = 4 AND e.posting_reason IN ('REPOSITORY_NOT_FOUND',
    'PERMISSION_MISSING', 'REPOSITORY_ARCHIVED', 'REPOSITORY_BLOCKED',
    'SSO_REQUIRED', 'IP_NOT_ALLOWED', 'APP_REQUIRED', 'REPOSITORY_GONE',
    'LEGAL_BLOCK') AND r.lane <> '' AND e.lease_version = 0
    AND e.report_time_us BETWEEN
    (CAST(strftime('%s', 'now') AS INTEGER) - 604800) * 1000000
    AND (CAST(strftime('%s', 'now') AS INTEGER) + 86400) * 1000000
  GROUP BY e.repository_key;
UPDATE entry SET posting_state = 3, try_count = 0, refusal_count = 0,
    due_time_us = MAX(first_due_time_us, IFNULL(ambiguous_time_us + 12000000, 0))
  WHERE posting_state = 4 AND posting_reason IN ('REPOSITORY_NOT_FOUND',
    'PERMISSION_MISSING', 'REPOSITORY_ARCHIVED', 'REPOSITORY_BLOCKED',
    'SSO_REQUIRED', 'IP_NOT_ALLOWED', 'APP_REQUIRED', 'REPOSITORY_GONE',
    'LEGAL_BLOCK') AND repository_key IN (SELECT repository_key FROM parking)
    AND lease_version = 0 AND report_time_us BETWEEN
    (CAST(strftime('%s', 'now') AS INTEGER) - 604800) * 1000000
    AND (CAST(strftime('%s', 'now') AS INTEGER) + 86400) * 1000000;
DELETE FROM due_repository
  WHERE repository_key IN (SELECT repository_key FROM parking);
)sql";

// With the tables of version 10, makes a database of version 9 one of it.
constexpr char kUpgradeTo10[] =
    "UPDATE status_change SET report_sequence = IFNULL((SELECT MAX(r.sequence) "
    "FROM report AS r WHERE r.entry_id = status_change.entry_id "
    "AND r.version = status_change.version), 0) WHERE version > 0;"
    "INSERT INTO observed_status (entry_id, status_id, sequence, "
    "observe_time_us, state, description, target_url, creator_login) "
    "SELECT entry_id, posted_status_id, change_sequence, "
    "IFNULL(observe_time_us, report_time_us), "
    "shown_state, shown_description, shown_target_url, '' FROM entry "
    "WHERE version = 0 AND shown_state IS NOT NULL";

// How each version differs from the one before.
struct Step {
  int version;
  const char* tables;   // New tables, columns and names.
  const char* upgrade;  // Fills them from what a database holds.
};
constexpr Step kSteps[] = {
    {3, kTablesOf3, ""},
    {4, kTablesOf4, kUpgradeTo4},
    {5, kTablesOf5, kUpgradeTo5},
    {6, kTablesOf6, ""},
    {7, kNamesOf7, ""},
    {8, kTablesOf8, ""},
    {9, kJournalTable, ""},
    {9, kTablesOf9, ""},
    {10, kObservedTable, ""},
    {10, kRefHeadTable, ""},
    {10, kTablesOf10, kUpgradeTo10},
    {11, kRequestIdColumns, ""},
    {11, kCreatorTable, ""},
};
static_assert(std::end(kSteps)[-1].version == kSchemaVersion);

constexpr char kInsertMeta[] = "INSERT INTO meta (name, value) VALUES (?, ?)";
constexpr char kSetVersion[] =
    "UPDATE meta SET value = ? WHERE name = 'schema_version'";

}  // namespace

absl::Status CreateSchema(SqliteConnection* connection) {
  // The number is that of kApplicationId: a pragma takes no parameter.
  static_assert(kApplicationId == 1398959992);
  SqliteTransaction transaction(connection, SqliteTransaction::Kind::kWrite);
  connection->Run("PRAGMA application_id = 1398959992");
  connection->Run(kSchema);
  for (const Step& step : kSteps) connection->Run(step.tables);
  for (const auto& [name, value] :
       {std::pair<absl::string_view, int>("schema_version", kSchemaVersion),
        std::pair<absl::string_view, int>("sequence", 0),
        std::pair<absl::string_view, int>("forgotten_sequence", 0)}) {
    connection->Execute(kInsertMeta, name, value);
  }
  return transaction.Commit();
}

absl::Status UpgradeSchema(SqliteConnection* connection, int64_t version) {
  if (version == kSchemaVersion) return absl::OkStatus();
  SqliteTransaction transaction(connection, SqliteTransaction::Kind::kWrite);
  if (version < 2) connection->Run(kUpgradeTo2);
  for (const Step& step : kSteps) {
    if (step.version <= version) continue;
    connection->Run(step.tables);
    connection->Run(step.upgrade);
  }
  connection->Execute(kSetVersion, kSchemaVersion);
  return transaction.Commit();
}

}  // namespace signalbox
