#include "server/outbox/sqlite_damage.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_journal.h"
#include "server/outbox/sqlite_schema.h"
#include "server/outbox/sqlite_summary.h"
#include "server/outbox/sqlite_table_checks.h"
#include "server/outbox/status_view.h"

namespace signalbox {
namespace {

// Removes a damaged name, so that no name leads to the row, as after
// SqliteRepositories::Retire. Sets every column, because SQLite refuses a
// statement that leaves a damaged one.
constexpr char kLoseName[] =
    "UPDATE repository SET canonical = 'damaged//' || repository_key, "
    "host = 'damaged', owner = '', name = '', github_repository_id = 0, "
    "credential = '', id_is_verified = 0, has_name = 0, added_time_us = 0, "
    "name_time_us = 0, number_by = '' WHERE typeof(canonical) <> 'text' "
    "OR (has_name <> 0 AND NOT (" SIGNALBOX_HAS_PARTS "))";
// Replaces a missing repository, so that its commits stay.
constexpr char kAddNameless[] =
    "INSERT INTO repository (canonical, host, owner, name, "
    "github_repository_id, credential, id_is_verified, has_name) "
    "VALUES ('damaged//for/' || ?, 'damaged', '', '', 0, '', 0, 0)";

constexpr char kListLostCommits[] =
    "SELECT DISTINCT repository_key FROM commit_summary "
    "WHERE typeof(repository_key) = 'integer' AND NOT EXISTS "
    "(SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = commit_summary.repository_key)";

// For entries whose commit is missing.
constexpr char kAddCommits[] =
    "INSERT OR IGNORE INTO commit_summary (repository_key, sha, "
    "newest_sequence, update_time_us, status_count, pending_count, "
    "failed_count) SELECT repository_key, " SIGNALBOX_SHA_OF_ENTRY(
        "entry_id") ", 0, ?, 0, 0, 0 FROM entry WHERE NOT EXISTS "
    "(SELECT 1 FROM commit_summary AS c WHERE c.commit_key = entry.commit_key) "
    "AND EXISTS (SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = entry.repository_key)";

// Damage must not look like the mark of a repaired row.
constexpr char kClearMarks[] =
    "UPDATE entry SET lease_version = -2 WHERE lease_version = -1";
// Deletes only rows that are not repaired: nobody knows their keys.
constexpr char kDropRest[] =
    " AND (lease_version IS NOT -1 OR commit_key IS NULL)";
constexpr char kListMarked[] =
    "SELECT entry_id, commit_key FROM entry WHERE lease_version = -1 "
    "ORDER BY entry_id";
// A try that was in flight may still take effect.
constexpr char kSetAside[] =
    "UPDATE entry SET expire_time_us = NULL, expires_after_us = NULL, "
    "change_sequence = ?2, posting_state = 4, posting_reason = ?3, "
    "try_count = 0, refusal_count = 0, post_time_us = NULL, "
    "first_due_time_us = ?1, due_time_us = NULL, lease_version = 0, "
    "lease_begin_time_us = 0, lease_due_time_us = 0, ambiguous_time_us = ?1, "
    "posted_version = 0, shown_state = NULL, shown_description = '', "
    "shown_target_url = '', other_run_count = 0, abandon_time_us = ?1 "
    "WHERE entry_id = ?4";
static_assert(static_cast<int>(PostingState::kAbandoned) == 4);
constexpr char kDropRuns[] = "DELETE FROM run WHERE entry_id = ?";

// Other rows may refer to a deleted row until the end.
constexpr char kDeferForeignKeys[] = "PRAGMA defer_foreign_keys = ON";

constexpr char kListNumbers[] =
    "SELECT name FROM meta WHERE typeof(name) = 'text' AND "
    "typeof(value) = 'integer' AND value BETWEEN 0 AND 4611686018427387904";
constexpr char kDropNumbers[] =
    "DELETE FROM meta WHERE typeof(name) <> 'text' "
    "OR name NOT IN ('schema_version', 'sequence', 'forgotten_sequence') "
    "OR typeof(value) <> 'integer' "
    "OR value NOT BETWEEN 0 AND 4611686018427387904";
constexpr char kAddNumber[] = "INSERT INTO meta (name, value) VALUES (?, ?)";
// Each sequence that was given is in one of these, or was forgotten.
constexpr char kFindNewestNumber[] =
    "SELECT MAX(number) FROM ("
    "SELECT change_sequence AS number FROM entry UNION ALL "
    "SELECT report_sequence FROM entry UNION ALL "
    "SELECT sequence FROM report UNION ALL "
    "SELECT sequence FROM journal UNION ALL "
    "SELECT change_sequence FROM status_change UNION ALL "
    "SELECT newest_sequence FROM commit_summary UNION ALL "
    "SELECT value FROM meta WHERE name = 'forgotten_sequence') "
    "WHERE typeof(number) = 'integer' AND number <= 4611686018427387904";

constexpr char kFindTime[] =
    "SELECT MAX((SELECT IFNULL(MAX(time_us), 0) FROM (SELECT "
    "accept_time_us AS time_us FROM report ORDER BY report_id DESC LIMIT 10) "
    "WHERE typeof(time_us) = 'integer' AND time_us < 9007199254740992), "
    "(SELECT IFNULL(MAX(time_us), 0) FROM (SELECT end_time_us AS time_us "
    "FROM try ORDER BY try_id DESC LIMIT 10) "
    "WHERE typeof(time_us) = 'integer' AND time_us < 9007199254740992))";

// Adds the row if it is missing. The process that has the term goes on with its
// epoch, ?1. A damaged lease_epoch must not use up the epochs.
constexpr char kAddTerm[] =
    "INSERT INTO term (name, owner, epoch, taken_time_us, holder, beat, "
    "beat_time_us) SELECT 'work', x'', MAX(?1, IFNULL((SELECT MAX(lease_epoch) "
    "FROM entry WHERE typeof(lease_epoch) = 'integer' "
    "AND lease_epoch BETWEEN 0 AND 1152921504606846976), 0)), ?2, '', 0, ?2 "
    "WHERE NOT EXISTS (SELECT 1 FROM term)";

class Repairing {
 public:
  Repairing(SqliteConnection* connection, SqliteWriterState* state)
      : connection_(connection), state_(state) {}

