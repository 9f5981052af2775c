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
  kWebhookPending = 1,    // A pending from a webhook, without a number.
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
  // A rerun or an unnumbered report began again after this run. All further
  // reports of it are superseded.
  kOver = 3,
};
constexpr RunState LastOf(RunState) { return RunState::kOver; }

// The run of a series with the largest number.
struct NewestRun {
  std::string series;
  int64_t attempt = 0;  // 0: there is none.
  RunState state = RunState::kRunning;
  std::optional<Result> result;  // kEnded: the worst result so far.

  friend bool operator==(const NewestRun&, const NewestRun&) = default;
};

// How many series of a key the outbox remembers: those accepted last.
inline constexpr size_t kMostSeries = 16;

// The part of an entry that Judge decides by: the held report, and the newest
// run of each series.
struct Held {
  Phase phase = Phase::kWebhookPending;
  // Set for kNumberedResult and kUnnumberedResult.
  std::optional<Result> result;
  // Judge compares the texts of a farm's pending only.
  std::string description;
  std::string target_url;

  // The numbered run whose report was accepted last. If the held report has a
  // number, it belongs to this run. attempt 0: no numbered report was accepted,
  // and `other_runs` is empty.
  NewestRun run;
  // The newest runs of the other series. The one whose report was accepted last
  // comes first.
  std::vector<NewestRun> other_runs;
};

// What happens to a report. The numbers are those of the proto's Disposition.
enum class Disposition {
  // The entry holds the report from now on, and GitHub is to show it.
  kAccepted = 1,
  // The entry already holds a report that says the same.
  kUnchanged = 2,
  // The report is older than the entry, or a better result of a run that has a
  // worse one. It is recorded in the history and never posted.
  kSuperseded = 3,
};

struct Judgement {
  Disposition disposition = Disposition::kAccepted;
  // The report begins again after a result, so every run known so far is over.
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

// Makes `held` what the entry holds after `report` was accepted with this
// judgement. For a key without an accepted report, pass Held().
void Hold(const Report& report, const Judgement& judgement, Held* held);

// After a rename, two entries can turn out to be of one key (merge_rules.h).
// What the merged entry holds:
struct Merged {
  bool later_counts = false;  // It holds the report of `later`.
  Held held;
};

// Merges what two entries hold. `later` has the report with the larger
// sequence, and is judged as if it arrived now. nullptr: no report was accepted
// for that entry. Of each series, the merged entry knows the run with the
// larger number.
Merged Merge(const Held* earlier, const Held* later);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_JUDGE_H_
