#include "server/outbox/sqlite_table_checks.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"

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
// The key of a row of another table.
#define SIGNALBOX_IS_IN(table, key) \
  "EXISTS (SELECT 1 FROM " table " AS x WHERE x." key " = $)"
constexpr char kEntryId[] = SIGNALBOX_IS_IN("entry", "entry_id");
constexpr char kRepositoryKey[] =
    SIGNALBOX_IS_IN("repository", "repository_key");

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

std::string OfColumn(const char* sql, absl::string_view table,
                     const char* column) {
  return absl::StrReplaceAll(
      sql, {{"$", absl::StrCat(table, ".", column)}, {"@", column}});
}

TableCheck Make(absl::string_view table, absl::string_view key,
                absl::Span<const Column> columns,
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
  TableCheck check;
  check.table = std::string(table);
  check.sound = sound;
  if (!needed.empty()) {
    check.drop_first =
        absl::StrCat("DELETE FROM ", table, " WHERE NOT (", needed, ")");
  }
  check.list = absl::StrCat("SELECT quote(", key, "), ", names, " FROM ", table,
                            " WHERE NOT (", sound, ")");
  if (!set.empty()) {
    check.repair = absl::StrCat("UPDATE OR IGNORE ", table, " SET ", set,
                                also_set, " WHERE NOT (", sound, ")");
  }
  check.drop = absl::StrCat("DELETE FROM ", table, " WHERE NOT (", sound, ")");
  return check;
}

constexpr Column kReportColumns[] = {{"report_id", kRowId},
                                     {"entry_id", kEntryId},
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
                                     {"series", kText},
                                     {"request_id", kText}};
// An entry is found by its key, so its number may be any.
constexpr Column kJournalColumns[] = {
    {"journal_id", kRowId},
    {"repository_key", kRepositoryKey},
    {"sha", kSha},
    {"context", kText},
    {"entry_id", kInteger, "0"},
    {"disposition", SIGNALBOX_BETWEEN("1", "3")},
    {"accept_time_us", kNearTime, "?1"},
    {"version", kCount},
    {"sequence", kNumber},
    {"phase",
     SIGNALBOX_BETWEEN(
         "1", "4") " AND ($ IN (3, 4)) = (journal.result IS NOT NULL)"},
    {"attempt", kInteger},
    {"series", kText},
    {"result", kResultOrNull},
    {"description", kText, "''"},
    {"target_url", kText, "''"},
    {"caller", kText, "''"},
    {"delivery_id", kText, "''"},
    {"expire_time_us", kIntegerOrNull, "NULL"},
    {"expires_after_us", kIntegerOrNull, "NULL"},
    {"first_due_time_us", kNearTime, "?1"},
    {"run_attempt", kInteger},
    {"run_series", kText},
    {"run_state", kRunState},
    {"run_result", kResultOrNull},
    {"reported_as", kText, "''"},
    {"newest_text_wins", kBool, "0"},
    {"request_id", kText, "''"}};
constexpr Column kTryColumns[] = {
    {"try_id", kRowId},        {"entry_id", kEntryId},
    {"sequence", kNumber},     {"begin_time_us", kInteger},
    {"end_time_us", kInteger}, {"http_status", kInt},
    {"request_id", kText},     {"reason", kText},
    {"message", kText}};
constexpr Column kRunColumns[] = {
    {"entry_id", kEntryId}, {"place", kCount},    {"series", kText},
    {"attempt", kInteger},  {"state", kRunState}, {"result", kResultOrNull}};
constexpr Column kStatusChangeColumns[] = {{"change_sequence", kCount},
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
                                           {"series", kText},
                                           {"report_sequence", kCount}};
constexpr Column kObservedStatusColumns[] = {
    {"entry_id", kEntryId}, {"status_id", kNumber},
    {"sequence", kCount},   {"observe_time_us", kInteger},
    {"state", kText},       {"description", kText},
    {"target_url", kText},  {"creator_login", kText}};
// The delivery is remembered as long as if it arrived now.
constexpr Column kDeliveryColumns[] = {{"id", kText},
                                       {"digest", kBlob, "x''"},
                                       {"accept_time_us", kNearTime, "?1"}};
constexpr Column kPullRequestColumns[] = {{"repository_key", kRepositoryKey},
                                          {"number", kNumber},
                                          {"updated_time_us", kInteger},
                                          {"head_sha", kSha}};
constexpr Column kRefHeadColumns[] = {{"repository_key", kRepositoryKey},
                                      {"name", kText},
                                      {"sha", kSha},
                                      {"update_time_us", kInteger}};
constexpr Column kRepositoryAliasColumns[] = {
    {"canonical", kText},
    {"repository_key", kRepositoryKey},
    {"github_repository_id", kCount, "0"},
    {"checked_time_us", kNearTime, "0"}};
// The longest pause that GitHub can ask for, so that no request is made
// too early.
constexpr Column kCredentialPauseColumns[] = {
    {"credential", kText}, {"until_time_us", kInteger, "?1 + 3600000000"}};
constexpr Column kRerunColumns[] = {{"repository_key", kRepositoryKey},
                                    {"pull_request_number", kNumber},
                                    {"contexts", kText},
                                    {"login", kText},
                                    {"author_association", kText},
                                    {"caller", kText},
                                    {"delivery_id", kText, "''"},
                                    {"try_count", kInt, "0"},
                                    {"due_time_us", kInteger, "?1"}};
constexpr Column kHookColumns[] = {
    {"host", kText}, {"hook_id", kNumber}, {"seen_time_us", kInteger}};
constexpr Column kNamedTimeColumns[] = {{"name", kText}, {"time_us", kInteger}};
constexpr Column kInstallationColumns[] = {
    {"credential", kText}, {"app", kText}, {"installation_id", kNumber}};