  std::vector<std::string> Run() {
    connection_->Run(kDeferForeignKeys);
    FindTime();
    RepairNumbers();
    state_->sequence = std::max(NewestChange(connection_).sequence(),
                                NewestInJournal(connection_));
    RepairTerm();
    RepairRepositories();
    RepairCommits();
    RepairEntries();
    for (const TableCheck& table : checks_.plain) {
      List(table);
      Drop(table.drop_first);
      Repair(table);
      Drop(table.drop);
    }
    if (found_.empty()) return found_;
    // The due list has its reports, too. And nobody may see the numbers that
    // the repair gave before the smaller ones of the journal.
    state_->accepted.Load(connection_);
    for (const int64_t commit : commits_) Summarize(connection_, commit);
    state_->repositories.AssignCredentials(connection_);
    state_->repositories.RebuildDue(connection_);
    return std::move(found_);
  }

 private:
  // Sets `now_` to the latest time known from callers, reports or tries.
  void FindTime() {
    now_ = std::max(
        state_->now,
        connection_->First<absl::Time>(kFindTime).value_or(absl::UnixEpoch()));
  }

  void Found(absl::string_view table, absl::string_view key,
             absl::string_view columns) {
    found_.push_back(
        absl::StrCat("table ", table, ", row ", key,
                     " is damaged; impossible values in columns:", columns));
  }

