// One damaged row is set aside and counted, and the server goes on. Each column
// of each table gets each kind of damage, and then the server does all its
// work. With SIGNALBOX_ALL_DAMAGE in the environment all damage is tried at
// rest and while posts are under way; without it, half at each.

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/fake_clock.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

struct Key {
  std::string repository;
  char sha;
  std::string context;

  friend auto operator<=>(const Key&, const Key&) = default;
};

std::string Text(const Key& key) {
  return absl::StrCat(key.repository, "@", std::string(1, key.sha), " ",
                      key.context);
}

// In the order of their rows in `entry`.
const std::vector<Key>& Keys() {
  static const auto* const keys = new std::vector<Key>{
      {"acme/widgets", 'a', "ci/build"}, {"acme/widgets", 'a', "ci/lint"},
      {"acme/locked", 'd', "ci/build"},  {"acme/widgets", 'a', "ci/hook"},
      {"acme/widgets", 'b', "ci/build"}, {"acme/locked", 'd', "ci/lint"},
      {"acme/gears", 'c', "ci/build"},   {"acme/barred", 'e', "ci/build"},
      {"acme/sound", 'f', "ci/build"},   {"acme/sound", 'f', "ci/lint"}};
  return *keys;
}

KeyReport ReportFor(const Key& key, std::optional<Result> result,
                    int64_t attempt) {
  KeyReport report = On(Pending(attempt), key.repository, key.sha, key.context);
  report.result = result;
  report.description = "In words";
  report.target_url = "https://ci.example.com/1";
  report.expires_after = absl::Hours(6);
  if (attempt > 0) report.series = "farm";
  return report;
}

// Runs statements on its own connection.
class Editor {
 public:
  explicit Editor(const std::string& path) {
    sqlite3_open(path.c_str(), &handle_);
    Run("PRAGMA synchronous = OFF");
  }
  ~Editor() { sqlite3_close(handle_); }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // Returns how many rows changed; -1: an error.
  int Run(const std::string& sql) {
    const int before = sqlite3_total_changes(handle_);
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      error_ = sqlite3_errmsg(handle_);
      return -1;
    }
    return sqlite3_total_changes(handle_) - before;
  }

  std::vector<std::vector<std::string>> List(const std::string& sql) {
    std::vector<std::vector<std::string>> rows;
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const unsigned char* const text = sqlite3_column_text(statement, i);
        row.push_back(text == nullptr ? ""
                                      : reinterpret_cast<const char*>(text));
      }
    }
    EXPECT_EQ(sqlite3_finalize(statement), SQLITE_OK) << sql;
    return rows;
  }

  const std::string& error() const { return error_; }

 private:
  sqlite3* handle_ = nullptr;
  std::string error_;
};

struct Damage {
  std::string table;
  std::string column;
  std::string value;  // In SQL.
  int row = 0;
  bool is_number = false;  // It has the column's type.
};

class SqliteAnyDamageTest : public testing::Test {
 protected:
  SqliteAnyDamageTest()
      : dir_(std::filesystem::is_directory("/dev/shm")
                 ? std::filesystem::path("/dev/shm")
                 : std::filesystem::temp_directory_path()) {
    MakeOriginals();
  }

  std::string DataDir() const { return dir_.Path("data"); }
  std::string Database() const { return DataDir() + "/signalbox.db"; }

  SqliteOutboxOptions Options() {
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = DataDir();
    options.credential_of = ContractCredential;
    options.readers = 1;
    options.on_failure = [this](const absl::Status& status) {
      failures_.push_back(status.ToString());
    };
    options.on_damaged_row = [this](const std::string& what) {
      damage_.push_back(what);
    };
    return options;
  }

  void Open() {
    auto opened = OpenSqliteOutbox(Options());
    ASSERT_TRUE(opened.ok()) << opened.status();
    outbox_ = *std::move(opened);
  }

