#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_

#include <string>
#include <vector>

namespace signalbox {

// Which rows of the tables are sound, column by column, and which value
// replaces an unsound one. sqlite_damage.cc uses the statements.
//
// The functions return constants, which are never destroyed.

// The statements that find and repair the damaged rows of a table.
struct TableCheck {
  std::string table;
  std::string sound;       // A condition for a row.
  std::string list;        // Lists the damaged rows: key, unsound columns.
  std::string drop_first;  // Deletes unrepairable rows; empty: none.
  std::string repair;
  std::string drop;  // Deletes rows that are still damaged.
};

struct TableChecks {
  // The tables on which no other table depends. Most rows that are deleted here
  // were history, or the server learns their content again: GitHub refuses a
  // parked repository again, and the server asks a question again.
  std::vector<TableCheck> plain;
  TableCheck term;
  TableCheck repository;
  TableCheck commit;  // Gives it the repository of its entries.
  // The same check, but its repair gives a commit the repository without a name
  // that replaces a missing one.
  TableCheck nameless_commit;
  // All columns but lease_epoch. The repair marks the rows: it sets their
  // lease_version to -1, which no entry has.
  TableCheck entry;
  // The column lease_epoch. Acceptance does not look at it, so damage to it
  // sets no entry aside. The end of the try in flight then counts as lost.
  TableCheck lease_epoch;
};
const TableChecks& AllTableChecks();

// An SQL condition: the row of `entry` is sound, so RepairDamage leaves it as
// it is. A statement that changes a row includes this condition, so that no
// accepted report depends on a row that is set aside later.
const std::string& EntryIsSound();

// A condition for a row of `repository`: `canonical` has the form
// HOST/OWNER/NAME.
#define SIGNALBOX_HAS_PARTS \
  "typeof(canonical) = 'text' AND canonical LIKE '_%/_%/_%'"

// The sha of the commit that replaces an entry's missing one. No caller asks
// for it.
#define SIGNALBOX_SHA_OF_ENTRY(entry_id) \
  "CAST('e' || substr(printf('%019d', " entry_id "), -19) AS BLOB)"

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_TABLE_CHECKS_H_
