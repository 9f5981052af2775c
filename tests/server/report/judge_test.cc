#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/report/report.h"

namespace signalbox {
namespace {

// The rule, as DESIGN.md has it. P pending, R result, # the held number,
// 0 unnumbered, W a webhook pending; A accepted, U unchanged, S superseded,
// X refused, "+1" accepted in the next round.
constexpr char kTable[] = R"(
| held \ arriving | P# | R# | P0 | R0 | W | W or P with `rerun` |
| --- | --- | --- | --- | --- | --- | --- |
| nothing | A | A | A | A | A | A |
| webhook pending | A | A | A | A | U, renews | U, renews |
| farm's pending | U, renews; A if its text differs | A | as P# | A | S | U, renews |
| numbered result | S | U if the same result, else X | +1 | U if the same, else +1 | S | +1 |
| unnumbered result | S | A | +1 | U if the same, else A | S | +1 |
| expired pending | A (a sign of life) | A | A | A | S | +1 |
)";

using Table = std::map<std::string, std::map<std::string, std::string>>;

Table ReadTable() {
  std::vector<std::string> columns;
  Table table;
  for (const absl::string_view line :
       absl::StrSplit(kTable, '\n', absl::SkipEmpty())) {
    std::vector<std::string> cells = absl::StrSplit(line, '|');
    for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
    if (cells[1] == "---") continue;
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    for (size_t i = 2; i + 1 < cells.size(); ++i) {
      table[cells[1]][columns[i]] =
          cells[i] == "as P#" ? table[cells[1]]["P#"] : cells[i];
    }
  }
  return table;
}

// What a cell says of one pair of reports.
struct Expected {
  Disposition disposition;
  int64_t rounds;  // Added to the held one.
  bool renews;     // Only of what is not accepted.
};

Expected Read(const std::string& cell, bool same_result, bool same_text) {
  const Expected accepted = {Disposition::kAccepted, 0, false};
  const Expected next_round = {Disposition::kAccepted, 1, false};
  const Expected unchanged = {Disposition::kUnchanged, 0, false};
  const Expected renewed = {Disposition::kUnchanged, 0, true};
  const Expected superseded = {Disposition::kSuperseded, 0, false};
  const Expected conflict = {Disposition::kConflict, 0, false};
  if (cell == "A" || cell == "A (a sign of life)") return accepted;
  if (cell == "S") return superseded;
  if (cell == "+1") return next_round;
  if (cell == "U, renews") return renewed;
  if (cell == "U, renews; A if its text differs") {
    return same_text ? renewed : accepted;
  }
  if (cell == "U if the same result, else X") {
    return same_result ? unchanged : conflict;
  }
  if (cell == "U if the same, else +1") {
    return same_result ? unchanged : next_round;
  }
  if (cell == "U if the same, else A") {
    return same_result ? unchanged : accepted;
  }
  ADD_FAILURE() << "no such cell: " << cell;
  return superseded;
}

const std::map<std::string, Phase>& Rows() {
  static const auto* const rows = new std::map<std::string, Phase>{
      {"webhook pending", Phase::kWebhookPending},
      {"farm's pending", Phase::kFarmPending},
      {"numbered result", Phase::kNumberedResult},
      {"unnumbered result", Phase::kUnnumberedResult},
      {"expired pending", Phase::kExpired}};
  return *rows;
}

bool IsResult(Phase phase) {
  return phase == Phase::kNumberedResult || phase == Phase::kUnnumberedResult;
}

constexpr std::array kResults = {
    Result::kSuccess, Result::kFailure,  Result::kError,  Result::kCancelled,
    Result::kSkipped, Result::kTimedOut, Result::kNeutral};

// All reports of a column, with `number` where it says #.
std::vector<Report> ColumnReports(const std::string& column, int64_t number) {
  std::vector<Report> reports;
  const auto pendings = [&](int64_t attempt, bool from_webhook, bool rerun) {
    for (const char* const description : {"", "text"}) {
      for (const char* const target_url : {"", "https://ci.example"}) {
        Report report;
        report.attempt = attempt;
        report.from_webhook = from_webhook;
        report.rerun = rerun;
        report.description = description;
        report.target_url = target_url;
        reports.push_back(report);
      }
    }
  };
  const auto results = [&](int64_t attempt) {
    for (const Result result : kResults) {
      Report report;
      report.attempt = attempt;
      report.result = result;
      report.description = "text";
      reports.push_back(report);
    }
  };
  if (column == "P#") pendings(number, false, false);
  if (column == "P0") pendings(0, false, false);
  if (column == "R#") results(number);
  if (column == "R0") results(0);
  if (column == "W") pendings(0, true, false);
  if (column == "W or P with `rerun`") {
    pendings(0, true, true);
    pendings(0, false, true);
    if (number > 0) pendings(number, false, true);
  }
  EXPECT_FALSE(reports.empty()) << column;
  return reports;
}

// All entries of a row.
std::vector<Held> RowEntries(Phase phase, int64_t attempt, int64_t round) {
  std::vector<Held> entries;
  Held held;
  held.phase = phase;
  held.attempt = attempt;
  held.round = round;
  for (const char* const description : {"", "text"}) {
    for (const char* const target_url : {"", "https://ci.example"}) {
      held.description = description;
      held.target_url = target_url;
      if (!IsResult(phase)) {
        entries.push_back(held);
        continue;
      }
      for (const Result result : kResults) {
        held.result = result;
        entries.push_back(held);
      }
    }
  }
  return entries;
}

Phase PhaseOfArriving(const Report& report) {
  if (report.result.has_value()) {
    return report.attempt > 0 ? Phase::kNumberedResult
                              : Phase::kUnnumberedResult;
  }
  return report.from_webhook ? Phase::kWebhookPending : Phase::kFarmPending;
}

std::string Name(const Report& report) {
  return absl::StrCat(
      report.result.has_value() ? "result " : "pending ",
      report.result.has_value() ? static_cast<int>(*report.result) : 0,
      " attempt ", report.attempt, report.from_webhook ? " webhook" : "",
      report.rerun ? " rerun" : "", " '", report.description, "' '",
      report.target_url, "'");
}

TEST(JudgeTest, TheTableHasSixRowsAndSixColumns) {
  const Table table = ReadTable();
  EXPECT_EQ(table.size(), 6U);
  for (const auto& [row, cells] : table) {
    EXPECT_EQ(cells.size(), 6U) << row;
    EXPECT_TRUE(row == "nothing" || Rows().count(row) == 1) << row;
  }
}

TEST(JudgeTest, AcceptsTheFirstReportOfAKey) {
  const Table table = ReadTable();
  for (const auto& [column, cell] : table.at("nothing")) {
    EXPECT_EQ(cell, "A");
    for (const Report& report : ColumnReports(column, 7)) {
      const Judgement judgement = Judge(nullptr, report);
      EXPECT_EQ(judgement.disposition, Disposition::kAccepted) << Name(report);
      EXPECT_EQ(judgement.phase, PhaseOfArriving(report)) << Name(report);
      EXPECT_EQ(judgement.attempt, report.attempt) << Name(report);
      EXPECT_EQ(judgement.round, 0) << Name(report);
      EXPECT_EQ(judgement.renews_expiry, !report.result.has_value());
    }
  }
}

// Every cell, with every result and text on both sides, whether the held
// number is one or none, in every round in which the cell counts.
TEST(JudgeTest, FollowsTheTable) {
  int pairs = 0;
  const Table table = ReadTable();
  for (const auto& [row, phase] : Rows()) {
    for (const auto& [column, cell] : table.at(row)) {
      for (const int64_t number : {0, 1, 7}) {
        if (number == 0 &&
            (column.back() == '#' || phase == Phase::kNumberedResult)) {
          continue;
        }
        for (const int64_t round : {0, 1, 5}) {
          for (const Held& held : RowEntries(phase, number, round)) {
            for (const Report& report : ColumnReports(column, number)) {
              // A numbered report is late in a later round; see below.
              if (report.attempt > 0 && round > 0) continue;
              const Expected expected =
                  Read(cell, held.result == report.result,
                       held.description == report.description &&
                           held.target_url == report.target_url);
              const Judgement judgement = Judge(&held, report);
              const std::string what =
                  absl::StrCat(row, " attempt ", number, " round ", round,
                               " <- ", Name(report));
              ASSERT_EQ(judgement.disposition, expected.disposition) << what;
              ASSERT_EQ(judgement.attempt, number) << what;
              ASSERT_EQ(judgement.round, round + expected.rounds) << what;
              if (expected.disposition == Disposition::kAccepted) {
                ASSERT_EQ(judgement.phase, PhaseOfArriving(report)) << what;
                ASSERT_EQ(judgement.renews_expiry, !report.result.has_value())
                    << what;
              } else {
                ASSERT_EQ(judgement.renews_expiry, expected.renews) << what;
              }
              ++pairs;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(pairs, 10'000);
}

// Every report that may carry a number: all but webhook pendings.
std::vector<Report> NumberedReports(int64_t number) {
  std::vector<Report> reports;
  for (const char* const column : {"P#", "R#", "W or P with `rerun`"}) {
    for (Report report : ColumnReports(column, number)) {
      if (report.attempt > 0) reports.push_back(report);
    }
  }
  return reports;
}

TEST(JudgeTest, ALargerAttemptWinsAndBeginsInRoundZero) {
  for (const auto& [row, phase] : Rows()) {
    for (const int64_t number : {0, 1, 6}) {
      for (const int64_t round : {0, 3}) {
        for (const Held& held : RowEntries(phase, number, round)) {
          for (const Report& report : NumberedReports(7)) {
            const Judgement judgement = Judge(&held, report);
            ASSERT_EQ(judgement.disposition, Disposition::kAccepted)
                << row << " <- " << Name(report);
            ASSERT_EQ(judgement.phase, PhaseOfArriving(report));
            ASSERT_EQ(judgement.attempt, 7);
            ASSERT_EQ(judgement.round, 0);
            ASSERT_EQ(judgement.renews_expiry, !report.result.has_value());
          }
        }
      }
    }
  }
}

TEST(JudgeTest, ASmallerAttemptIsSuperseded) {
  for (const auto& [row, phase] : Rows()) {
    for (const int64_t round : {0, 3}) {
      for (const Held& held : RowEntries(phase, 7, round)) {
        for (const int64_t number : {1, 6}) {
          for (const Report& report : NumberedReports(number)) {
            const Judgement judgement = Judge(&held, report);
            ASSERT_EQ(judgement.disposition, Disposition::kSuperseded)
                << row << " <- " << Name(report);
            ASSERT_EQ(judgement.attempt, 7);
            ASSERT_EQ(judgement.round, round);
            ASSERT_FALSE(judgement.renews_expiry);
          }
        }
      }
    }
  }
}

// The reports of a run that was followed by an unnumbered rerun are late.
TEST(JudgeTest, ANumberedReportIsSupersededInALaterRound) {
  for (const auto& [row, phase] : Rows()) {
    for (const int64_t round : {1, 2, 9}) {
      for (const Held& held : RowEntries(phase, 7, round)) {
        for (const Report& report : NumberedReports(7)) {
          const Judgement judgement = Judge(&held, report);
          ASSERT_EQ(judgement.disposition, Disposition::kSuperseded)
              << row << " <- " << Name(report);
          ASSERT_EQ(judgement.attempt, 7);
          ASSERT_EQ(judgement.round, round);
          ASSERT_FALSE(judgement.renews_expiry);
        }
      }
    }
  }
}

TEST(JudgeTest, AttemptsMayBeAsLargeAsANumberCanBe) {
  const int64_t kLargest = std::numeric_limits<int64_t>::max();
  Report report;
  report.attempt = kLargest;
  Held held;
  held.attempt = kLargest - 1;
  EXPECT_EQ(Judge(&held, report).attempt, kLargest);
  held.attempt = kLargest;
  held.phase = Phase::kFarmPending;
  EXPECT_EQ(Judge(&held, report).disposition, Disposition::kUnchanged);
}

// The entry that a report leaves behind, as the outbox keeps it.
std::optional<Held> After(const std::optional<Held>& held,
                          const Report& report) {
  const Judgement judgement =
      Judge(held.has_value() ? &*held : nullptr, report);
  if (judgement.disposition != Disposition::kAccepted) return held;
  Held after;
  after.phase = judgement.phase;
  after.attempt = judgement.attempt;
  after.round = judgement.round;
  after.result = report.result;
  after.description = report.description;
  after.target_url = report.target_url;
  return after;
}

// Calls `visit` with every entry that up to four reports (or expiries of a
// pending) can make, and every report that can come then.
void ForAllSequences(
    const std::function<void(const std::optional<Held>&, const Report&,
                             const std::string&)>& visit) {
  std::vector<Report> alphabet;
  for (const int64_t attempt : {0, 1, 2}) {
    for (const char* const text : {"a", "b"}) {
      for (const bool rerun : {false, true}) {
        Report pending;
        pending.attempt = attempt;
        pending.description = text;
        pending.rerun = rerun;
        alphabet.push_back(pending);
      }
    }
    for (const Result result : {Result::kSuccess, Result::kFailure}) {
      Report ended;
      ended.attempt = attempt;
      ended.result = result;
      alphabet.push_back(ended);
    }
  }
  for (const bool rerun : {false, true}) {
    Report webhook;
    webhook.from_webhook = true;
    webhook.rerun = rerun;
    alphabet.push_back(webhook);
  }

  const std::function<void(const std::optional<Held>&, int, const std::string&)>
      go = [&](const std::optional<Held>& held, int depth,
               const std::string& path) {
        for (const Report& report : alphabet) {
          const std::string now = absl::StrCat(path, "; ", Name(report));
          visit(held, report, now);
          if (depth > 1) go(After(held, report), depth - 1, now);
        }
        const bool pending =
            held.has_value() && (held->phase == Phase::kFarmPending ||
                                 held->phase == Phase::kWebhookPending);
        if (!pending || depth == 1) return;
        Held expired = *held;
        expired.phase = Phase::kExpired;
        go(expired, depth - 1, path + "; expired");
      };
  go(std::nullopt, 4, "");
}

TEST(JudgePropertyTest, TheOrderNeverGoesBack) {
  ForAllSequences([](const std::optional<Held>& held, const Report& report,
                     const std::string& path) {
    if (!held.has_value()) return;
    const Judgement judgement = Judge(&*held, report);
    EXPECT_GE(std::tie(judgement.attempt, judgement.round),
              std::tie(held->attempt, held->round))
        << path;
    // What is not accepted does not move it either.
    if (judgement.disposition != Disposition::kAccepted) {
      EXPECT_EQ(std::tie(judgement.attempt, judgement.round),
                std::tie(held->attempt, held->round))
          << path;
    }
  });
}

// I10: nothing but a larger attempt or a later round replaces it.
TEST(JudgePropertyTest, ANumberedResultIsFinalInItsAttemptAndRound) {
  ForAllSequences([](const std::optional<Held>& held, const Report& report,
                     const std::string& path) {
    if (!held.has_value() || held->phase != Phase::kNumberedResult) return;
    const Judgement judgement = Judge(&*held, report);
    if (judgement.disposition != Disposition::kAccepted) return;
    EXPECT_GT(std::tie(judgement.attempt, judgement.round),
              std::tie(held->attempt, held->round))
        << path;
  });
}

// I3: a farm may repeat a numbered report as often as it likes.
TEST(JudgePropertyTest, RepeatingANumberedReportChangesNothing) {
  ForAllSequences([](const std::optional<Held>& held, const Report& report,
                     const std::string& path) {
    if (report.attempt == 0) return;
    const Disposition first =
        Judge(held.has_value() ? &*held : nullptr, report).disposition;
    const std::optional<Held> after = After(held, report);
    ASSERT_TRUE(after.has_value()) << path;
    const Judgement again = Judge(&*after, report);
    EXPECT_NE(again.disposition, Disposition::kAccepted) << path;
    if (first != Disposition::kAccepted) {
      EXPECT_EQ(again.disposition, first) << path;
    } else {
      EXPECT_NE(again.disposition, Disposition::kConflict) << path;
    }
    EXPECT_EQ(again.round, after->round) << path;
    EXPECT_EQ(again.attempt, after->attempt) << path;
  });
}

// A webhook only says that something is to begin.
TEST(JudgePropertyTest, AWebhookPendingHidesNothingOfAFarm) {
  ForAllSequences([](const std::optional<Held>& held, const Report& report,
                     const std::string& path) {
    if (!report.from_webhook || report.rerun || !held.has_value()) return;
    EXPECT_NE(Judge(&*held, report).disposition, Disposition::kAccepted)
        << path;
  });
}

TEST(ResultTest, IsShownAsOneOfFourStates) {
  const std::map<Result, std::pair<CommitState, std::string>> shown = {
      {Result::kSuccess, {CommitState::kSuccess, ""}},
      {Result::kFailure, {CommitState::kFailure, ""}},
      {Result::kError, {CommitState::kError, ""}},
      {Result::kCancelled, {CommitState::kError, "Cancelled"}},
      {Result::kSkipped, {CommitState::kSuccess, "Skipped"}},
      {Result::kTimedOut, {CommitState::kError, "Timed out"}},
      {Result::kNeutral, {CommitState::kSuccess, "Neutral"}}};
  EXPECT_EQ(shown.size(), kResults.size());
  for (const auto& [result, expected] : shown) {
    EXPECT_EQ(CommitStateOf(result), expected.first);
    EXPECT_EQ(DefaultDescription(result), expected.second);
    Report report;
    EXPECT_EQ(report.State(), CommitState::kPending);
    report.result = result;
    EXPECT_EQ(report.State(), expected.first);
  }
}

TEST(CommitStateTest, NamesAndStatesBelongTogether) {
  for (const char* const name : {"error", "failure", "pending", "success"}) {
    const std::optional<CommitState> state = ParseCommitState(name);
    ASSERT_TRUE(state.has_value()) << name;
    EXPECT_EQ(CommitStateName(*state), name);
  }
  for (const char* const name : {"", "Success", "error ", "cancelled"}) {
    EXPECT_FALSE(ParseCommitState(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace signalbox
