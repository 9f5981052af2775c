#ifndef SIGNALBOX_SERVER_REPORT_JUDGE_H_
#define SIGNALBOX_SERVER_REPORT_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/report/report.h"

namespace signalbox {

// The ordering rule: which of two reports of one key counts. All functions here
// are pure and work on plain structs. DESIGN.md has the table of the rule.

// The kind of the report that an entry holds. The numbers are stored and never
// change.
enum class Phase {
  kWebhookPending = 1,
  kFarmPending = 2,
  kNumberedResult = 3,
  kUnnumberedResult = 4,
  kExpired = 5,  // The server's error for a pending without a result.
};
constexpr Phase LastOf(Phase) { return Phase::kExpired; }

// How far a run has got. The numbers are stored and never change.
enum class RunState {
  kRunning = 1,
  kEnded = 2,
  // An unnumbered report began again: later reports of this run are late.
  kOver = 3,
};
constexpr RunState LastOf(RunState) { return RunState::kOver; }

// The newest run of a series, which is the run with the largest number.
struct NewestRun {
  std::string series;
  int64_t attempt = 0;  // 0: there is none.
  RunState state = RunState::kRunning;
  std::optional<Result> result;  // kEnded: the worst result so far.

  friend bool operator==(const NewestRun&, const NewestRun&) = default;
};

// How many series of a key the outbox remembers: those accepted last.
inline constexpr size_t kMostSeries = 16;

// The part of an entry that Judge decides by.
struct Held {
  Phase phase = Phase::kWebhookPending;
  // Set for kNumberedResult and kUnnumberedResult.
  std::optional<Result> result;
  // Matter only for a farm's pending.
  std::string description;
  std::string target_url;

  // The numbered run whose report was accepted last. If the held report has a
  // number, it belongs to this run. attempt 0: no run is known, in `other_runs`
  // either.
  NewestRun run;
  // The newest runs of other series; the run accepted last comes first.
  std::vector<NewestRun> other_runs;
};

// The numbers are those of the proto's Disposition.
enum class Disposition {
  kAccepted = 1,
  // The report says the same as the entry.
  kUnchanged = 2,
  // The report is older than the entry, or a better result of a run that has a
  // worse one. It is recorded in the history and never posted.
  kSuperseded = 3,
};

struct Judgement {
  Disposition disposition = Disposition::kAccepted;
  // Every run known so far is over, because this report begins a new one.
  bool begins_again = false;
  // The entry's expiry starts again. Pendings only, also unchanged ones.
  bool renews_expiry = false;
};

// The whole ordering rule: decides what happens to the report `arriving` when
// the entry holds `held`. nullptr: no report was accepted for the key yet.
Judgement Judge(const Held* held, const Report& arriving);

// The newest run of `series`; nullptr if the entry knows none. The pointer is
// valid as long as `held` is and does not change.
const NewestRun* FindRun(const Held& held, absl::string_view series);

// The kind of report that an entry holds after `report` was accepted.
Phase PhaseOf(const Report& report);

// Changes `held` to what the entry holds after `report` was accepted with this
// judgement. For a key without an accepted report, pass Held().
void Hold(const Report& report, const Judgement& judgement, Held* held);

// The result of merging two entries that belong to one key.
struct Merged {
  bool later_counts = false;  // Whether the later report is held.
  Held held;
};

// Merges two entries. `later` holds the report with the larger sequence; it is
// judged as if it arrived now. nullptr: no report was accepted for that entry.
// The merged entry knows the larger number of each series.
Merged Merge(const Held* earlier, const Held* later);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_JUDGE_H_
