#ifndef SIGNALBOX_SERVER_REPORT_JUDGE_H_
#define SIGNALBOX_SERVER_REPORT_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/report/report.h"

namespace signalbox {

// Reports of one key can arrive late, twice or in the wrong order, and several
// counters can number them. These functions decide which report counts; an
// entry *holds* that report. The store calls them when it accepts a report or
// merges two entries. They are pure and work on plain structs. "The order of
// reports" in DESIGN.md has the rule as a table.

// The kind of the report that an entry holds. The numbers are stored and never
// change.
enum class Phase {
  kWebhookPending = 1,    // A pending from a webhook, without an attempt.
  kFarmPending = 2,       // Any other pending.
  kNumberedResult = 3,    // A result with an attempt.
  kUnnumberedResult = 4,  // A result without one.
  kExpired = 5,           // The server's error for a pending without a result.
};
// The largest number, so that code that reads a stored number can check it.
constexpr Phase LastOf(Phase) { return Phase::kExpired; }

// How far a run has got. The numbers are stored and never change.
enum class RunState {
  kRunning = 1,  // No result was accepted.
  kEnded = 2,    // A result was accepted; a worse one may follow.
  // Later the work began again without an attempt of this series: a person
  // asked for it at GitHub (Report::rerun), or a report had no attempt. All
  // further reports of this run are superseded.
  kOver = 3,
};
constexpr RunState LastOf(RunState) { return RunState::kOver; }

// Of the runs of one series, the one with the largest attempt.
struct NewestRun {
  std::string series;
  int64_t attempt = 0;  // 0: there is none.
  RunState state = RunState::kRunning;
  std::optional<Result> result;  // The worst so far; nothing: none yet.

  friend bool operator==(const NewestRun&, const NewestRun&) = default;
};

// How many series of a key the outbox remembers: those whose reports it
// accepted last. A series that it has forgotten counts as new.
inline constexpr size_t kMostSeries = 16;

// The part of an entry that Judge decides by: the held report, and the newest
// run of each series.
struct Held {
  Phase phase = Phase::kWebhookPending;
  // Set for kNumberedResult and kUnnumberedResult.
  std::optional<Result> result;
  // Judge compares these texts for kFarmPending, so that GitHub shows progress,
  // and with a report whose newest text wins.
  std::string description;
  std::string target_url;
  // The held report asked that its texts win (Report::newest_text_wins). Only
  // Merge needs this: it judges the held report once more.
  bool newest_text_wins = false;

  // The run whose report with an attempt was accepted last. If the held report
  // has an attempt, it belongs to this run. attempt 0: no report with an
  // attempt was accepted, and `other_runs` is empty.
  NewestRun run;
  // The newest runs of the other series. The one whose report was accepted last
  // comes first.
  std::vector<NewestRun> other_runs;
};

// What happens to a report. The numbers are those of the proto's Disposition.
// They are stored and never change.
enum class Disposition {
  // The entry holds the report from now on, and GitHub is to show it.
  kAccepted = 1,
  // The entry already holds a report that says the same. Whether its texts must
  // also be the same is up to the report (Report::newest_text_wins).
  kUnchanged = 2,
  // Another report counts: the held one is of a later run, or it is a worse
  // result of the same run. The report is recorded in the history and never
  // posted.
  kSuperseded = 3,
};
constexpr Disposition LastOf(Disposition) { return Disposition::kSuperseded; }

struct Judgement {
  Disposition disposition = Disposition::kAccepted;
  // With this report the work begins again after a result, but without an
  // attempt that says so. Every run known so far is over (RunState::kOver).
  bool begins_again = false;
  // The entry's expiry starts again. Pendings only, also unchanged ones.
  bool renews_expiry = false;
};

// The whole ordering rule: decides what happens to the report `arriving` when
// the entry holds `held`. nullptr: no report was accepted for the key yet.
Judgement Judge(const Held* held, const Report& arriving);

// The newest run of `series`; nullptr: `held` knows no run of it. The pointer
// is valid until `held` changes or is destroyed.
const NewestRun* FindRun(const Held& held, absl::string_view series);

// The kind of report that an entry holds after `report` was accepted.
Phase PhaseOf(const Report& report);

// Updates `held` for a report that Judge has accepted. For a key without an
// accepted report, pass a pointer to Held().
void Hold(const Report& report, const Judgement& judgement, Held* held);

// After a rename, two entries can turn out to be of one key (merge_rules.h).
// What one entry holds in place of the two:
struct Merged {
  bool later_counts = false;  // The report of `later` counts.
  // The report of `later` is a pending that repeats that of `earlier`, whose
  // expiry is now that of `later`.
  bool renews_expiry = false;
  Held held;
};

// Merges what two entries hold. `later` has the report with the larger
// sequence, and is judged as if it arrived now. nullptr: the entry has only a
// history, since none of its reports was accepted. Of each series, the merged
// entry knows the run with the larger attempt.
Merged Merge(const Held* earlier, const Held* later);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_JUDGE_H_
