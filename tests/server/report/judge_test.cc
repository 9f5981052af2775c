#include "server/report/judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/report/report.h"

namespace signalbox {
namespace {

// The table of DESIGN.md. P: pending, R: result, 0: unnumbered, W: webhook
// pending. "running", "ended": the state of the arriving run. "own": the entry
// holds that run. A: accepted, U: unchanged, S: superseded. "+1": accepted, and
// all known runs are over. "the same": both are pendings, or have the same
// result; for a report whose newest text wins, also the same texts. w: A if
// worse than that run's result so far and shown as failure or error, else S.
constexpr char kTable[] = R"(
| held \ arriving | P, running | R, running | P, ended | R, ended | P0 | R0 | W | W or P0 with `rerun` |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| nothing | - | - | - | - | A | A | A | A |
| webhook pending | A | A | S | w | A | A | U, renews | U if the same, else A; renews |
| farm's pending | own: U, renews, A if its text differs; else S | A | S | w | U, renews; A if its text differs | A | S | U if the same, else A; renews |
| numbered result | S | A | S | own: U if the same, S if better, else A; if not own w | +1 | U if the same, else +1 | S | +1 |
| unnumbered result | S | A | S | w | +1 | U if the same, else A | S | +1 |
| expired pending | A | A | S | w | A | A | S | +1 |
)";

// From good to bad.
constexpr std::array kResults = {
    Result::kSkipped,  Result::kNeutral, Result::kSuccess, Result::kCancelled,
    Result::kTimedOut, Result::kError,   Result::kFailure};

bool IsWorse(Result result, Result than) {
  const auto place = [](Result r) {
    return std::find(kResults.begin(), kResults.end(), r) - kResults.begin();
  };
  return place(result) > place(than);
}

bool IsShownAsFailed(Result result) {
  return IsWorse(result, Result::kSuccess);
}

constexpr std::array kPhases = {Phase::kWebhookPending, Phase::kFarmPending,
                                Phase::kNumberedResult,
                                Phase::kUnnumberedResult, Phase::kExpired};

std::string RowOf(Phase phase) {
  constexpr const char* kRows[] = {"webhook pending", "farm's pending",
                                   "numbered result", "unnumbered result",
                                   "expired pending"};
  return kRows[static_cast<int>(phase) - 1];
}

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
      table[cells[1]][columns[i]] = cells[i];
    }
  }
  return table;
}

Report PendingOf(const std::string& series, int64_t attempt,
                 const std::string& text = "") {
  Report report;
  report.series = series;
  report.attempt = attempt;
  report.description = text;
  return report;
}

Report ResultOf(const std::string& series, int64_t attempt, Result result,
                const std::string& text = "") {
  Report report = PendingOf(series, attempt, text);
  report.result = result;
  return report;
}

Report Newest(Report report) {
  report.newest_text_wins = true;
  return report;
}

Report Webhook(bool rerun = false) {
  Report report;
  report.from_webhook = true;
  report.rerun = rerun;
  return report;
}

Report Rerun() {
  Report report;
  report.rerun = true;
  return report;
}

NewestRun RunOf(const std::string& series, int64_t attempt, RunState state,
                std::optional<Result> result = std::nullopt) {
  NewestRun run;
  run.series = series;
  run.attempt = attempt;
  run.state = state;
  run.result = result;
  return run;
}

std::string Name(const std::optional<Result>& result) {
  return result.has_value() ? absl::StrCat(static_cast<int>(*result)) : "-";
}

std::string Name(const NewestRun& run) {
  return absl::StrCat(run.series, "/", run.attempt, ":",
                      static_cast<int>(run.state), ":", Name(run.result));
}

std::string Name(const Held& held) {
  std::string name = absl::StrCat(RowOf(held.phase), " ", Name(held.result),
                                  " '", held.description, "' '",
                                  held.target_url, "' ", Name(held.run));
  for (const NewestRun& run : held.other_runs)
    absl::StrAppend(&name, " ", Name(run));
  return name;
}

std::string Name(const Report& report) {
  return absl::StrCat(report.result.has_value() ? "result " : "pending ",
                      Name(report.result), " ", report.series, "/",
                      report.attempt, report.from_webhook ? " webhook" : "",
                      report.rerun ? " rerun" : "",
                      report.newest_text_wins ? " newest" : "", " '",
                      report.description, "' '", report.target_url, "'");
}

