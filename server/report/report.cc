#include "server/report/report.h"

#include <algorithm>

namespace signalbox {
namespace {

Phase PhaseOf(const Report& report) {
  if (report.result.has_value()) {
    return report.attempt > 0 ? Phase::kNumberedResult
                              : Phase::kUnnumberedResult;
  }
  return report.from_webhook ? Phase::kWebhookPending : Phase::kFarmPending;
}

bool SameText(const Held& held, const Report& report) {
  return held.description == report.description &&
         held.target_url == report.target_url;
}

// The last column of the table: a pending that asks for a rerun.
Disposition JudgeRerun(Phase held, bool* next_round) {
  switch (held) {
    case Phase::kWebhookPending:
    case Phase::kFarmPending:
      return Disposition::kUnchanged;
    case Phase::kNumberedResult:
    case Phase::kUnnumberedResult:
    case Phase::kExpired:
      *next_round = true;
      return Disposition::kAccepted;
  }
  return Disposition::kSuperseded;
}

Disposition JudgeWebhookPending(Phase held) {
  return held == Phase::kWebhookPending ? Disposition::kUnchanged
                                        : Disposition::kSuperseded;
}

Disposition JudgeFarmPending(const Held& held, const Report& arriving,
                             bool* next_round) {
  switch (held.phase) {
    case Phase::kWebhookPending:
    case Phase::kExpired:
      return Disposition::kAccepted;
    case Phase::kFarmPending:
      return SameText(held, arriving) ? Disposition::kUnchanged
                                      : Disposition::kAccepted;
    case Phase::kNumberedResult:
    case Phase::kUnnumberedResult:
      if (arriving.attempt > 0) return Disposition::kSuperseded;
      *next_round = true;
      return Disposition::kAccepted;
  }
  return Disposition::kSuperseded;
}

Disposition JudgeResult(const Held& held, const Report& arriving,
                        bool* next_round) {
  const bool numbered = arriving.attempt > 0;
  switch (held.phase) {
    case Phase::kWebhookPending:
    case Phase::kFarmPending:
    case Phase::kExpired:
      return Disposition::kAccepted;
    case Phase::kNumberedResult:
      if (held.result == arriving.result) return Disposition::kUnchanged;
      if (numbered) return Disposition::kConflict;
      *next_round = true;
      return Disposition::kAccepted;
    case Phase::kUnnumberedResult:
      return !numbered && held.result == arriving.result
                 ? Disposition::kUnchanged
                 : Disposition::kAccepted;
  }
  return Disposition::kSuperseded;
}

}  // namespace

absl::string_view CommitStateName(CommitState state) {
  switch (state) {
    case CommitState::kError:
      return "error";
    case CommitState::kFailure:
      return "failure";
    case CommitState::kPending:
      return "pending";
    case CommitState::kSuccess:
      return "success";
  }
  return "error";
}

std::optional<CommitState> ParseCommitState(absl::string_view name) {
  for (const CommitState state :
       {CommitState::kError, CommitState::kFailure, CommitState::kPending,
        CommitState::kSuccess}) {
    if (CommitStateName(state) == name) return state;
  }
  return std::nullopt;
}

CommitState CommitStateOf(Result result) {
  switch (result) {
    case Result::kSuccess:
    case Result::kSkipped:
    case Result::kNeutral:
      return CommitState::kSuccess;
    case Result::kFailure:
      return CommitState::kFailure;
    case Result::kError:
    case Result::kCancelled:
    case Result::kTimedOut:
      return CommitState::kError;
  }
  return CommitState::kError;
}

absl::string_view DefaultDescription(Result result) {
  switch (result) {
    case Result::kCancelled:
      return "Cancelled";
    case Result::kSkipped:
      return "Skipped";
    case Result::kTimedOut:
      return "Timed out";
    case Result::kNeutral:
      return "Neutral";
    case Result::kSuccess:
    case Result::kFailure:
    case Result::kError:
      return "";
  }
  return "";
}

Judgement Judge(const Held* held, const Report& arriving) {
  Judgement judgement = {Disposition::kAccepted, PhaseOf(arriving),
                         arriving.attempt, 0, !arriving.result.has_value()};
  if (held == nullptr) return judgement;
  if (arriving.attempt > held->attempt) return judgement;

  judgement.attempt = held->attempt;
  judgement.round = held->round;
  const bool late = arriving.attempt > 0 &&
                    (arriving.attempt < held->attempt || held->round > 0);
  bool next_round = false;
  if (late) {
    judgement.disposition = Disposition::kSuperseded;
  } else if (arriving.result.has_value()) {
    judgement.disposition = JudgeResult(*held, arriving, &next_round);
  } else if (arriving.rerun) {
    judgement.disposition = JudgeRerun(held->phase, &next_round);
  } else if (arriving.from_webhook) {
    judgement.disposition = JudgeWebhookPending(held->phase);
  } else {
    judgement.disposition = JudgeFarmPending(*held, arriving, &next_round);
  }
  if (next_round) ++judgement.round;
  judgement.renews_expiry = !arriving.result.has_value() &&
                            (judgement.disposition == Disposition::kAccepted ||
                             judgement.disposition == Disposition::kUnchanged);
  return judgement;
}

}  // namespace signalbox
