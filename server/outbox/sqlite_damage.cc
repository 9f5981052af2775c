#include "server/outbox/sqlite_damage.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_schema.h"
#include "server/outbox/sqlite_summary.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {
namespace {

// Conditions for the value of a column, which `$` stands for. They accept what
// SqliteQuery::Read and AreCounts accept, and SQL can add to the counts.
#define SIGNALBOX_BETWEEN(least, most) \
  "typeof($) = 'integer' AND $ BETWEEN " least " AND " most
constexpr char kCount[] = SIGNALBOX_BETWEEN("0", "4611686018427387904");
constexpr char kInt[] = SIGNALBOX_BETWEEN("0", "2147483647");
constexpr char kBool[] = SIGNALBOX_BETWEEN("0", "1");
constexpr char kNumber[] =
    SIGNALBOX_BETWEEN("-4611686018427387904", "4611686018427387904");
constexpr char kInteger[] = "typeof($) = 'integer'";
constexpr char kIntegerOrNull[] = "typeof($) IN ('integer', 'null')";
// Up to the year 2255: times that SQL adds to, or that the server waits for.
#define SIGNALBOX_NEAR_TIME SIGNALBOX_BETWEEN("0", "9007199254740992")
constexpr char kNearTime[] = SIGNALBOX_NEAR_TIME;
constexpr char kNearTimeOrNull[] = "$ IS NULL OR (" SIGNALBOX_NEAR_TIME ")";
constexpr char kText[] = "typeof($) = 'text'";
constexpr char kTextOrNull[] = "typeof($) IN ('text', 'null')";
constexpr char kBlob[] = "typeof($) = 'blob'";
constexpr char kBlobOrNull[] = "typeof($) IN ('blob', 'null')";
constexpr char kSha[] = "typeof($) = 'blob' AND length($) IN (20, 32)";
constexpr char kRowId[] = SIGNALBOX_BETWEEN("1", "4611686018427387904");

constexpr char kPhase[] = SIGNALBOX_BETWEEN("1", "5");
static_assert(static_cast<int>(LastOf(Phase())) == 5);
constexpr char kRunState[] = SIGNALBOX_BETWEEN("1", "3");
static_assert(static_cast<int>(LastOf(RunState())) == 3);
constexpr char kResultOrNull[] =
    "$ IS NULL OR (" SIGNALBOX_BETWEEN("1", "7") ")";
static_assert(static_cast<int>(LastOf(Result())) == 7);
constexpr char kPostingState[] = SIGNALBOX_BETWEEN("1", "5");
static_assert(static_cast<int>(LastOf(PostingState())) == 5);
constexpr char kChoreKind[] = SIGNALBOX_BETWEEN("1", "6");
static_assert(static_cast<int>(LastOf(ChoreKind())) == 6);

// The phase fits the result: only phases 3 and 4 have one.
#define SIGNALBOX_FIT                                \
  "(entry.version = 0 OR (entry.phase IN (3, 4)) = " \
  "(typeof(entry.result) = 'integer' AND entry.result BETWEEN 1 AND 7))"

#define SIGNALBOX_IS_IN(table, key) \
  "EXISTS (SELECT 1 FROM " table " AS x WHERE x." key " = $)"

// The same value as in the column `@` of the row's repository.
#define SIGNALBOX_IS_OF_REPOSITORY(table)                        \
  "typeof($) = 'text' AND $ = (SELECT x.@ FROM repository AS x " \
  "WHERE x.repository_key = " table ".repository_key)"

struct Column {
  const char* name;
  const char* sound;
  // The value that replaces an unsound one; ?1 is now. Null: the row is
  // deleted.
  const char* otherwise = nullptr;
};

// The statements that find and repair the damaged rows of a table.
struct Statements {
  std::string table;
  std::string sound;       // A condition for a row.
  std::string list;        // Lists the damaged rows: key, unsound columns.
  std::string drop_first;  // Deletes unrepairable rows; empty: none.
  std::string repair;
  std::string drop;  // Deletes rows that are still damaged.
};

std::string OfColumn(const char* sql, absl::string_view table,
                     const char* column) {
  return absl::StrReplaceAll(
      sql, {{"$", absl::StrCat(table, ".", column)}, {"@", column}});
}

Statements Make(absl::string_view table, absl::string_view key,
                const std::vector<Column>& columns,
                absl::string_view also_set = "") {
  std::string names = "''";
  std::string sound;
  std::string needed;
  std::string set;
  for (const Column& column : columns) {
    const std::string is_sound = OfColumn(column.sound, table, column.name);
    absl::StrAppend(&names, " || CASE WHEN ", is_sound, " THEN '' ELSE ' ",
                    column.name, "' END");
    absl::StrAppend(&sound, sound.empty() ? "" : " AND ", "IFNULL(", is_sound,
                    ", 0)");
    if (column.otherwise == nullptr) {
      absl::StrAppend(&needed, needed.empty() ? "" : " AND ", "IFNULL(",
                      is_sound, ", 0)");
      continue;
    }
    absl::StrAppend(&set, set.empty() ? "" : ", ", column.name, " = CASE WHEN ",
                    is_sound, " THEN ", column.name, " ELSE ", column.otherwise,
                    " END");
  }
  Statements statements;
  statements.table = std::string(table);
  statements.sound = sound;
  if (!needed.empty()) {
    statements.drop_first =
        absl::StrCat("DELETE FROM ", table, " WHERE NOT (", needed, ")");
  }
  statements.list = absl::StrCat("SELECT quote(", key, "), ", names, " FROM ",
                                 table, " WHERE NOT (", sound, ")");
  if (!set.empty()) {
    statements.repair = absl::StrCat("UPDATE OR IGNORE ", table, " SET ", set,
                                     also_set, " WHERE NOT (", sound, ")");
  }
  statements.drop =
      absl::StrCat("DELETE FROM ", table, " WHERE NOT (", sound, ")");
  return statements;
}

// The tables on which no other table depends. Most rows that are deleted here
// were history, or the server learns their content again: GitHub refuses a
// parked repository again, and the server asks a question again.
const std::vector<Statements>& PlainTables() {
  static const auto* const tables = new std::vector<Statements>{
      Make("report", "report_id",
           {{"report_id", kRowId},
            {"entry_id", SIGNALBOX_IS_IN("entry", "entry_id")},
            {"version", kCount},
            {"sequence", kNumber},
            {"accept_time_us", kInteger},
            {"phase", kPhase},
            {"attempt", kInteger},
            {"result", kResultOrNull},
            {"description", kText},
            {"target_url", kText},
            {"caller", kText},
            {"delivery_id", kText},
            {"expire_time_us", kIntegerOrNull},
            {"series", kText}}),
      Make("try", "try_id",
           {{"try_id", kRowId},
            {"entry_id", SIGNALBOX_IS_IN("entry", "entry_id")},
            {"sequence", kNumber},
            {"begin_time_us", kInteger},
            {"end_time_us", kInteger},
            {"http_status", kInt},
            {"request_id", kText},
            {"reason", kText},
            {"message", kText}}),
      Make("run", "entry_id",
           {{"entry_id", SIGNALBOX_IS_IN("entry", "entry_id")},
            {"place", kCount},
            {"series", kText},
            {"attempt", kInteger},
            {"state", kRunState},
            {"result", kResultOrNull}}),
      Make("status_change", "change_sequence",
           {{"change_sequence", kCount},
            {"entry_id", kInteger},
            {"context", kText},
            {"version", kCount},
            {"phase", kPhase},
            {"attempt", kInteger},
            {"result", kResultOrNull},
            {"description", kText},
            {"target_url", kText},
            {"report_time_us", kInteger},
            {"expire_time_us", kIntegerOrNull},
            {"posting_state", kPostingState},
            {"posting_reason", kText},
            {"try_count", kInt},
            {"post_time_us", kIntegerOrNull},
            {"due_time_us", kIntegerOrNull},
            {"lease_version", kCount},
            {"shown_state", kTextOrNull},
            {"shown_description", kText},
            {"shown_target_url", kText},
            {"series", kText}}),
      // The delivery is remembered as long as if it arrived now.
      Make("delivery", "delivery_key",
           {{"id", kText},
            {"digest", kBlob, "x''"},
            {"accept_time_us", kNearTime, "?1"}}),
      Make("pull_request", "repository_key",
           {{"repository_key", SIGNALBOX_IS_IN("repository", "repository_key")},
            {"number", kNumber},
            {"updated_time_us", kInteger},
            {"head_sha", kSha}}),
      Make("repository_alias", "canonical",
           {{"canonical", kText},
            {"repository_key", SIGNALBOX_IS_IN("repository", "repository_key")},
            {"github_repository_id", kCount, "0"},
            {"checked_time_us", kNearTime, "0"}}),
      // The longest pause that GitHub can ask for, so that no request is made
      // too early.
      Make("credential_pause", "credential",
           {{"credential", kText},
            {"until_time_us", kInteger, "?1 + 3600000000"}}),
      Make("rerun", "rerun_id",
           {{"repository_key", SIGNALBOX_IS_IN("repository", "repository_key")},
            {"pull_request_number", kNumber},
            {"contexts", kText},
            {"login", kText},
            {"author_association", kText},
            {"caller", kText},
            {"delivery_id", kText, "''"},
            {"try_count", kInt, "0"},
            {"due_time_us", kInteger, "?1"}}),
      Make("hook", "host",
           {{"host", kText}, {"hook_id", kNumber}, {"seen_time_us", kInteger}}),
      Make("named_time", "name", {{"name", kText}, {"time_us", kInteger}}),
      Make("installation", "credential",
           {{"credential", kText},
            {"app", kText},
            {"installation_id", kNumber}}),
      Make("redelivery", "delivery_id",
           {{"delivery_id", kText},
            {"awaited", kCount},
            {"asked_time_us", kNearTime}}),
      Make("name_question", "question_id",
           {{"subject", kText},
            {"host", kText},
            {"owner", kText},
            {"name", kText},
            {"credential", kText},
            {"github_repository_id", kCount},
            {"first_time_us", kNearTime},
            {"asked_time_us", kNearTime},
            {"ask_time_us", kNearTime}}),
      // Guesses the kind by the other columns, which do not tell 2 from 1, or 6
      // from 4.
      Make("chore", "chore_id",
           {{"kind", kChoreKind,
             "CASE WHEN target_key = 0 THEN CASE repository_key WHEN 0 THEN 5 "
             "ELSE 4 END WHEN name = '' THEN 1 ELSE 3 END"},
            {"repository_key",
             "$ = 0 OR " SIGNALBOX_IS_IN("repository", "repository_key")},
            {"target_key",
             "$ = 0 OR " SIGNALBOX_IS_IN("repository", "repository_key")},
            {"name", kText, "''"},
            {"done_to", kText, "''"}}),
      Make("parking", "repository_key",
           {{"repository_key", SIGNALBOX_IS_IN("repository", "repository_key")},
            {"credential", SIGNALBOX_IS_OF_REPOSITORY("parking")},
            {"reason", kText},
            {"since_time_us", kNearTime},
            {"step", kInt},
            {"next_time_us", kNearTime},
            {"refuse_time_us", kNearTime},
            {"report_time_us", kNearTime},
            {"probe_entry_id", kInteger},
            {"due_time_us", kNearTime},
            {"gives_up", kBool}}),
      Make("due_repository", "canonical",
           {{"credential", SIGNALBOX_IS_OF_REPOSITORY("due_repository")},
            {"is_pending", kBool},
            {"canonical", SIGNALBOX_IS_OF_REPOSITORY("due_repository")},
            {"repository_key",
             SIGNALBOX_IS_IN("repository", "repository_key")}}),
  };
  return *tables;
}

// The form HOST/OWNER/NAME of a canonical name, and its parts.
#define SIGNALBOX_HAS_PARTS \
  "typeof(canonical) = 'text' AND canonical LIKE '_%/_%/_%'"
#define SIGNALBOX_HOST "substr(canonical, 1, instr(canonical, '/') - 1)"
#define SIGNALBOX_REST "substr(canonical, instr(canonical, '/') + 1)"
#define SIGNALBOX_OWNER \
  "substr(" SIGNALBOX_REST ", 1, instr(" SIGNALBOX_REST ", '/') - 1)"
#define SIGNALBOX_NAME \
  "substr(" SIGNALBOX_REST ", instr(" SIGNALBOX_REST ", '/') + 1)"
// Host, owner or name: the three together make the canonical name.
constexpr char kPart[] =
    "typeof($) = 'text' AND (has_name = 0 OR NOT (" SIGNALBOX_HAS_PARTS
    ") OR lower(host || '/' || owner || '/' || name) = canonical)";

const Statements& Repositories() {
  static const auto* const statements = new Statements(Make(
      "repository", "repository_key",
      {{"canonical",
        "typeof($) = 'text' AND (has_name = 0 OR (" SIGNALBOX_HAS_PARTS "))",
        "CASE WHEN typeof(host) = 'text' AND typeof(owner) = 'text' AND "
        "typeof(name) = 'text' THEN lower(host || '/' || owner || '/' || name) "
        "END"},
       {"host", kPart, SIGNALBOX_HOST},
       {"owner", kPart, SIGNALBOX_OWNER},
       {"name", kPart, SIGNALBOX_NAME},
       {"github_repository_id", kCount, "0"},
       {"credential", kText, "''"},
       {"id_is_verified", kBool, "0"},
       {"has_name", kBool, "1"},
       {"added_time_us", kInteger, "0"},
       {"name_time_us", kInteger, "0"},
       {"number_by", kText, "''"}}));
  return *statements;
}
// Removes a damaged name, so that no name leads to the row, as after
// SqliteRepositories::Retire. Sets every column, because SQLite refuses a
// statement that leaves a damaged one.
constexpr char kLoseName[] =
    "UPDATE repository SET canonical = 'damaged//' || repository_key, "
    "host = 'damaged', owner = '', name = '', github_repository_id = 0, "
    "credential = '', id_is_verified = 0, has_name = 0, added_time_us = 0, "
    "name_time_us = 0, number_by = '' WHERE typeof(canonical) <> 'text' "
    "OR (has_name <> 0 AND NOT (" SIGNALBOX_HAS_PARTS "))";
constexpr char kAddNameless[] =
    "INSERT INTO repository (canonical, host, owner, name, "
    "github_repository_id, credential, id_is_verified, has_name) "
    "VALUES ('damaged//for/' || ?, 'damaged', '', '', 0, '', 0, 0)";

// The repository of a commit: that of its entries, else a repository without a
// name, which no caller asks for.
#define SIGNALBOX_KEY_BY_ENTRIES                                   \
  "(SELECT e.repository_key FROM entry AS e JOIN repository AS r " \
  "ON r.repository_key = e.repository_key "                        \
  "WHERE e.commit_key = commit_summary.commit_key LIMIT 1)"
#define SIGNALBOX_KEY_OF_NAMELESS                  \
  "(SELECT r.repository_key FROM repository AS r " \
  "WHERE r.canonical = 'damaged//for/' || commit_summary.repository_key)"

Statements MakeCommits(const char* repository_key) {
  // A table that was damaged may have lost its NOT NULL.
  const std::string key_or_own =
      absl::StrCat("IFNULL(", repository_key, ", repository_key)");
  return Make(
      "commit_summary", "commit_key",
      {{"repository_key",
        "typeof($) = 'integer' AND " SIGNALBOX_IS_IN("repository",
                                                     "repository_key"),
        key_or_own.c_str()},
       {"sha", kSha,
        "CAST('c' || substr(printf('%019d', commit_key), -19) AS BLOB)"},
       {"newest_sequence", kCount, "0"},
       {"update_time_us", kNearTime, "?1"},
       {"status_count", kInt, "0"},
       {"pending_count", kCount, "0"},
       {"failed_count", kCount, "0"},
       {"overtaken_by", kBlobOrNull, "NULL"}});
}
const Statements& Commits() {
  static const auto* const statements =
      new Statements(MakeCommits(SIGNALBOX_KEY_BY_ENTRIES));
  return *statements;
}
const Statements& NamelessCommits() {
  static const auto* const statements =
      new Statements(MakeCommits(SIGNALBOX_KEY_OF_NAMELESS));
  return *statements;
}
constexpr char kListLostCommits[] =
    "SELECT DISTINCT repository_key FROM commit_summary "
    "WHERE typeof(repository_key) = 'integer' AND NOT EXISTS "
    "(SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = commit_summary.repository_key)";

// A commit for an entry whose own is missing. No caller asks for its sha.
#define SIGNALBOX_SHA_OF_ENTRY(entry_id) \
  "CAST('e' || substr(printf('%019d', " entry_id "), -19) AS BLOB)"
constexpr char kAddCommits[] =
    "INSERT OR IGNORE INTO commit_summary (repository_key, sha, "
    "newest_sequence, update_time_us, status_count, pending_count, "
    "failed_count) SELECT repository_key, " SIGNALBOX_SHA_OF_ENTRY(
        "entry_id") ", 0, ?, 0, 0, 0 FROM entry WHERE NOT EXISTS "
    "(SELECT 1 FROM commit_summary AS c WHERE c.commit_key = entry.commit_key) "
    "AND EXISTS (SELECT 1 FROM repository AS r "
    "WHERE r.repository_key = entry.repository_key)";

const Statements& Entries() {
  static const auto* const statements = new Statements(Make(
      "entry", "entry_id",
      {{"commit_key",
        "typeof($) = 'integer' AND " SIGNALBOX_IS_IN("commit_summary",
                                                     "commit_key"),
        "(SELECT c.commit_key FROM commit_summary AS c WHERE c.repository_key "
        "= entry.repository_key AND c.sha = " SIGNALBOX_SHA_OF_ENTRY(
            "entry.entry_id") ")"},
       {"context_key", "typeof($) = 'text' AND $ = lower(entry.context)",
        "CASE WHEN typeof(context_key) = 'text' THEN context_key "
        "WHEN typeof(context) = 'text' THEN lower(context) END"},
       {"context", "typeof($) = 'text' AND lower($) = entry.context_key",
        "CASE WHEN typeof(context_key) = 'text' THEN context_key "
        "WHEN typeof(context) = 'text' THEN context END"},
       {"repository_key",
        "$ = (SELECT c.repository_key FROM commit_summary AS c "
        "WHERE c.commit_key = entry.commit_key)",
        "IFNULL((SELECT c.repository_key FROM commit_summary AS c "
        "WHERE c.commit_key = entry.commit_key), repository_key)"},
       {"version", kCount, "1"},
       {"phase", SIGNALBOX_BETWEEN("1", "5") " AND " SIGNALBOX_FIT, "5"},
       {"attempt", kInteger, "0"},
       {"run_state", kRunState, "1"},
       {"result",
        "($ IS NULL OR (" SIGNALBOX_BETWEEN(
            "1", "7") ")) AND " SIGNALBOX_FIT
                      " AND typeof(entry.phase) = 'integer' "
                      "AND entry.phase BETWEEN 1 AND 5",
        "NULL"},
       {"description", kText, "''"},
       {"target_url", kText, "''"},
       {"report_sequence", kCount, "0"},
       {"report_time_us", kNearTime, "?1"},
       {"expire_time_us", kIntegerOrNull, "NULL"},
       {"change_sequence", kCount, "0"},
       {"posting_state", kPostingState, "4"},
       {"posting_reason", kText, "''"},
       {"try_count", kInt, "0"},
       {"refusal_count", kInt, "0"},
       {"post_time_us", kIntegerOrNull, "NULL"},
       {"is_pending", kBool, "0"},
       {"first_due_time_us", kInteger, "?1"},
       {"due_time_us", kIntegerOrNull, "NULL"},
       {"lease_version", kCount, "0"},
       {"lease_number", kCount, "0"},
       {"lease_begin_time_us", kInteger, "0"},
       {"lease_due_time_us", kInteger, "0"},
       {"ambiguous_time_us", kNearTimeOrNull, "?1"},
       {"posted_version", kCount, "0"},
       {"posted_status_id", kNumber, "0"},
       {"shown_state", kTextOrNull, "NULL"},
       {"shown_description", kText, "''"},
       {"shown_target_url", kText, "''"},
       {"expires_after_us", kIntegerOrNull, "NULL"},
       {"status_count", kInt, "0"},
       {"series", kText, "''"},
       {"run_result", kResultOrNull, "NULL"},
       {"other_run_count", kCount, "0"},
       {"observe_time_us", kIntegerOrNull, "NULL"},
       {"reported_as", kText, "''"},
       {"abandon_time_us", kIntegerOrNull, "NULL"}},
      // Marks repaired rows by a value that no entry has.
      ", lease_epoch = 0, lease_version = -1"));
  return *statements;
}
// Acceptance does not look at this column, so damage to it sets no entry aside.
// The end of the try in flight then counts as lost.
const Statements& LeaseEpochs() {
  static const auto* const statements = new Statements(
      Make("entry", "entry_id", {{"lease_epoch", kInteger, "0"}}));
  return *statements;
}
// Damage must not look like that mark.
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

const Statements& TermRow() {
  static const auto* const statements =
      new Statements(Make("term", "name",
                          {{"name", "$ = 'work'"},
                           {"owner", kBlob},
                           {"epoch", kCount},
                           {"taken_time_us", kInteger},
                           {"holder", kText},
                           {"beat", kCount},
                           {"beat_time_us", kInteger}}));
  return *statements;
}
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
    state_->sequence = NewestSequence(connection_);
    RepairTerm();
    RepairRepositories();
    RepairCommits();
    RepairEntries();
    for (const Statements& table : PlainTables()) {
      List(table);
      Drop(table.drop_first);
      Repair(table);
      Drop(table.drop);
    }
    if (found_.empty()) return found_;
    for (const int64_t commit : commits_) Summarize(connection_, commit);
    state_->repositories.AssignCredentials(connection_);
    state_->repositories.FillDue(connection_);
    return std::move(found_);
  }

 private:
  // Sets `now_` to the latest time known from callers, reports or tries.
  void FindTime() {
    now_ = state_->now;
    SqliteQuery query(connection_, kFindTime);
    absl::Time newest;
    if (query.Next()) query.Read(&newest);
    now_ = std::max(now_, newest);
  }

  void Found(absl::string_view table, absl::string_view key,
             absl::string_view columns) {
    found_.push_back(
        absl::StrCat("table ", table, ", row ", key,
                     " is damaged; impossible values in columns:", columns));
  }

  void List(const Statements& table) {
    SqliteQuery query(connection_, table.list.c_str());
    while (query.Next()) {
      std::string key;
      std::string columns;
      query.Read(&key, &columns);
      Found(table.table, key, columns);
    }
  }
  void Repair(const Statements& table) {
    if (table.repair.empty()) return;
    SqliteQuery(connection_, table.repair.c_str()).Bind(now_).Run();
  }
  void Drop(const std::string& sql) {
    if (!sql.empty()) SqliteQuery(connection_, sql.c_str()).Run();
  }

  std::vector<int64_t> Keys(const char* sql) {
    std::vector<int64_t> keys;
    SqliteQuery query(connection_, sql);
    while (query.Next()) query.Read(&keys.emplace_back());
    return keys;
  }

  void RepairNumbers() {
    std::set<std::string> there;
    {
      SqliteQuery query(connection_, kListNumbers);
      while (query.Next()) {
        std::string name;
        query.Read(&name);
        there.insert(std::move(name));
      }
    }
    SqliteQuery(connection_, kDropNumbers).Run();
    std::optional<int64_t> newest;
    {
      SqliteQuery query(connection_, kFindNewestNumber);
      if (query.Next()) query.Read(&newest);
    }
    const int64_t last = std::max(newest.value_or(0), state_->sequence);
    for (const auto& [name, value] :
         {std::pair<const char*, int64_t>("schema_version", kSchemaVersion),
          // Nobody knows how much was forgotten: it may be all.
          {"forgotten_sequence", last},
          {"sequence", last}}) {
      if (there.contains(name)) continue;
      SqliteQuery(connection_, kAddNumber).Bind(std::string(name), value).Run();
      Found("meta", name, " value");
    }
  }

  void RepairTerm() {
    const size_t found = found_.size();
    List(TermRow());
    Drop(TermRow().drop);
    SqliteQuery(connection_, kAddTerm).Bind(state_->epoch, now_).Run();
    const bool was_missing = connection_->ChangedRows() > 0;
    if (was_missing && found_.size() == found) Found("term", "'work'", " name");
  }

  void RepairRepositories() {
    List(Repositories());
    Repair(Repositories());
    SqliteQuery(connection_, kLoseName).Run();
  }

  void RepairCommits() {
    static const auto* const kKeys = new std::string(
        absl::StrCat("SELECT commit_key FROM commit_summary WHERE NOT (",
                     Commits().sound, ")"));
    List(Commits());
    for (const int64_t key : Keys(kKeys->c_str())) commits_.insert(key);
    Repair(Commits());
    const std::vector<int64_t> lost = Keys(kListLostCommits);
    for (const int64_t key : lost) {
      SqliteQuery(connection_, kAddNameless).Bind(key).Run();
    }
    if (!lost.empty()) Repair(NamelessCommits());
    Drop(Commits().drop);
  }

  void RepairEntries() {
    static const auto* const kCommits = new std::string(
        absl::StrCat("SELECT c.commit_key FROM entry JOIN commit_summary AS c "
                     "ON c.commit_key = entry.commit_key WHERE NOT (",
                     Entries().sound, ")"));
    List(Entries());
    List(LeaseEpochs());
    for (const int64_t key : Keys(kCommits->c_str())) commits_.insert(key);
    SqliteQuery(connection_, kClearMarks).Run();
    SqliteQuery(connection_, kAddCommits).Bind(now_).Run();
    Repair(Entries());
    static const auto* const kDrop =
        new std::string(absl::StrCat(Entries().drop, kDropRest));
    Drop(*kDrop);
    Repair(LeaseEpochs());
    std::vector<std::pair<int64_t, int64_t>> marked;
    {
      SqliteQuery query(connection_, kListMarked);
      while (query.Next()) {
        auto& [entry_id, commit_key] = marked.emplace_back();
        query.Read(&entry_id, &commit_key);
      }
    }
    for (const auto& [entry_id, commit_key] : marked) {
      SqliteQuery(connection_, kDropRuns).Bind(entry_id).Run();
      SqliteQuery(connection_, kSetAside)
          .Bind(now_, ++state_->sequence, kRowDamaged, entry_id)
          .Run();
      NoteChange(connection_, entry_id);
      commits_.insert(commit_key);
    }
  }

  SqliteConnection* const connection_;
  SqliteWriterState* const state_;
  absl::Time now_;
  std::vector<std::string> found_;
  std::set<int64_t> commits_;  // To be summarized again.
};

}  // namespace

const std::string& EntryIsSound() { return Entries().sound; }

std::vector<std::string> RepairDamage(SqliteConnection* connection,
                                      SqliteWriterState* state) {
  return Repairing(connection, state).Run();
}

}  // namespace signalbox