  void List(const TableCheck& table) {
    for (const auto& [key, columns] :
         connection_->All<std::tuple<std::string, std::string>>(
             table.list.c_str())) {
      Found(table.table, key, columns);
    }
  }
  void Repair(const TableCheck& table) {
    if (table.repair.empty()) return;
    connection_->Execute(table.repair.c_str(), now_);
  }
  void Drop(const std::string& sql) {
    if (!sql.empty()) connection_->Execute(sql.c_str());
  }

  void RepairNumbers() {
    const std::vector<std::string> there =
        connection_->All<std::string>(kListNumbers);
    connection_->Execute(kDropNumbers);
    const std::optional<int64_t> newest =
        connection_->First<std::optional<int64_t>>(kFindNewestNumber)
            .value_or(std::nullopt);
    const int64_t last = std::max(newest.value_or(0), state_->sequence);
    for (const auto& [name, value] :
         {std::pair<const char*, int64_t>("schema_version", kSchemaVersion),
          // Nobody knows how much was forgotten: it may be all.
          {"forgotten_sequence", last},
          {"sequence", last}}) {
      if (std::ranges::find(there, name) != there.end()) continue;
      connection_->Execute(kAddNumber, std::string(name), value);
      Found("meta", name, " value");
    }
  }

  void RepairTerm() {
    const size_t found = found_.size();
    List(checks_.term);
    Drop(checks_.term.drop);
    connection_->Execute(kAddTerm, state_->epoch, now_);
    const bool was_missing = connection_->ChangedRows() > 0;
    if (was_missing && found_.size() == found) Found("term", "'work'", " name");
  }

  void RepairRepositories() {
    List(checks_.repository);
    Repair(checks_.repository);
    connection_->Execute(kLoseName);
  }

  void RepairCommits() {
    static const auto* const kKeys = new std::string(
        absl::StrCat("SELECT commit_key FROM commit_summary WHERE NOT (",
                     checks_.commit.sound, ")"));
    List(checks_.commit);
    for (const int64_t key : connection_->All<int64_t>(kKeys->c_str()))
      commits_.insert(key);
    Repair(checks_.commit);
    const std::vector<int64_t> lost =
        connection_->All<int64_t>(kListLostCommits);
    for (const int64_t key : lost) {
      connection_->Execute(kAddNameless, key);
    }
    if (!lost.empty()) Repair(checks_.nameless_commit);
    Drop(checks_.commit.drop);
  }

  void RepairEntries() {
    static const auto* const kCommits = new std::string(
        absl::StrCat("SELECT c.commit_key FROM entry JOIN commit_summary AS c "
                     "ON c.commit_key = entry.commit_key WHERE NOT (",
                     checks_.entry.sound, ")"));
    List(checks_.entry);
    List(checks_.lease_epoch);
    for (const int64_t key : connection_->All<int64_t>(kCommits->c_str()))
      commits_.insert(key);
    connection_->Execute(kClearMarks);
    connection_->Execute(kAddCommits, now_);
    Repair(checks_.entry);
    static const auto* const kDrop =
        new std::string(absl::StrCat(checks_.entry.drop, kDropRest));
    Drop(*kDrop);
    Repair(checks_.lease_epoch);
    for (const auto& [entry_id, commit_key] :
         connection_->All<std::tuple<int64_t, int64_t>>(kListMarked)) {
      connection_->Execute(kDropRuns, entry_id);
      connection_->Execute(kSetAside, now_, ++state_->sequence, kRowDamaged,
                           entry_id);
      NoteChange(connection_, entry_id);
      commits_.insert(commit_key);
    }
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  const TableChecks& checks_ = AllTableChecks();
  absl::Time now_;
  std::vector<std::string> found_;
  std::set<int64_t> commits_;  // To be summarized again.
};

}  // namespace

std::vector<std::string> RepairDamage(SqliteConnection* connection,
                                      SqliteWriterState* state) {
  return Repairing(connection, state).Run();
}

}  // namespace signalbox