// The entry after the report. Only an accepted one changes it.
std::optional<Held> After(const std::optional<Held>& held,
                          const Report& report) {
  const Judgement judgement =
      Judge(held.has_value() ? &*held : nullptr, report);
  if (judgement.disposition != Disposition::kAccepted) return held;
  Held after = held.value_or(Held());
  Hold(report, judgement, &after);
  return after;
}

Held HeldAfter(const std::vector<Report>& reports) {
  std::optional<Held> held;
  for (const Report& report : reports) held = After(held, report);
  return held.value_or(Held());
}

// What a cell expects of one report over one entry.
struct Expected {
  Disposition disposition = Disposition::kAccepted;
  bool begins_again = false;
};

Expected Read(const std::string& cell, const Held& held, bool is_own,
              const std::optional<Result>& run_result, const Report& report) {
  const Expected accepted = {Disposition::kAccepted, false};
  const Expected again = {Disposition::kAccepted, true};
  const Expected unchanged = {Disposition::kUnchanged, false};
  const Expected superseded = {Disposition::kSuperseded, false};
  const bool same_text = held.description == report.description &&
                         held.target_url == report.target_url;
  const bool is_same =
      held.result == report.result && (same_text || !report.newest_text_wins);
  const auto w = [&] {
    return IsWorse(*report.result, *run_result) &&
                   IsShownAsFailed(*report.result)
               ? accepted
               : superseded;
  };
  if (cell == "A") return accepted;
  if (cell == "S") return superseded;
  if (cell == "+1") return again;
  if (cell == "U, renews") return unchanged;
  if (cell == "w") return w();
  if (cell == "U, renews; A if its text differs") {
    return same_text ? unchanged : accepted;
  }
  if (cell == "own: U, renews, A if its text differs; else S") {
    if (!is_own) return superseded;
    return same_text ? unchanged : accepted;
  }
  if (cell == "U if the same, else +1") return is_same ? unchanged : again;
  if (cell == "U if the same, else A" ||
      cell == "U if the same, else A; renews") {
    return is_same ? unchanged : accepted;
  }
  if (cell == "own: U if the same, S if better, else A; if not own w") {
    if (!is_own) return w();
    if (is_same) return unchanged;
    return IsWorse(*held.result, *report.result) ? superseded : accepted;
  }
  ADD_FAILURE() << "no such cell: " << cell;
  return superseded;
}

