#include "server/report/judge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

bool IsPending(Phase phase) {
  return phase == Phase::kWebhookPending || phase == Phase::kFarmPending;
}

constexpr Result kFromBestToWorst[] = {
    Result::kSkipped,  Result::kNeutral, Result::kSuccess, Result::kCancelled,
    Result::kTimedOut, Result::kError,   Result::kFailure};
static_assert(std::size(kFromBestToWorst) ==
              static_cast<size_t>(LastOf(Result())));

// A missing result is better than any other.
bool IsWorse(std::optional<Result> result, std::optional<Result> than) {
  if (!result.has_value() || !than.has_value()) return result.has_value();
  return std::ranges::find(kFromBestToWorst, *result) >
         std::ranges::find(kFromBestToWorst, *than);
}

bool IsShownAsFailed(Result result) {
  return CommitStateOf(result) != CommitState::kSuccess;
}

bool SameText(const Held& held, const Report& report) {
  return held.description == report.description &&
         held.target_url == report.target_url;
}

// Whether `report`, a pending or a result as the held one, says nothing new.
bool IsRepetition(const Held& held, const Report& report) {
  return held.result == report.result &&
         (!report.newest_text_wins || SameText(held, report));
}

// Judges a pending of the newest run of its series, which is still running.
Disposition JudgeRunningPending(const Held& held, bool is_own,
                                const Report& arriving) {
  switch (held.phase) {
    case Phase::kWebhookPending:
    case Phase::kExpired:
      return Disposition::kAccepted;
    case Phase::kFarmPending:
      if (!is_own) return Disposition::kSuperseded;
      return SameText(held, arriving) ? Disposition::kUnchanged
                                      : Disposition::kAccepted;
    case Phase::kNumberedResult:
    case Phase::kUnnumberedResult:
      return Disposition::kSuperseded;
  }
  return Disposition::kSuperseded;
}

// Judges another result of a run that has already ended.
Disposition JudgeSecondResult(const Held& held, bool is_own,
                              const NewestRun& run, const Report& arriving) {
  const Result result = *arriving.result;
  if (is_own && held.phase == Phase::kNumberedResult) {
    if (IsRepetition(held, arriving)) return Disposition::kUnchanged;
    return IsWorse(held.result, result) ? Disposition::kSuperseded
                                        : Disposition::kAccepted;
  }
  // The entry holds another report. Only a failure that is worse than the known
  // result of the run replaces it.
  return IsWorse(result, run.result) && IsShownAsFailed(result)
             ? Disposition::kAccepted
             : Disposition::kSuperseded;
}

Disposition JudgeNumbered(const Held& held, const Report& arriving) {
  const NewestRun* const run = FindRun(held, arriving.series);
  if (run == nullptr || arriving.attempt > run->attempt) {
    return Disposition::kAccepted;
  }
  if (arriving.attempt < run->attempt || run->state == RunState::kOver) {
    return Disposition::kSuperseded;
  }
  const bool is_running = run->state == RunState::kRunning;
  const bool is_own = run == &held.run;
  if (arriving.result.has_value()) {
    return is_running ? Disposition::kAccepted
                      : JudgeSecondResult(held, is_own, *run, arriving);
  }
  return is_running ? JudgeRunningPending(held, is_own, arriving)
                    : Disposition::kSuperseded;
}

Disposition JudgeUnnumberedResult(const Held& held, const Report& arriving,
                                  bool* begins_again) {
  const bool is_numbered = held.phase == Phase::kNumberedResult;
  if (!is_numbered && held.phase != Phase::kUnnumberedResult) {
    return Disposition::kAccepted;
  }
  if (IsRepetition(held, arriving)) return Disposition::kUnchanged;
  *begins_again = is_numbered;
  return Disposition::kAccepted;
}

Disposition JudgeUnnumberedPending(const Held& held, const Report& arriving,
                                   bool* begins_again) {
  if (arriving.rerun) {
    if (IsPending(held.phase)) {
      return IsRepetition(held, arriving) ? Disposition::kUnchanged
                                          : Disposition::kAccepted;
    }
    *begins_again = true;
    return Disposition::kAccepted;
  }
  if (arriving.from_webhook) {
    if (held.phase == Phase::kWebhookPending) return Disposition::kUnchanged;
    return Disposition::kSuperseded;
  }
  switch (held.phase) {
    case Phase::kWebhookPending:
    case Phase::kExpired:
      return Disposition::kAccepted;
    case Phase::kFarmPending:
      return SameText(held, arriving) ? Disposition::kUnchanged
                                      : Disposition::kAccepted;
    case Phase::kNumberedResult:
    case Phase::kUnnumberedResult:
      *begins_again = true;
      return Disposition::kAccepted;
  }
  return Disposition::kSuperseded;
}

void End(NewestRun* run) {
  run->state = RunState::kOver;
  run->result.reset();
}

void EndAllRuns(Held* held) {
  if (held->run.attempt > 0) End(&held->run);
  for (NewestRun& run : held->other_runs) End(&run);
}