constexpr Column kCredentialCreatorColumns[] = {{"credential", kText},
                                                {"login", kText},
                                                {"user_id", kCount, "0"},
                                                {"type", kText}};
constexpr Column kRedeliveryColumns[] = {
    {"delivery_id", kText}, {"awaited", kCount}, {"asked_time_us", kNearTime}};
constexpr Column kNameQuestionColumns[] = {{"subject", kText},
                                           {"host", kText},
                                           {"owner", kText},
                                           {"name", kText},
                                           {"credential", kText},
                                           {"github_repository_id", kCount},
                                           {"first_time_us", kNearTime},
                                           {"asked_time_us", kNearTime},
                                           {"ask_time_us", kNearTime}};
// Guesses the kind by the other columns, which do not tell 2 from 1, or 6
// from 4.
constexpr Column kChoreColumns[] = {
    {"kind", kChoreKind,
     "CASE WHEN target_key = 0 THEN CASE repository_key WHEN 0 THEN 5 "
     "ELSE 4 END WHEN name = '' THEN 1 ELSE 3 END"},
    {"repository_key",
     "$ = 0 OR " SIGNALBOX_IS_IN("repository", "repository_key")},
    {"target_key", "$ = 0 OR " SIGNALBOX_IS_IN("repository", "repository_key")},
    {"name", kText, "''"},
    {"done_to", kText, "''"}};
constexpr Column kParkingColumns[] = {
    {"repository_key", kRepositoryKey},
    {"credential", SIGNALBOX_IS_OF_REPOSITORY("parking")},
    {"reason", kText},
    {"since_time_us", kNearTime},
    {"step", kInt},
    {"next_time_us", kNearTime},
    {"refuse_time_us", kNearTime},
    {"report_time_us", kNearTime},
    {"probe_entry_id", kInteger},
    {"due_time_us", kNearTime},
    {"gives_up", kBool}};
constexpr Column kDueRepositoryColumns[] = {
    {"credential", SIGNALBOX_IS_OF_REPOSITORY("due_repository")},
    {"is_pending", kBool},
    {"canonical", SIGNALBOX_IS_OF_REPOSITORY("due_repository")},
    {"repository_key", kRepositoryKey}};
constexpr Column kTermColumns[] = {
    {"name", "$ = 'work'"},      {"owner", kBlob},  {"epoch", kCount},
    {"taken_time_us", kInteger}, {"holder", kText}, {"beat", kCount},
    {"beat_time_us", kInteger}};

// The parts of a canonical name.
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

constexpr Column kRepositoryColumns[] = {
    {"canonical",
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
    {"number_by", kText, "''"}};

// The repository of a commit: that of its entries, else a repository without a
// name, which no caller asks for.
#define SIGNALBOX_KEY_BY_ENTRIES                                   \
  "(SELECT e.repository_key FROM entry AS e JOIN repository AS r " \
  "ON r.repository_key = e.repository_key "                        \
  "WHERE e.commit_key = commit_summary.commit_key LIMIT 1)"
#define SIGNALBOX_KEY_OF_NAMELESS                  \
  "(SELECT r.repository_key FROM repository AS r " \
  "WHERE r.canonical = 'damaged//for/' || commit_summary.repository_key)"

TableCheck MakeCommitCheck(const char* repository_key) {
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

constexpr Column kEntryColumns[] = {
    {"commit_key",
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
    {"abandon_time_us", kIntegerOrNull, "NULL"},
    {"newest_text_wins", kBool, "0"}};

}  // namespace

const TableChecks& AllTableChecks() {
  static const auto* const checks = new TableChecks{
      .plain = {Make("journal", "journal_id", kJournalColumns),
                Make("report", "report_id", kReportColumns),
                Make("try", "try_id", kTryColumns),
                Make("run", "entry_id", kRunColumns),
                Make("status_change", "change_sequence", kStatusChangeColumns),
                Make("observed_status", "entry_id", kObservedStatusColumns),
                Make("delivery", "delivery_key", kDeliveryColumns),
                Make("pull_request", "repository_key", kPullRequestColumns),
                Make("ref_head", "repository_key", kRefHeadColumns),
                Make("repository_alias", "canonical", kRepositoryAliasColumns),
                Make("credential_pause", "credential", kCredentialPauseColumns),
                Make("credential_creator", "credential",
                     kCredentialCreatorColumns),
                Make("rerun", "rerun_id", kRerunColumns),
                Make("hook", "host", kHookColumns),
                Make("named_time", "name", kNamedTimeColumns),
                Make("installation", "credential", kInstallationColumns),
                Make("redelivery", "delivery_id", kRedeliveryColumns),
                Make("name_question", "question_id", kNameQuestionColumns),
                Make("chore", "chore_id", kChoreColumns),
                Make("parking", "repository_key", kParkingColumns),
                Make("due_repository", "canonical", kDueRepositoryColumns)},
      .term = Make("term", "name", kTermColumns),
      .repository = Make("repository", "repository_key", kRepositoryColumns),
      .commit = MakeCommitCheck(SIGNALBOX_KEY_BY_ENTRIES),
      .nameless_commit = MakeCommitCheck(SIGNALBOX_KEY_OF_NAMELESS),
      .entry = Make("entry", "entry_id", kEntryColumns,
                    ", lease_epoch = 0, lease_version = -1"),
      .lease_epoch =
          Make("entry", "entry_id", {{"lease_epoch", kInteger, "0"}})};
  return *checks;
}

const std::string& EntryIsSound() { return AllTableChecks().entry.sound; }

}  // namespace signalbox