  template <typename Seen>
  bool Works(const absl::StatusOr<Seen>& seen, const char* what) {
    return Works(seen.status(), what);
  }
  bool Works(const absl::Status& status, const char* what) {
    const bool works =
        status.ok() || absl::IsNotFound(status) || absl::IsOutOfRange(status);
    EXPECT_TRUE(works) << what << ": " << status;
    return works;
  }

  std::optional<Lease> Take(bool pendings) {
    LeaseRequest request;
    request.credential = "acme";
    request.pendings = pendings;
    request.may_probe = true;
    request.lease_time = absl::Seconds(20);
    const auto lease = signalbox::TakeDue(*outbox_, request, clock_->Now());
    if (!Works(lease, "TakeDue")) return std::nullopt;
    if (lease->has_value()) {
      EXPECT_NE((*lease)->entry_id, 0);
      EXPECT_EQ((*lease)->sha.bytes().size(), 20u);
      EXPECT_NE((*lease)->repository.name, "");
    }
    return *lease;
  }

  void Settle(const Lease& lease, Settlement::Kind kind) {
    Settlement settlement;
    settlement.entry_id = lease.entry_id;
    settlement.version = lease.version;
    settlement.lease_epoch = lease.lease_epoch;
    settlement.lease_number = lease.lease_number;
    settlement.kind = kind;
    settlement.attempted =
        Try{clock_->Now(), clock_->Now(), 201, "AB12:3", "", ""};
    if (kind == Settlement::Kind::kPosted) {
      settlement.shown = lease.wanted;
      settlement.writable = true;
      settlement.status_id = ++status_id_;
    } else {
      settlement.reason = "PERMISSION_MISSING";
    }
    Works(signalbox::Settle(*outbox_, settlement, clock_->Now()), "Settle");
  }

  void SettleAsEver(const Lease& lease) {
    const bool refused =
        lease.repository.name == "locked" || lease.repository.name == "barred";
    Settle(lease,
           refused ? Settlement::Kind::kParked : Settlement::Kind::kPosted);
  }

  // Posts all that is due within a minute.
  void Drain() {
    for (int round = 0; round < 3; ++round) {
      Works(outbox_->FindDueWork(clock_->Now()), "FindDueWork");
      for (const bool pendings : {false, true}) {
        for (int i = 0; i < 50; ++i) {
          const std::optional<Lease> lease = Take(pendings);
          if (!lease.has_value()) break;
          EXPECT_LT(i, 49);
          SettleAsEver(*lease);
        }
      }
      clock_->Advance(absl::Seconds(15));
    }
  }

  std::vector<Outcome> Accept(const std::vector<Submission>& submissions) {
    const auto outcomes = outbox_->Accept(submissions, clock_->Now());
    if (!Works(outcomes, "Accept")) return {};
    return *outcomes;
  }

