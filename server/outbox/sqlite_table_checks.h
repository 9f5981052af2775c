#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_

#include <string>
#include <vector>

namespace signalbox {

// Knows, column by column, which rows of the tables are sound, and which value
// replaces an unsound one. A row is sound if the server could have written it.
// sqlite_damage.cc runs the statements; other files use EntryIsSound.
//
// The functions return constants, which are never destroyed.

// The SQL that finds and repairs the damaged rows of a table.
struct TableCheck {
  std::string table;
  std::string sound;  // A condition: true for a sound row.
  // Lists the damaged rows. Columns: the key of the row as text, and the names
  // of its unsound columns.
  std::string list;
  // Deletes rows that `repair` cannot repair; empty: there are none.
  std::string drop_first;
  // Replaces the unsound values. Its parameter, if it has one, is the present
  // time. Empty: nothing can be repaired.
  std::string repair;
  // Deletes the rows that are still damaged; empty: there are none.
  std::string drop;
};

struct TableChecks {
  // The tables on which no other table depends. They can lose rows: most of
  // these are history, or the server learns them again. GitHub refuses a parked
  // repository again, and the server asks a question again.
  std::vector<TableCheck> plain;
  TableCheck term;
  TableCheck repository;
  // The repair gives a commit the repository of its entries.
  TableCheck commit;
  // For commits whose repository is lost: the repair gives them the row without
  // a name that RepairDamage has added in its place. Otherwise as `commit`.
  TableCheck nameless_commit;
  // All columns but lease_epoch. The repair sets the lease_version of each
  // repaired row to -1, which no sound entry has, so that RepairDamage finds
  // these rows and abandons them.
  TableCheck entry;
  // The column lease_epoch alone. Accepting reports does not use it, so an
  // entry with damage to it alone is not abandoned. The end of its try in
  // flight counts as lost.
  TableCheck lease_epoch;
};
const TableChecks& AllTableChecks();

// An SQL condition: true for a sound row of `entry`. A statement that changes
// an entry includes it, because RepairDamage could abandon a damaged entry
// later, together with a report that was acknowledged meanwhile.
const std::string& EntryIsSound();

// An SQL condition for a row of `repository`: `canonical` has the form
// HOST/OWNER/NAME.
#define SIGNALBOX_HAS_PARTS \
  "typeof(canonical) = 'text' AND canonical LIKE '_%/_%/_%'"

// An SQL expression for a sha. If the commit of an entry is lost, the repair
// makes a new commit for it, with this sha, for which no caller asks.
#define SIGNALBOX_SHA_OF_ENTRY(entry_id) \
  "CAST('e' || substr(printf('%019d', " entry_id "), -19) AS BLOB)"

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_