// Makes the run of `report` the one that was accepted last.
void HoldRun(const Report& report, Held* held) {
  if (held->run.attempt == 0 || held->run.series != report.series) {
    std::vector<NewestRun>& others = held->other_runs;
    NewestRun former = std::exchange(held->run, NewestRun());
    const auto found =
        std::ranges::find(others, report.series, &NewestRun::series);
    if (found != others.end()) {
      held->run = std::move(*found);
      others.erase(found);
    }
    if (former.attempt > 0) others.insert(others.begin(), std::move(former));
    if (others.size() >= kMostSeries) others.resize(kMostSeries - 1);
  }
  NewestRun& run = held->run;
  if (report.attempt != run.attempt) {
    run = NewestRun();
    run.series = report.series;
    run.attempt = report.attempt;
  }
  if (!report.result.has_value()) return;
  run.state = RunState::kEnded;
  if (IsWorse(report.result, run.result)) run.result = report.result;
}

// Returns the held report as if it arrived now.
Report ReportOf(const Held& held) {
  Report report;
  const bool is_numbered =
      held.phase == Phase::kNumberedResult ||
      ((held.phase == Phase::kFarmPending || held.phase == Phase::kExpired) &&
       held.run.state == RunState::kRunning);
  if (is_numbered) {
    report.series = held.run.series;
    report.attempt = held.run.attempt;
  }
  report.result = held.result;
  report.description = held.description;
  report.target_url = held.target_url;
  report.newest_text_wins = held.newest_text_wins;
  report.from_webhook = held.phase == Phase::kWebhookPending;
  return report;
}

NewestRun MergeRuns(const NewestRun& a, const NewestRun& b) {
  if (a.attempt != b.attempt) return a.attempt > b.attempt ? a : b;
  if (a.state != b.state) return a.state > b.state ? a : b;
  return IsWorse(b.result, a.result) ? b : a;
}

// Adds what another entry knows about a run.
void AddRun(const NewestRun& run, Held* held) {
  if (run.attempt == 0) return;
  if (held->run.attempt == 0) {
    held->run = run;
    return;
  }
  if (held->run.series == run.series) {
    held->run = MergeRuns(held->run, run);
    return;
  }
  for (NewestRun& other : held->other_runs) {
    if (other.series != run.series) continue;
    other = MergeRuns(other, run);
    return;
  }
  if (held->other_runs.size() + 1 < kMostSeries) {
    held->other_runs.push_back(run);
  }
}

}  // namespace

const NewestRun* FindRun(const Held& held, absl::string_view series) {
  if (held.run.attempt == 0) return nullptr;
  if (held.run.series == series) return &held.run;
  const auto found =
      std::ranges::find(held.other_runs, series, &NewestRun::series);
  return found == held.other_runs.end() ? nullptr : &*found;
}

Phase PhaseOf(const Report& report) {
  if (report.result.has_value()) {
    return report.attempt > 0 ? Phase::kNumberedResult
                              : Phase::kUnnumberedResult;
  }
  return report.from_webhook && report.attempt == 0 ? Phase::kWebhookPending
                                                    : Phase::kFarmPending;
}

Judgement Judge(const Held* held, const Report& arriving) {
  Judgement judgement;
  if (held == nullptr) {
    judgement.disposition = Disposition::kAccepted;
  } else if (arriving.attempt > 0) {
    judgement.disposition = JudgeNumbered(*held, arriving);
  } else if (arriving.result.has_value()) {
    judgement.disposition =
        JudgeUnnumberedResult(*held, arriving, &judgement.begins_again);
  } else {
    judgement.disposition =
        JudgeUnnumberedPending(*held, arriving, &judgement.begins_again);
  }
  judgement.renews_expiry = !arriving.result.has_value() &&
                            judgement.disposition != Disposition::kSuperseded;
  return judgement;
}

void Hold(const Report& report, const Judgement& judgement, Held* held) {
  if (judgement.begins_again) EndAllRuns(held);
  if (report.attempt > 0) HoldRun(report, held);
  held->phase = PhaseOf(report);
  held->result = report.result;
  held->description = report.description;
  held->target_url = report.target_url;
  held->newest_text_wins = report.newest_text_wins;
}

Merged Merge(const Held* earlier, const Held* later) {
  Merged merged;
  if (earlier == nullptr || later == nullptr) {
    merged.later_counts = later != nullptr;
    if (const Held* only = later != nullptr ? later : earlier) {
      merged.held = *only;
    }
    return merged;
  }
  const Judgement judgement = Judge(earlier, ReportOf(*later));
  if (later->phase == Phase::kExpired) {
    // The server itself reports an expiry, and only for a pending.
    merged.later_counts = IsPending(earlier->phase) &&
                          judgement.disposition != Disposition::kSuperseded;
  } else {
    merged.later_counts = judgement.disposition == Disposition::kAccepted;
    merged.renews_expiry = judgement.renews_expiry && !merged.later_counts;
  }
  Held before = *earlier;
  if (merged.later_counts && judgement.begins_again) EndAllRuns(&before);
  merged.held = merged.later_counts ? *later : before;
  const Held& other = merged.later_counts ? before : *later;
  AddRun(other.run, &merged.held);
  for (const NewestRun& run : other.other_runs) AddRun(run, &merged.held);
  return merged;
}

}  // namespace signalbox