  void MakeOriginals() {
    std::filesystem::create_directory(DataDir());
    Open();
    std::vector<Submission> submissions;
    for (const Key& key : Keys()) {
      const bool is_pending = key.context != "ci/build";
      Submission& submission = submissions.emplace_back();
      SetReport(&submission,
                ReportFor(key,
                          is_pending ? std::nullopt
                                     : std::optional<Result>(Result::kFailure),
                          3));
      if (key.repository == "acme/gears") {
        submission.report.repository = Repo("cogs");
      }
      if (key.context == "ci/hook") {
        submission.report.from_webhook = true;
        submission.report.attempt = 0;
        submission.report.series.clear();
        submission.delivery = Delivery{"first", std::string(32, 'd'),
                                       "pull_request", "opened", 7};
        submission.change.emplace();
        submission.change->event = "pull_request";
        submission.change->head_ref = "topic";
        submission.change->pull_request_number = 5;
        submission.change->updated_time = clock_->Now();
      }
    }
    Accept(submissions);
    // The first key has reports of two series.
    Accept({Of({InSeries("nightly", ReportFor(Keys()[0], std::nullopt, 8))}),
            Of({ReportFor(Keys()[0], Result::kError, 4)})});
    Works(RenameRepository(*outbox_, Repo("cogs"), Repo("gears"), 17,
                           clock_->Now()),
          "RenameRepository");
    Accept(
        {Of({ReportFor({"acme/cogs", 'c', "ci/build"}, Result::kError, 4)})});
    clock_->Advance(absl::Seconds(20));
    for (int i = 0; i < 20; ++i) {
      const std::optional<Lease> lease = Take(false);
      if (!lease.has_value()) break;
      if (lease->repository.name == "locked" ||
          lease->repository.name == "barred") {
        Settle(*lease, Settlement::Kind::kParked);
      } else {
        Settle(*lease, Settlement::Kind::kPosted);
      }
    }
    // So that some are due, with something shown.
    for (const Key& key : Keys()) {
      if (key.context == "ci/build") {
        Accept({Of({ReportFor(key, Result::kFailure, 5)})});
      }
    }
    Submission observed =
        Of({ReportFor({"acme/widgets", 'a', "ci/seen"}, Result::kSuccess, 0)});
    observed.observed = Observed{900, "octocat"};
    Accept({observed});
    EventSubmission event;
    event.delivery = {"second", "", "issue_comment", "created", 7};
    event.event =
        RerunRequested{Repo("widgets"), 5, {"ci/build"}, "octocat", "MEMBER"};
    Works(outbox_->AcceptEvent(event, clock_->Now()), "AcceptEvent");
    Works(outbox_->SetPause("acme", absl::Minutes(1), clock_->Now()),
          "SetPause");
    Works(AsHolder(*outbox_, &Outbox::SetNamedTime, "looked", clock_->Now()),
          "SetNamedTime");
    Works(AsHolder(*outbox_, &Outbox::AwaitRedelivery, "third", false,
                   clock_->Now()),
          "AwaitRedelivery");
    const CredentialInstallation installation{"acme", "app", 12};
    Works(AsHolder(*outbox_, &Outbox::SetInstallations, {&installation, 1}),
          "SetInstallations");
    outbox_.reset();
    {
      Editor editor(Database());
      ASSERT_EQ(editor.Run("INSERT INTO chore (kind, repository_key, "
                           "target_key, name, done_to) "
                           "SELECT 4, repository_key, 0, '', '' FROM "
                           "repository WHERE name = 'sound'"),
                1);
      ASSERT_EQ(editor.Run("INSERT INTO credential_creator (credential, login, "
                           "user_id, type) VALUES ('acme', 'octocat', 1, "
                           "'User')"),
                1);
      for (const char* table : {"entry",
                                "report",
                                "try",
                                "status_change",
                                "run",
                                "commit_summary",
                                "repository",
                                "repository_alias",
                                "credential_pause",
                                "credential_creator",
                                "due_repository",
                                "delivery",
                                "pull_request",
                                "ref_head",
                                "observed_status",
                                "rerun",
                                "hook",
                                "named_time",
                                "installation",
                                "redelivery",
                                "name_question",
                                "chore",
                                "parking",
                                "meta",
                                "term"}) {
        ASSERT_NE(editor.List(absl::StrCat("SELECT * FROM ", table)).size(), 0u)
            << table;
      }
      columns_ = editor.List(
          "SELECT m.name, c.name, c.type, c.pk, c.\"notnull\" "
          "FROM sqlite_schema AS m, "
          "pragma_table_info(m.name) AS c WHERE m.type = 'table' "
          "AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid");
      ASSERT_GT(columns_.size(), 150u);
      editor.Run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    std::filesystem::copy_file(Database(), dir_.Path("strict.db"));
    {
      Editor editor(Database());
      ASSERT_GT(editor.Run(
                    "PRAGMA writable_schema = ON; "
                    "UPDATE sqlite_schema SET sql = replace(replace(replace("
                    "sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')'), "
                    "' NOT NULL', '') WHERE type = 'table'"),
                10);
      editor.Run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    std::filesystem::copy_file(Database(), dir_.Path("lax.db"));
    begin_time_ = clock_->Now();
  }

  // The original database, and an editor that may write anything. Other
  // connections see the tables with their constraints.
  std::unique_ptr<Editor> Restore() {
    outbox_.reset();
    std::filesystem::remove_all(DataDir());
    std::filesystem::create_directory(DataDir());
    std::filesystem::copy_file(dir_.Path("lax.db"), Database());
    auto editor = std::make_unique<Editor>(Database());
    editor->List("SELECT * FROM entry LIMIT 0");
    EXPECT_GE(
        editor->Run(absl::StrCat(
            "PRAGMA writable_schema = ON; ATTACH '", dir_.Path("strict.db"),
            "' AS strict; UPDATE main.sqlite_schema AS m SET sql = "
            "(SELECT o.sql FROM strict.sqlite_schema AS o "
            "WHERE o.name = m.name AND o.type = m.type) "
            "WHERE type = 'table' AND name NOT LIKE 'sqlite%'; DETACH strict")),
        0)
        << editor->error();
    failures_.clear();
    damage_.clear();
    status_id_ = 1000;
    clock_ = std::make_unique<FakeClock>();
    clock_->Advance(begin_time_ - clock_->Now());
    return editor;
  }

  enum class Moment { kAtRest, kUnderWay };

  std::vector<Damage> AllDamage(
      Moment moment,
      const std::function<bool(const std::string&)>& wants_table) {
    std::vector<Damage> all;
    for (const auto& column : columns_) {
      if (!wants_table(column[0])) continue;
      const bool is_number = column[2] == "INTEGER";
      std::vector<int> rows = {0};
      // One that is due, and one that probes or may expire.
      if (column[0] == "entry") {
        rows = {0, moment == Moment::kAtRest ? 2 : 1};
      }
      for (const int row : rows) {
        if (column[4] == "1" || column[3] != "0") {
          all.push_back({column[0], column[1], "NULL", row, false});
        }
        all.push_back({column[0], column[1], "'soon'", row, !is_number});
        all.push_back({column[0], column[1], "x'fe00'", row, false});
        if (!is_number) continue;  // A text column would store it as text.
        for (const char* number : {"9223372036854775807", "-5"}) {
          all.push_back({column[0], column[1], number, row, true});
        }
      }
    }
    return all;
  }

  // Returns false if the table cannot hold the damage.
  bool Do(Editor* editor, const Damage& damage) {
    std::string key;
    for (const auto& column : columns_) {
      if (column[0] != damage.table || column[3] == "0") continue;
      absl::StrAppend(&key, key.empty() ? "" : ", ", column[1]);
    }
    return editor->Run(absl::StrCat("UPDATE ", damage.table, " SET ",
                                    damage.column, " = ", damage.value,
                                    " WHERE (", key, ") IN (SELECT ", key,
                                    " FROM ", damage.table, " ORDER BY ", key,
                                    " LIMIT 1 OFFSET ", damage.row, ")")) == 1;
  }

  static bool IsHit(const Damage& damage, const Key& key) {
    if (damage.table == "entry") return key == Keys()[damage.row];
    if (damage.table == "commit_summary") {
      return key.repository == Keys()[0].repository && key.sha == Keys()[0].sha;
    }
    // Its old name may then count as another repository's.
    if (damage.table == "repository_alias") {
      return key.repository == "acme/gears";
    }
    if (damage.table == "repository") {
      return key.repository == Keys()[0].repository;
    }
    return false;
  }

  void ReadAll() {
    const absl::Time now = clock_->Now();
    Works(outbox_->FindDueWork(now), "FindDueWork");
    Works(outbox_->ListCommits(std::nullopt, 0, 100), "ListCommits");
    Works(outbox_->ListCommits(Repo("widgets"), 0, 100), "ListCommits");
    Works(outbox_->NewestChange(), "NewestChange");
    Works(outbox_->ChangesAfter(ChangeCursor(0), 1000), "ChangesAfter");
    StatusQuery query;
    query.limit = 100;
    Works(outbox_->ListStatuses(query), "ListStatuses");
    query.states.insert(PostingState::kPosted);
    Works(outbox_->ListStatuses(query), "ListStatuses");
    Works(outbox_->CountPostings(now), "CountPostings");
    Works(outbox_->CredentialsOfParked(), "CredentialsOfParked");
    Works(outbox_->MeantBy(Repo("cogs")), "MeantBy");
    Works(outbox_->FindRepository(Repo("cogs")), "FindRepository");
    Works(outbox_->FindRepositoryWithNumber("github.com", 17),
          "FindRepositoryWithNumber");
    Works(outbox_->ResolveRef(Repo("widgets"), "topic"), "ResolveRef");
    Works(outbox_->ResolveRef(Repo("widgets"), "aaaaaaa"), "ResolveRef");
    Works(outbox_->FindDueWork(now + absl::Hours(48)), "FindDueWork");
    Works(outbox_->Pauses(clock_->Now()), "Pauses");
    Works(outbox_->Installations(), "Installations");
    Works(outbox_->Creators(), "Creators");
    Works(outbox_->Reruns(clock_->Now(), 100), "Reruns");
    const std::vector<std::string> ids = {"first", "second", "third"};
    Works(outbox_->KnownDeliveries(ids), "KnownDeliveries");
    Works(outbox_->SeenHooks(), "SeenHooks");
    Works(outbox_->Repositories(CanonicalName(), 100), "Repositories");
    Works(outbox_->GetNamedTime("looked"), "GetNamedTime");
    Works(outbox_->Look(), "Look");
    for (const Key& key : Keys()) {
      Works(outbox_->GetCommit(Repo(key.repository), ShaOf(key.sha)),
            "GetCommit");
      Works(outbox_->ListReports(Repo(key.repository), ShaOf(key.sha), 0, 100),
            "ListReports");
      Works(outbox_->GetHistory(ReportFor(key, std::nullopt, 0).Key()),
            "GetHistory");
    }
  }

  // A status as GitHub and people see it, in words.
  std::string Seen(const Key& key) {
    const auto history =
        outbox_->GetHistory(ReportFor(key, std::nullopt, 0).Key());
    if (!history.ok()) return history.status().ToString();
    const StatusView& status = history->status;
    return absl::StrCat(CommitStateName(status.state), " ", status.description,
                        " ", status.attempt, " ",
                        static_cast<int>(status.posting.state), " ",
                        status.posting.reason);
  }

  // Accepts reports for every key, and does nothing else.
  void ReportAll(const std::function<bool(const Key&)>& is_hit,
                 bool may_be_superseded) {
    std::vector<Submission> submissions;
    std::vector<std::vector<Key>> of;
    const auto add = [&](const std::vector<Key>& keys) {
      std::vector<KeyReport> reports;
      for (const Key& key : keys) {
        reports.push_back(ReportFor(key, Result::kSuccess, 10));
      }
      submissions.push_back(Of(reports));
      of.push_back(keys);
    };
    // A submission of many contexts, single ones, and one by an old name.
    add({Keys()[0], Keys()[1], Keys()[3]});
    add({Keys()[2], Keys()[5]});
    add({Keys()[4]});
    add({{"acme/cogs", 'c', "ci/build"}});
    add({Keys()[7]});
    add({Keys()[8], Keys()[9]});
    // Other contexts of the same commits.
    for (const Key& key : {Keys()[0], Keys()[2], Keys()[8]}) {
      add({{key.repository, key.sha, "ci/new"}});
    }
    Submission hook =
        Of({ReportFor({"acme/widgets", 'a', "ci/hooked"}, std::nullopt, 0)});
    hook.report.from_webhook = true;
    hook.delivery = Delivery{"fourth", std::string(32, 'e'), "pull_request",
                             "synchronize", 7};
    hook.change.emplace();
    hook.change->event = "pull_request";
    hook.change->head_ref = "topic";
    hook.change->pull_request_number = 5;
    hook.change->updated_time = clock_->Now();
    submissions.push_back(hook);
    of.push_back({{"acme/widgets", 'a', "ci/hooked"}});
    // A delivery that came before.
    Submission again =
        Of({ReportFor({"acme/widgets", 'a', "ci/hook"}, std::nullopt, 0)});
    again.report.from_webhook = true;
    again.delivery =
        Delivery{"first", std::string(32, 'd'), "pull_request", "opened", 7};
    submissions.push_back(again);
    of.push_back({});
    const std::vector<Outcome> outcomes = Accept(submissions);
    ASSERT_EQ(outcomes.size(), submissions.size());
    for (size_t i = 0; i < outcomes.size(); ++i) {
      EXPECT_TRUE(outcomes[i].status.ok()) << outcomes[i].status;
      for (size_t j = 0; j < of[i].size(); ++j) {
        const Key& key = of[i][j];
        const Disposition disposition = outcomes[i].receipts.at(j).disposition;
        if (is_hit(key) && may_be_superseded) continue;
        EXPECT_EQ(disposition, Disposition::kAccepted) << Text(key);
        const auto history =
            outbox_->GetHistory(ReportFor(key, std::nullopt, 0).Key());
        if (!history.ok()) {
          ADD_FAILURE() << Text(key) << ": " << history.status();
          continue;
        }
        EXPECT_EQ(history->status.result, submissions[i].report.result)
            << Text(key);
        EXPECT_NE(history->status.posting.state, PostingState::kAbandoned)
            << Text(key);
      }
    }
  }

  void Events() {
    const absl::Time now = clock_->Now();
    const std::pair<const char*, Event> events[] = {
        {"5", RepositoryArchived{Repo("widgets"), 0, false}},
        {"6", InstallationChanged{"github.com", "acme", 1, 1, "created"}},
        {"7", RerunRequested{Repo("widgets"), 5, {}, "octocat", "MEMBER"}},
        {"8", RepositoryMoved{Repo("cogs"), Repo("gears"), 17, now}},
    };
    for (const auto& [id, event] : events) {
      EventSubmission submission;
      submission.delivery = {id, "", "event", "", 7};
      submission.event = event;
      Works(outbox_->AcceptEvent(submission, now), "AcceptEvent");
    }
  }

  void Chores() {
    for (int i = 0; i < 20; ++i) {
      const auto more = AsHolder(*outbox_, &Outbox::DoChores, clock_->Now());
      if (!Works(more, "DoChores") || !*more) return;
    }
    ADD_FAILURE() << "chores without end";
  }

  void Upkeep() {
    const absl::Time now = clock_->Now();
    Works(AsHolder(*outbox_, &Outbox::BringForward, kFarthestDue, now, 100),
          "BringForward");
    Works(AsHolder(*outbox_, &Outbox::BringProbesForward, "acme", 0, now, 100),
          "BringProbesForward");
    Works(AsHolder(*outbox_, &Outbox::AbandonParked, now, 100),
          "AbandonParked");
    Works(AsHolder(*outbox_, &Outbox::AbandonHeld, "acme", "CREDENTIAL_REFUSED",
                   absl::Hours(1), now, 100),
          "AbandonHeld");
    std::vector<StatusKey> keys;
    for (const Key& key : Keys()) {
      keys.push_back(ReportFor(key, std::nullopt, 0).Key());
      Submission named = Of({});
      named.report = ReportFor(key, std::nullopt, 0);
      named.delivery = Delivery{"names", "", "push", "", 7};
      Works(outbox_->Accept({named}, now), "Accept");
    }
    std::vector<int64_t> entries;
    for (size_t i = 1; i <= Keys().size(); ++i) entries.push_back(i);
    Works(outbox_->Confess(entries, now), "Confess");
    Works(outbox_->RetryAll(keys, now), "RetryAll");
    for (const StatusKey& key : keys) Works(outbox_->Retry(key, now), "Retry");
    Works(outbox_->SetPause("acme", absl::Minutes(1), now), "SetPause");
    Works(AsHolder(*outbox_, &Outbox::SetNamedTime, "looked", now),
          "SetNamedTime");
    Works(AsHolder(*outbox_, &Outbox::AwaitRedelivery, "third", true, now),
          "AwaitRedelivery");
    Works(AsHolder(*outbox_, &Outbox::AwaitRedelivery, "third", false, now),
          "AwaitRedelivery");
    const CredentialInstallation installation{"acme", "app", 12};
    Works(AsHolder(*outbox_, &Outbox::SetInstallations, {&installation, 1}),
          "SetInstallations");
    const auto reruns = outbox_->Reruns(now, 100);
    if (Works(reruns, "Reruns")) {
      for (const Rerun& rerun : *reruns) {
        Works(AsHolder(*outbox_, &Outbox::SettleRerun, rerun.id,
                       absl::ZeroDuration(), now),
              "SettleRerun");
        Works(AsHolder(*outbox_, &Outbox::SettleRerun, rerun.id, std::nullopt,
                       now),
              "SettleRerun");
      }
    }
    const auto work = outbox_->FindDueWork(now + absl::Hours(48));
    if (Works(work, "FindDueWork")) {
      for (const NameQuestion& question : work->questions) {
        NameAnswer answer;
        answer.question_id = question.id;
        Works(AsHolder(*outbox_, &Outbox::AnswerName, answer, now),
              "AnswerName");
        answer.kind = NameAnswer::Kind::kNamed;
        answer.name = Repo("gears");
        answer.number = 17;
        answer.update_time = now;
        Works(AsHolder(*outbox_, &Outbox::AnswerName, answer, now),
              "AnswerName");
      }
    }
  }

  // Two repositories get the names of two others, and become one with them.
  void Merge() {
    const absl::Time now = clock_->Now();
    Works(RenameRepository(*outbox_, Repo("widgets"), Repo("sound"), 0, now),
          "RenameRepository");
    Works(RenameRepository(*outbox_, Repo("locked"), Repo("barred"), 0, now),
          "RenameRepository");
    Chores();
  }

  void ForgetOlderThan(absl::Duration age) {
    for (int i = 0; i < 20; ++i) {
      const auto more =
          AsHolder(*outbox_, &Outbox::ForgetOlderThan, age, clock_->Now());
      if (!Works(more, "ForgetOlderThan") || !*more) return;
    }
    ADD_FAILURE() << "forgetting without end";
  }

  // Does all of the server's work with the damage. Returns what becomes of the
  // keys that the damage does not hit.
  std::map<Key, std::string> RunAll(Moment moment, const Damage* damage,
                                    bool* is_done) {
    std::map<Key, std::string> seen;
    const std::unique_ptr<Editor> editor = Restore();
    std::vector<Lease> leases;
    *is_done = true;
    if (moment == Moment::kAtRest && damage != nullptr) {
      *is_done = Do(editor.get(), *damage);
      if (!*is_done) return seen;
    }
    Open();
    if (outbox_ == nullptr) return seen;
    if (moment == Moment::kUnderWay) {
      clock_->Advance(absl::Seconds(1));
      for (const bool pendings : {false, true}) {
        for (int i = 0; i < 20; ++i) {
          std::optional<Lease> lease = Take(pendings);
          if (!lease.has_value()) break;
          leases.push_back(*std::move(lease));
        }
      }
      if (damage != nullptr) *is_done = Do(editor.get(), *damage);
      if (!*is_done) return seen;
      for (const Lease& lease : leases) SettleAsEver(lease);
      EXPECT_GT(leases.size(), 3u);
    } else {
      ReadAll();
      Drain();
    }
    const auto is_hit = [&](const Key& key) {
      return damage != nullptr && IsHit(*damage, key);
    };
    clock_->Advance(absl::Seconds(1));
    ReportAll(is_hit,
              damage != nullptr && damage->is_number &&
                  (damage->column == "attempt" || damage->column == "series"));
    Drain();
    ReadAll();
    for (const Key& key : Keys()) {
      if (!is_hit(key)) seen[key] = Seen(key);
    }
    Upkeep();
    Chores();
    Events();
    Chores();
    Drain();
    clock_->Advance(absl::Hours(8));
    Works(AsHolder(*outbox_, &Outbox::ExpirePendings, clock_->Now(), 100),
          "ExpirePendings");
    Merge();
    ReportAll([](const Key&) { return true; }, true);
    Drain();
    ReadAll();
    ForgetOlderThan(absl::Hours(7));
    ForgetOlderThan(-absl::Hours(24));
    ReadAll();
    EXPECT_EQ(failures_.size(), 0u) << failures_.front();
    if (damage == nullptr) {
      EXPECT_EQ(damage_.size(), 0u) << damage_.front();
    }
    outbox_.reset();
    return seen;
  }

  void TryAll(Moment moment,
              const std::function<bool(const std::string&)>& wants_table) {
    bool is_done = false;
    const std::map<Key, std::string> sound = RunAll(moment, nullptr, &is_done);
    ASSERT_FALSE(HasFailure());
    // Each of the two moments tries every other damage.
    const bool tries_all = getenv("SIGNALBOX_ALL_DAMAGE") != nullptr;
    int place = moment == Moment::kAtRest ? 0 : 1;
    int tried = 0;
    for (const Damage& damage : AllDamage(moment, wants_table)) {
      if (++place % 2 == 0 && !tries_all) continue;
      SCOPED_TRACE(absl::StrCat(damage.table, ".", damage.column, " = ",
                                damage.value, " in row ", damage.row));
      const std::map<Key, std::string> seen = RunAll(moment, &damage, &is_done);
      if (!is_done) continue;
      ++tried;
      for (const auto& [key, what] : seen) {
        EXPECT_EQ(what, sound.at(key)) << Text(key);
      }
    }
    EXPECT_GT(tried, 10);
  }

  const TempDir dir_;
  std::unique_ptr<FakeClock> clock_ = std::make_unique<FakeClock>();
  absl::Time begin_time_;
  std::vector<std::vector<std::string>> columns_;
  std::unique_ptr<Outbox> outbox_;
  std::vector<std::string> failures_;
  std::vector<std::string> damage_;
  int64_t status_id_ = 1000;
};

bool IsOfEntries(const std::string& table) { return table == "entry"; }
bool IsOfOthers(const std::string& table) { return table != "entry"; }

TEST_F(SqliteAnyDamageTest, OfEntriesAtRest) {
  TryAll(Moment::kAtRest, IsOfEntries);
}

TEST_F(SqliteAnyDamageTest, OfEntriesWhilePostsAreUnderWay) {
  TryAll(Moment::kUnderWay, IsOfEntries);
}

TEST_F(SqliteAnyDamageTest, OfOtherTablesAtRest) {
  TryAll(Moment::kAtRest, IsOfOthers);
}

TEST_F(SqliteAnyDamageTest, OfOtherTablesWhilePostsAreUnderWay) {
  TryAll(Moment::kUnderWay, IsOfOthers);
}

}  // namespace
}  // namespace signalbox