// Every text and result that an entry of a row can hold, without its runs.
std::vector<Held> RowEntries(Phase phase) {
  const bool is_result =
      phase == Phase::kNumberedResult || phase == Phase::kUnnumberedResult;
  std::vector<Held> entries;
  Held held;
  held.phase = phase;
  for (const char* const description : {"", "text"}) {
    for (const char* const target_url : {"", "https://ci.example"}) {
      held.description = description;
      held.target_url = target_url;
      if (!is_result) {
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

// All pendings with one of some texts, or all results; each also with the wish
// that the newest text wins.
std::vector<Report> Pendings(const Report& like) {
  std::vector<Report> reports;
  if (!like.newest_text_wins) reports = Pendings(Newest(like));
  for (const char* const description : {"", "text"}) {
    for (const char* const target_url : {"", "https://ci.example"}) {
      reports.push_back(like);
      reports.back().description = description;
      reports.back().target_url = target_url;
    }
  }
  return reports;
}

std::vector<Report> Results(const std::string& series, int64_t attempt) {
  std::vector<Report> reports;
  for (const Result result : kResults) {
    reports.push_back(ResultOf(series, attempt, result, "text"));
    reports.push_back(Newest(reports.back()));
  }
  return reports;
}

// All reports of an unnumbered column.
std::vector<Report> UnnumberedReports(const std::string& column) {
  if (column == "P0") return Pendings(PendingOf("", 0));
  if (column == "R0") return Results("", 0);
  if (column == "W") return Pendings(Webhook());
  std::vector<Report> reports = Pendings(Webhook(true));
  for (const Report& report : Pendings(Rerun())) reports.push_back(report);
  return reports;
}

// The run that a numbered column is about, in every state of that column.
std::vector<NewestRun> ColumnRuns(const std::string& column) {
  if (absl::EndsWith(column, "running")) {
    return {RunOf("s", 7, RunState::kRunning)};
  }
  std::vector<NewestRun> runs;
  for (const Result result : kResults) {
    runs.push_back(RunOf("s", 7, RunState::kEnded, result));
  }
  return runs;
}

void ExpectJudged(const Held& held, const Report& report,
                  const Expected& expected) {
  const Judgement judgement = Judge(&held, report);
  ASSERT_EQ(judgement.disposition, expected.disposition)
      << Name(held) << " <- " << Name(report);
  ASSERT_EQ(judgement.begins_again, expected.begins_again)
      << Name(held) << " <- " << Name(report);
  // A pending that is accepted or unchanged gets a new expiry.
  ASSERT_EQ(judgement.renews_expiry,
            !report.result.has_value() &&
                expected.disposition != Disposition::kSuperseded)
      << Name(held) << " <- " << Name(report);
}

TEST(JudgeTest, TheTableHasSixRowsAndEightColumns) {
  const Table table = ReadTable();
  EXPECT_EQ(table.size(), 6U);
  for (const auto& [row, cells] : table) EXPECT_EQ(cells.size(), 8U) << row;
  for (const Phase phase : kPhases) EXPECT_EQ(table.count(RowOf(phase)), 1U);
}

TEST(JudgeTest, AcceptsTheFirstReportOfAKey) {
  const Table table = ReadTable();
  for (const auto& [column, cell] : table.at("nothing")) {
    if (cell == "-") continue;
    EXPECT_EQ(cell, "A");
    for (const Report& report : UnnumberedReports(column)) {
      const Judgement judgement = Judge(nullptr, report);
      EXPECT_EQ(judgement.disposition, Disposition::kAccepted) << Name(report);
      EXPECT_FALSE(judgement.begins_again) << Name(report);
      EXPECT_EQ(judgement.renews_expiry, !report.result.has_value());
    }
  }
  EXPECT_EQ(Judge(nullptr, PendingOf("s", 1)).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Judge(nullptr, ResultOf("s", 1, Result::kError)).disposition,
            Disposition::kAccepted);
}

// Every numbered cell: with every result and text on both sides, for the run
// that is held and for one of another series.
TEST(JudgeTest, FollowsTheTableForNumberedReports) {
  int pairs = 0;
  const Table table = ReadTable();
  for (const Phase phase : kPhases) {
    for (const char* const column :
         {"P, running", "R, running", "P, ended", "R, ended"}) {
      const std::string& cell = table.at(RowOf(phase)).at(column);
      for (const NewestRun& run : ColumnRuns(column)) {
        for (Held held : RowEntries(phase)) {
          for (const bool is_own : {true, false}) {
            // A numbered result that an entry holds is its own run's.
            if (is_own && phase == Phase::kNumberedResult &&
                run.state == RunState::kEnded && run.result != held.result) {
              continue;
            }
            held.run = is_own ? run : RunOf("t", 9, RunState::kRunning);
            held.other_runs = {RunOf("u", 7, RunState::kOver)};
            if (!is_own) held.other_runs.push_back(run);
            for (const Report& report : column[0] == 'P'
                                            ? Pendings(PendingOf("s", 7))
                                            : Results("s", 7)) {
              ExpectJudged(held, report,
                           Read(cell, held, is_own, run.result, report));
              ++pairs;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(pairs, 10'000);
}

// Unnumbered reports are judged alike, whatever runs are known.
TEST(JudgeTest, FollowsTheTableForUnnumberedReports) {
  const Table table = ReadTable();
  for (const Phase phase : kPhases) {
    for (const char* const column : {"P0", "R0", "W", "W or P0 with `rerun`"}) {
      const std::string& cell = table.at(RowOf(phase)).at(column);
      for (Held held : RowEntries(phase)) {
        for (const NewestRun& run :
             {NewestRun(), RunOf("", 7, RunState::kRunning),
              RunOf("s", 7, RunState::kEnded, Result::kError),
              RunOf("s", 7, RunState::kOver)}) {
          held.run = run;
          for (const Report& report : UnnumberedReports(column)) {
            ExpectJudged(held, report,
                         Read(cell, held, false, std::nullopt, report));
          }
        }
      }
    }
  }
}

std::vector<Report> NumberedReports(const std::string& series,
                                    int64_t attempt) {
  std::vector<Report> reports = Pendings(PendingOf(series, attempt));
  for (const Report& report : Results(series, attempt)) {
    reports.push_back(report);
  }
  return reports;
}

// Entries of every row that know runs "s"/7 and "t"/3, in every state. Either
// one may be the one accepted last.
std::vector<Held> EntriesWithRuns() {
  std::vector<Held> entries;
  const std::vector<NewestRun> runs = {
      RunOf("s", 7, RunState::kRunning),
      RunOf("s", 7, RunState::kEnded, Result::kError),
      RunOf("s", 7, RunState::kOver)};
  for (const Phase phase : kPhases) {
    for (Held held : RowEntries(phase)) {
      for (const NewestRun& run : runs) {
        held.run = run;
        held.other_runs = {RunOf("t", 3, RunState::kRunning)};
        entries.push_back(held);
        std::swap(held.run, held.other_runs.front());
        entries.push_back(held);
      }
    }
  }
  return entries;
}

TEST(JudgeTest, ALargerNumberOfItsSeriesIsAccepted) {
  for (const Held& held : EntriesWithRuns()) {
    for (const Report& report : NumberedReports("s", 8)) {
      ExpectJudged(held, report, {Disposition::kAccepted, false});
    }
  }
}

TEST(JudgeTest, ASmallerNumberOfItsSeriesIsSuperseded) {
  for (const Held& held : EntriesWithRuns()) {
    for (const int64_t attempt : {1, 6}) {
      for (const Report& report : NumberedReports("s", attempt)) {
        ExpectJudged(held, report, {Disposition::kSuperseded, false});
      }
    }
  }
}

// Numbers of different counters are never compared.
TEST(JudgeTest, AnUnknownSeriesIsAccepted) {
  for (const Held& held : EntriesWithRuns()) {
    for (const char* const series : {"", "S", "x"}) {
      for (const int64_t attempt : {1, 7, 9}) {
        for (const Report& report : NumberedReports(series, attempt)) {
          ExpectJudged(held, report, {Disposition::kAccepted, false});
        }
      }
    }
  }
}

// After a rerun, reports of earlier runs are late.
TEST(JudgeTest, ARunThatIsOverIsSuperseded) {
  for (const Held& held : EntriesWithRuns()) {
    for (const NewestRun& run : {held.run, held.other_runs.front()}) {
      if (run.state != RunState::kOver) continue;
      for (const Report& report : NumberedReports(run.series, run.attempt)) {
        ExpectJudged(held, report, {Disposition::kSuperseded, false});
      }
    }
  }
}

TEST(JudgeTest, ARerunWithANumberHasNoEffectOfItsOwn) {
  for (const Held& held : EntriesWithRuns()) {
    for (const int64_t attempt : {6, 7, 8}) {
      Report rerun = PendingOf("s", attempt, "text");
      const Judgement plain = Judge(&held, rerun);
      rerun.rerun = true;
      const Judgement judgement = Judge(&held, rerun);
      EXPECT_EQ(judgement.disposition, plain.disposition);
      EXPECT_FALSE(judgement.begins_again);
    }
  }
}

TEST(JudgeTest, NumbersMayBeAsLargeAsANumberCanBe) {
  const int64_t kLargest = std::numeric_limits<int64_t>::max();
  Held held =
      HeldAfter({PendingOf("s", kLargest - 1), PendingOf("s", kLargest)});
  EXPECT_EQ(held.run.attempt, kLargest);
  EXPECT_EQ(Judge(&held, PendingOf("s", kLargest)).disposition,
            Disposition::kUnchanged);
}

// As at GitHub.
TEST(JudgeTest, TheNewestTextOfAResultWinsIfTheReportSaysSo) {
  for (const int64_t attempt : {0, 7}) {
    const Report first = ResultOf("", attempt, Result::kError, "one");
    const Report second = ResultOf("", attempt, Result::kError, "two");
    Report linked = Newest(first);
    linked.target_url = "https://ci.example";
    const Held held = HeldAfter({first});
    EXPECT_EQ(Judge(&held, second).disposition, Disposition::kUnchanged);
    EXPECT_EQ(Judge(&held, Newest(first)).disposition, Disposition::kUnchanged);
    EXPECT_EQ(Judge(&held, Newest(second)).disposition, Disposition::kAccepted);
    EXPECT_EQ(Judge(&held, linked).disposition, Disposition::kAccepted);
    // What is held does not matter, only what arrives.
    const Held newest = HeldAfter({first, Newest(second)});
    EXPECT_EQ(newest.description, "two");
    EXPECT_EQ(Judge(&newest, first).disposition, Disposition::kUnchanged);
  }
}

// The text of a run's result is no new run.
TEST(JudgeTest, ANewTextKeepsTheRun) {
  const Held held =
      HeldAfter({ResultOf("s", 1, Result::kCancelled, "one"),
                 Newest(ResultOf("s", 1, Result::kCancelled, "two"))});
  EXPECT_EQ(held.description, "two");
  EXPECT_EQ(held.run, RunOf("s", 1, RunState::kEnded, Result::kCancelled));
  EXPECT_EQ(
      Judge(&held, Newest(ResultOf("s", 1, Result::kSuccess))).disposition,
      Disposition::kSuperseded);
  EXPECT_EQ(Judge(&held, ResultOf("s", 1, Result::kFailure)).disposition,
            Disposition::kAccepted);
}

TEST(HoldTest, HoldsWhatTheReportSays) {
  Report report = ResultOf("s", 7, Result::kTimedOut, "took 2 h");
  report.target_url = "https://ci.example";
  const Held held = HeldAfter({report});
  EXPECT_EQ(held.phase, Phase::kNumberedResult);
  EXPECT_EQ(held.result, Result::kTimedOut);
  EXPECT_EQ(held.description, "took 2 h");
  EXPECT_EQ(held.target_url, "https://ci.example");
  EXPECT_EQ(held.run, RunOf("s", 7, RunState::kEnded, Result::kTimedOut));
  EXPECT_TRUE(held.other_runs.empty());
  EXPECT_EQ(HeldAfter({Webhook()}).phase, Phase::kWebhookPending);
  EXPECT_EQ(HeldAfter({PendingOf("", 0)}).phase, Phase::kFarmPending);
  EXPECT_EQ(HeldAfter({ResultOf("", 0, Result::kError)}).phase,
            Phase::kUnnumberedResult);
}

TEST(HoldTest, ARunKeepsItsWorstResult) {
  const Held held = HeldAfter({ResultOf("s", 1, Result::kSuccess),
                               ResultOf("s", 1, Result::kFailure),
                               ResultOf("s", 1, Result::kError)});
  EXPECT_EQ(held.result, Result::kFailure);
  EXPECT_EQ(held.run, RunOf("s", 1, RunState::kEnded, Result::kFailure));
}

TEST(HoldTest, EachSeriesKeepsItsNewestRun) {
  const Held held =
      HeldAfter({PendingOf("s", 1), PendingOf("t", 300),
                 ResultOf("t", 300, Result::kSuccess),
                 ResultOf("s", 1, Result::kFailure), PendingOf("t", 301)});
  EXPECT_EQ(held.run, RunOf("t", 301, RunState::kRunning));
  ASSERT_EQ(held.other_runs.size(), 1U);
  EXPECT_EQ(held.other_runs[0],
            RunOf("s", 1, RunState::kEnded, Result::kFailure));
}

TEST(HoldTest, AnUnnumberedPendingKeepsTheRun) {
  EXPECT_EQ(HeldAfter({PendingOf("s", 1), PendingOf("", 0, "linking")}).run,
            RunOf("s", 1, RunState::kRunning));
  EXPECT_EQ(HeldAfter({PendingOf("s", 1), ResultOf("", 0, Result::kError)}).run,
            RunOf("s", 1, RunState::kRunning));
}

TEST(HoldTest, BeginningAgainEndsEveryRun) {
  for (const Report& again : {Webhook(true), Rerun(), PendingOf("", 0),
                              ResultOf("", 0, Result::kError)}) {
    const Held held =
        HeldAfter({PendingOf("s", 1), ResultOf("t", 2, Result::kFailure),
                   ResultOf("u", 3, Result::kSuccess), again});
    EXPECT_EQ(held.run, RunOf("u", 3, RunState::kOver)) << Name(again);
    ASSERT_EQ(held.other_runs.size(), 2U);
    EXPECT_EQ(held.other_runs[0], RunOf("t", 2, RunState::kOver));
    EXPECT_EQ(held.other_runs[1], RunOf("s", 1, RunState::kOver));
  }
}

// A series that dropped out counts as unknown.
TEST(HoldTest, SixteenSeriesAreKept) {
  std::vector<Report> reports;
  for (int i = 0; i < 16; ++i) {
    reports.push_back(ResultOf(absl::StrCat(i), 9, Result::kSuccess));
  }
  // The first is reported again, so that the second is the oldest.
  reports.push_back(ResultOf("0", 10, Result::kSuccess));
  Held held = HeldAfter(reports);
  EXPECT_EQ(held.other_runs.size(), kMostSeries - 1);
  EXPECT_EQ(held.other_runs.back().series, "1");
  EXPECT_EQ(Judge(&held, PendingOf("1", 8)).disposition,
            Disposition::kSuperseded);
  reports.push_back(ResultOf("new", 1, Result::kSuccess));
  held = HeldAfter(reports);
  EXPECT_EQ(held.other_runs.size(), kMostSeries - 1);
  EXPECT_EQ(held.other_runs.back().series, "2");
  EXPECT_EQ(Judge(&held, PendingOf("1", 8)).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Judge(&held, PendingOf("0", 9)).disposition,
            Disposition::kSuperseded);
}

// A failed shard is never hidden, whichever ends last.
TEST(HoldTest, ShardsOfOneRunEndInTheWorstOfTheirResults) {
  for (const Result first : kResults) {
    for (const Result second : kResults) {
      for (const Result third : kResults) {
        const Result worst =
            std::max({first, second, third},
                     [](Result a, Result b) { return IsWorse(b, a); });
        EXPECT_EQ(HeldAfter({PendingOf("s", 78), ResultOf("s", 78, first),
                             PendingOf("s", 78), ResultOf("s", 78, second),
                             ResultOf("s", 78, third), PendingOf("s", 78)})
                      .result,
                  worst);
      }
    }
  }
}

Merged MergeOf(const std::vector<Report>& earlier,
               const std::vector<Report>& later) {
  const Held a = HeldAfter(earlier);
  const Held b = HeldAfter(later);
  return Merge(earlier.empty() ? nullptr : &a, later.empty() ? nullptr : &b);
}

TEST(MergeTest, OneOfTwoMayBeEmpty) {
  const std::vector<Report> some = {ResultOf("s", 1, Result::kError)};
  EXPECT_TRUE(MergeOf({}, some).later_counts);
  EXPECT_EQ(MergeOf({}, some).held.result, Result::kError);
  EXPECT_FALSE(MergeOf(some, {}).later_counts);
  EXPECT_EQ(MergeOf(some, {}).held.run.attempt, 1);
  EXPECT_FALSE(MergeOf({}, {}).later_counts);
}

TEST(MergeTest, TheLaterReportIsJudgedAsIfItArrivedNow) {
  EXPECT_FALSE(MergeOf({ResultOf("s", 2, Result::kError)},
                       {ResultOf("s", 1, Result::kSuccess)})
                   .later_counts);
  EXPECT_TRUE(MergeOf({ResultOf("s", 2, Result::kError)},
                      {ResultOf("t", 1, Result::kSuccess)})
                  .later_counts);
  EXPECT_TRUE(MergeOf({ResultOf("s", 1, Result::kSuccess)},
                      {ResultOf("s", 1, Result::kFailure)})
                  .later_counts);
  EXPECT_FALSE(MergeOf({ResultOf("s", 1, Result::kFailure)},
                       {ResultOf("s", 1, Result::kSuccess)})
                   .later_counts);
  EXPECT_FALSE(MergeOf({PendingOf("s", 1)}, {Webhook()}).later_counts);
}

// Both entries' reports were accepted, so GitHub must show the newest text.
TEST(MergeTest, TheNewestTextWinsIfTheLaterReportSaysSo) {
  const Report first = ResultOf("", 0, Result::kSuccess, "one");
  const Report second = ResultOf("", 0, Result::kSuccess, "two");
  EXPECT_FALSE(MergeOf({first}, {second}).later_counts);
  const Merged merged = MergeOf({first}, {Newest(second)});
  EXPECT_TRUE(merged.later_counts);
  EXPECT_EQ(merged.held.description, "two");
  EXPECT_FALSE(MergeOf({Newest(first)}, {second}).later_counts);
}

TEST(MergeTest, KnowsTheLargerNumberOfEachSeries) {
  const Held held =
      MergeOf({PendingOf("s", 5), PendingOf("t", 1)},
              {PendingOf("t", 2), PendingOf("s", 4), PendingOf("u", 1)})
          .held;
  EXPECT_EQ(held.run, RunOf("u", 1, RunState::kRunning));
  ASSERT_EQ(held.other_runs.size(), 2U);
  EXPECT_EQ(held.other_runs[0], RunOf("s", 5, RunState::kRunning));
  EXPECT_EQ(held.other_runs[1], RunOf("t", 2, RunState::kRunning));
}

TEST(MergeTest, OfEqualNumbersTheOneThatGotFurtherIsKnown) {
  const Report running = PendingOf("s", 1);
  const Report good = ResultOf("s", 1, Result::kSuccess);
  const Report bad = ResultOf("s", 1, Result::kFailure);
  const Report other = ResultOf("t", 1, Result::kSuccess);
  const auto known = [&](const Report& a, const Report& b) {
    return MergeOf({a, other}, {b, other}).held.other_runs.at(0);
  };
  const NewestRun ended = RunOf("s", 1, RunState::kEnded, Result::kSuccess);
  const NewestRun failed = RunOf("s", 1, RunState::kEnded, Result::kFailure);
  EXPECT_EQ(known(running, good), ended);
  EXPECT_EQ(known(good, running), ended);
  EXPECT_EQ(known(bad, good), failed);
  EXPECT_EQ(known(good, bad), failed);
  const Held over = MergeOf({good, Rerun(), other}, {bad, other}).held;
  EXPECT_EQ(over.other_runs.at(0), RunOf("s", 1, RunState::kOver));
}

TEST(MergeTest, ALaterPendingWithoutANumberBeginsAgain) {
  const Merged merged =
      MergeOf({ResultOf("s", 1, Result::kSuccess)}, {PendingOf("", 0)});
  EXPECT_TRUE(merged.later_counts);
  EXPECT_EQ(merged.held.run, RunOf("s", 1, RunState::kOver));
  // A merge over a pending keeps the run.
  EXPECT_EQ(MergeOf({PendingOf("s", 1)}, {PendingOf("", 0)}).held.run,
            RunOf("s", 1, RunState::kRunning));
}

TEST(MergeTest, AnExpiryCountsOverAPendingOfItsRun) {
  const auto merged = [](const std::vector<Report>& earlier,
                         const std::vector<Report>& later) {
    const Held a = HeldAfter(earlier);
    Held b = HeldAfter(later);
    b.phase = Phase::kExpired;
    b.description = "No result within 6 h";
    return Merge(&a, &b).later_counts;
  };
  EXPECT_TRUE(merged({PendingOf("s", 1)}, {PendingOf("s", 1)}));
  EXPECT_TRUE(merged({Webhook()}, {PendingOf("s", 1)}));
  EXPECT_TRUE(merged({PendingOf("", 0)}, {PendingOf("", 0)}));
  EXPECT_FALSE(merged({PendingOf("s", 2)}, {PendingOf("s", 1)}));
  EXPECT_FALSE(
      merged({ResultOf("s", 1, Result::kSuccess)}, {PendingOf("s", 1)}));
  EXPECT_FALSE(merged({ResultOf("", 0, Result::kSuccess)}, {PendingOf("", 0)}));
}

TEST(MergeTest, SixteenSeriesAreKept) {
  std::vector<Report> one;
  std::vector<Report> two;
  for (int i = 0; i < 12; ++i) {
    one.push_back(PendingOf(absl::StrCat("one", i), 1));
    two.push_back(PendingOf(absl::StrCat("two", i), 1));
  }
  const Held held = MergeOf(one, two).held;
  EXPECT_EQ(held.other_runs.size(), kMostSeries - 1);
  EXPECT_EQ(held.run.series, "two11");
}

// Calls `visit` with every entry that up to six reports (or expiries of a
// pending) can make, and every report that can follow.
void ForAllEntries(const std::function<void(const std::optional<Held>&,
                                            const Report&)>& visit) {
  std::vector<Report> alphabet = {
      PendingOf("", 0, "a"),
      Rerun(),
      Webhook(),
      Webhook(true),
      Newest(Rerun()),
      ResultOf("", 0, Result::kSuccess),
      ResultOf("", 0, Result::kFailure),
      Newest(ResultOf("", 0, Result::kSuccess, "a"))};
  for (const char* const series : {"", "t"}) {
    for (const int64_t attempt : {1, 2}) {
      alphabet.push_back(PendingOf(series, attempt, "a"));
      alphabet.push_back(PendingOf(series, attempt, "b"));
      alphabet.push_back(
          Newest(ResultOf(series, attempt, Result::kSuccess, "a")));
      for (const Result result : {Result::kNeutral, Result::kSuccess,
                                  Result::kCancelled, Result::kFailure}) {
        alphabet.push_back(ResultOf(series, attempt, result));
      }
    }
  }
  std::map<std::string, std::optional<Held>> fresh = {{"", std::nullopt}};
  std::map<std::string, bool> seen;
  for (int depth = 0; depth <= 6; ++depth) {
    std::map<std::string, std::optional<Held>> next;
    for (const auto& [name, held] : fresh) {
      if (!seen.emplace(name, true).second) continue;
      for (const Report& report : alphabet) {
        visit(held, report);
        const std::optional<Held> after = After(held, report);
        if (after.has_value()) next.emplace(Name(*after), after);
      }
      if (held.has_value() && (held->phase == Phase::kFarmPending ||
                               held->phase == Phase::kWebhookPending)) {
        Held expired = *held;
        expired.phase = Phase::kExpired;
        expired.description = "expired";
        next.emplace(Name(expired), expired);
      }
    }
    fresh = std::move(next);
  }
  EXPECT_GT(seen.size(), 500U);
}

// The newest run of a series; nothing if it is not known.
std::optional<NewestRun> Known(const std::optional<Held>& held,
                               const std::string& series) {
  if (!held.has_value() || held->run.attempt == 0) return std::nullopt;
  if (held->run.series == series) return held->run;
  for (const NewestRun& run : held->other_runs) {
    if (run.series == series) return run;
  }
  return std::nullopt;
}

// A number never becomes smaller, and a run that is over never runs again.
TEST(JudgePropertyTest, TheOrderNeverGoesBack) {
  ForAllEntries([](const std::optional<Held>& held, const Report& report) {
    const std::optional<Held> after = After(held, report);
    for (const char* const series : {"", "t"}) {
      const std::optional<NewestRun> before = Known(held, series);
      if (!before.has_value()) continue;
      const std::optional<NewestRun> run = Known(after, series);
      ASSERT_TRUE(run.has_value()) << Name(*held) << " <- " << Name(report);
      EXPECT_GE(run->attempt, before->attempt);
      if (run->attempt > before->attempt) continue;
      EXPECT_GE(static_cast<int>(run->state), static_cast<int>(before->state))
          << Name(*held) << " <- " << Name(report);
    }
  });
}

// I10: a numbered result only gets worse, unless another run is reported or a
// rerun begins.
TEST(JudgePropertyTest, ANumberedResultOnlyGetsWorse) {
  ForAllEntries([](const std::optional<Held>& held, const Report& report) {
    if (!held.has_value() || held->phase != Phase::kNumberedResult) return;
    if (report.attempt != held->run.attempt ||
        report.series != held->run.series) {
      return;
    }
    const std::optional<Held> after = After(held, report);
    EXPECT_EQ(after->phase, Phase::kNumberedResult);
    EXPECT_FALSE(IsWorse(*held->result, *after->result))
        << Name(*held) << " <- " << Name(report);
  });
}

// The first failure of a series' newest run is accepted, whatever the entry
// holds, unless a rerun began.
TEST(JudgePropertyTest, AFailureOfANewestRunIsShown) {
  ForAllEntries([](const std::optional<Held>& held, const Report& report) {
    if (report.attempt == 0 || !report.result.has_value() ||
        !IsShownAsFailed(*report.result)) {
      return;
    }
    const std::optional<NewestRun> run = Known(held, report.series);
    const bool is_late =
        run.has_value() &&
        (run->attempt > report.attempt ||
         (run->attempt == report.attempt && run->state == RunState::kOver));
    const bool failed_before = run.has_value() && run->result.has_value() &&
                               run->attempt == report.attempt &&
                               IsShownAsFailed(*run->result);
    if (is_late || failed_before) return;
    EXPECT_EQ(Judge(held.has_value() ? &*held : nullptr, report).disposition,
              Disposition::kAccepted)
        << Name(report);
  });
}

// I3: a farm may repeat a numbered report as often as it likes.
TEST(JudgePropertyTest, RepeatingANumberedReportChangesNothing) {
  ForAllEntries([](const std::optional<Held>& held, const Report& report) {
    if (report.attempt == 0) return;
    const std::optional<Held> after = After(held, report);
    ASSERT_TRUE(after.has_value());
    EXPECT_NE(Judge(&*after, report).disposition, Disposition::kAccepted)
        << Name(*after) << " <- " << Name(report);
    EXPECT_EQ(Name(*After(after, report)), Name(*after));
  });
}

// A webhook pending only says that work is to begin.
TEST(JudgePropertyTest, AWebhookPendingHidesNothingOfAFarm) {
  ForAllEntries([](const std::optional<Held>& held, const Report& report) {
    if (!report.from_webhook || report.rerun || !held.has_value()) return;
    EXPECT_NE(Judge(&*held, report).disposition, Disposition::kAccepted)
        << Name(*held);
  });
}

}  // namespace
}  // namespace signalbox
