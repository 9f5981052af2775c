#ifndef SIGNALBOX_SERVER_REPORT_JUDGE_H_
#define SIGNALBOX_SERVER_REPORT_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/report/report.h"

namespace signalbox {

// The order of reports: which of two reports of one key counts. Everything here
// is a pure function of plain rows; DESIGN.md has the table.

// What kind of report an entry holds. The numbers are stored and never change.
enum class Phase {
  kWebhookPending = 1,
  kFarmPending = 2,
  kNumberedResult = 3,
  kUnnumberedResult = 4,
  kExpired = 5,  // The server's own error after a pending without a result.
};
constexpr Phase LastOf(Phase) { return Phase::kExpired; }

// How far a run has got. The numbers are stored and never change.
enum class RunState {
  kRunning = 1,
  kEnded = 2,
  kOver = 3,  // Somebody began again without a number: all it says is late.
};
constexpr RunState LastOf(RunState) { return RunState::kOver; }

// The newest run of a series: the one with the largest number.
struct NewestRun {
  std::string series;
  int64_t attempt = 0;  // 0: there is none.
  RunState state = RunState::kRunning;
  std::optional<Result> result;  // kEnded: the worst so far.

  friend bool operator==(const NewestRun&, const NewestRun&) = default;
};

// So many series of a key are remembered: those accepted last.
inline constexpr size_t kMostSeries = 16;

// The part of an entry that Judge decides by.
struct Held {
  Phase phase = Phase::kWebhookPending;
  // Set for kNumberedResult and kUnnumberedResult.
  std::optional<Result> result;
  // Only those of a farm's pending matter.
  std::string description;
  std::string target_url;

  // The run whose report was accepted last. If the held report has a number, it
  // is of this run. No run: there are no others either.
  NewestRun run;
  // The newest runs of other series, the one accepted last first.
  std::vector<NewestRun> other_runs;
};

enum class Disposition {
  kAccepted,
  // Says what the entry says already.
  kUnchanged,
  // Older than what the entry says, or better than another result of the same
  // run: recorded in the history, never posted.
  kSuperseded,
};

struct Judgement {
  Disposition disposition = Disposition::kAccepted;
  // Every run known so far is over.
  bool begins_again = false;
  // The entry's expiry begins anew (pendings only; also when unchanged).
  bool renews_expiry = false;
};

// The whole ordering rule: what becomes of `arriving` where `held` is what the
// entry holds, or nullptr if nothing was accepted for the key.
Judgement Judge(const Held* held, const Report& arriving);

// What kind of report an entry holds once `report` is accepted.
Phase PhaseOf(const Report& report);

// Makes of `held` what the entry holds once `report` is accepted with this
// judgement. A key for which nothing was accepted begins with Held().
void Hold(const Report& report, const Judgement& judgement, Held* held);

// Two entries that turn out to be of one key.
struct Merged {
  bool later_counts = false;  // Whose report is held: the later or the earlier.
  Held held;
};

// `later` holds the report with the larger sequence; nullptr: nothing was
// accepted for that entry. Its report is judged as if it arrived now, and of
// each series the larger number is known.
Merged Merge(const Held* earlier, const Held* later);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_JUDGE_H_
