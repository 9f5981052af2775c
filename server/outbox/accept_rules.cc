#include "server/outbox/accept_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/names.h"
#include "server/outbox/entry_state.h"

namespace signalbox {
namespace {

// A person cannot make GitHub redeliver sooner.
constexpr absl::Duration kRedeliveryGap = absl::Seconds(10);

// A report makes an abandoned entry due at the earliest this long after it was
// last due.
constexpr absl::Duration kBetweenRevivals = absl::Seconds(10);

// Whether the row was damaged, and no report was accepted since.
bool IsSetAside(const EntryRow& row) {
  return row.posting_state == PostingState::kAbandoned &&
         row.posting_reason == kRowDamaged;
}

CommitState HeldState(const EntryRow& row) {
  return StateOf(row.held.phase, row.held.result);
}

void RenewExpiry(const Report& report, absl::Time now, EntryRow* row) {
  row->expire_time.reset();
  if (report.expires_after == absl::InfiniteDuration()) return;
  row->expire_time = now + report.expires_after;
  row->expires_after = report.expires_after;
}

// When a report that is accepted now becomes due.
absl::Time DueTimeOf(bool is_pending, const Circumstances& found,
                     const EntryRow& row) {
  absl::Time due = is_pending ? found.now + found.pending_settle : found.now;
  // An entry that still waits to be posted keeps its place. Otherwise a key
  // with frequent reports would never be posted.
  const bool waited = row.version > 0 && row.is_pending == is_pending &&
                      (row.posting_state == PostingState::kDue ||
                       row.posting_state == PostingState::kWaiting);
  if (waited) due = std::min(due, row.first_due_time);
  // GitHub must first confirm the old name that the report used.
  if (found.awaits_answer) {
    due = std::max(due, found.now + found.limits.ambiguous_wait);
  }
  return due;
}

void AcceptReport(const Report& report, const Judgement& judgement,
                  const Circumstances& found, int64_t* sequence, Draft* draft) {
  EntryRow& row = draft->row;
  const bool is_pending = !report.result.has_value();
  row.first_due_time = DueTimeOf(is_pending, found, row);
  if (IsSetAside(row)) row.held = Held();
  row.version++;
  row.report_sequence = row.change_sequence = ++*sequence;
  row.report_time = found.now;
  const auto others = row.held.other_runs;
  Hold(report, judgement, &row.held);
  if (row.held.other_runs != others) row.other_runs_changed = true;
  row.posting_state = PostingState::kDue;
  row.is_pending = is_pending;
  row.reported_as = found.reported_as;
  row.was_accepted = draft->was_accepted = true;
  row.expire_time.reset();
  if (judgement.renews_expiry) RenewExpiry(report, found.now, &row);
}

// Makes an abandoned entry due again, although the report says the same.
void ReviveUnchanged(const Circumstances& found, int64_t* sequence,
                     Draft* draft) {
  EntryRow& row = draft->row;
  if (row.posting_state != PostingState::kAbandoned ||
      found.limits.IsFinal(row.posting_reason)) {
    return;
  }
  row.posting_state = PostingState::kDue;
  row.first_due_time =
      std::max(found.now, row.first_due_time + kBetweenRevivals);
  if (found.awaits_answer) {
    row.first_due_time =
        std::max(row.first_due_time, found.now + found.limits.ambiguous_wait);
  }
  row.change_sequence = ++*sequence;
  row.was_revived = draft->was_revived = true;
}

// GitHub's numbers for its statuses give their order.
Decided ObserveShown(const Submission& submission, absl::Time now,
                     int64_t* sequence, Draft* draft) {
  EntryRow& row = draft->row;
  Decided decided;
  const int64_t status_id = submission.observed->status_id;
  if (status_id <= row.shown_status_id) return decided;
  if (draft->stored == nullptr) row.posting_state = PostingState::kObserved;
  row.shown_status_id = status_id;
  row.observed = &submission;
  row.observe_time = now;
  row.change_sequence = ++*sequence;
  decided.disposition = Disposition::kAccepted;
  return decided;
}

Decided Supersede(const Report& report, int64_t sequence, Draft* draft) {
  draft->was_recorded = true;
  return {Disposition::kSuperseded,
          true,
          PhaseOf(report),
          0,
          -sequence,
          std::nullopt};
}

// The error does not give the newest sequence, because sequences count the
// reports of all callers.
absl::Status ChangedError(int64_t if_sequence, const std::string& context,
                          const EntryRow& row) {
  return Error(absl::StatusCode::kAborted, "CHANGED",
               absl::StrCat("if_sequence: ", if_sequence,
                            " is older than the newest report of ", context,
                            " (", CommitStateName(HeldState(row)),
                            "), so the server did not accept this one; read "
                            "the status again before you report"));
}

Judgement JudgeRerun(const Held* held, Report report) {
  report.rerun = true;
  return Judge(held, report);
}

// As people write it: "6 h", "1 h 30 min", "30 d".
std::string InWords(absl::Duration duration) {
  constexpr struct {
    absl::string_view name;
    absl::Duration length;
  } kUnits[] = {{"d", absl::Hours(24)},
                {"h", absl::Hours(1)},
                {"min", absl::Minutes(1)},
                {"s", absl::Seconds(1)}};
  std::string words;
  for (const auto& unit : kUnits) {
    const int64_t count = absl::IDivDuration(duration, unit.length, &duration);
    if (count == 0) continue;
    absl::StrAppend(&words, words.empty() ? "" : " ", count, " ", unit.name);
  }
  return words.empty() ? "0 s" : words;
}

void Count(CommitState state, int by, CommitCounts* counts) {
  if (state == CommitState::kPending) counts->pending_count += by;
  if (IsFailed(state)) counts->failed_count += by;
}

}  // namespace

absl::StatusOr<Decided> DecideEntry(const Submission& submission,
                                    const Circumstances& found,
                                    const std::string& context,
                                    int64_t* sequence, Draft* draft) {
  const Report& report = submission.report;
  EntryRow& row = draft->row;
  if (found.IsRepeat()) return Decided();
  if (found.is_overtaken || submission.for_history) {
    return Supersede(report, *sequence, draft);
  }
  if (submission.observed.has_value()) {
    return ObserveShown(submission, found.now, sequence, draft);
  }
  // Nobody knows what a damaged entry held, so the next report is accepted.
  const Held* const held =
      row.version == 0 || IsSetAside(row) ? nullptr : &row.held;
  // A known delivery that is no repeat asks for a rerun.
  const Judgement judgement =
      found.is_known ? JudgeRerun(held, report) : Judge(held, report);
  switch (judgement.disposition) {
    case Disposition::kAccepted:
      if (held != nullptr && submission.if_sequence.has_value() &&
          row.report_sequence > *submission.if_sequence) {
        return ChangedError(*submission.if_sequence, context, row);
      }
      AcceptReport(report, judgement, found, sequence, draft);
      draft->was_recorded = true;
      return Decided{Disposition::kAccepted, true,
                     row.held.phase,         row.version,
                     row.report_sequence,    row.expire_time};
    case Disposition::kUnchanged:
      if (judgement.renews_expiry) {
        RenewExpiry(report, found.now, &row);
        row.was_renewed = draft->was_renewed = true;
      }
      ReviveUnchanged(found, sequence, draft);
      break;
    case Disposition::kSuperseded:
      return Supersede(report, *sequence, draft);
  }
  return Decided();
}

void ExpireEntry(absl::Time now, int64_t* sequence, EntryRow* row) {
  row->version++;
  row->report_sequence = row->change_sequence = ++*sequence;
  row->held.phase = Phase::kExpired;
  row->held.result.reset();
  row->held.description =
      absl::StrCat("No result within ", InWords(row->expires_after));
  row->posting_state = PostingState::kDue;
  row->is_pending = false;
  row->first_due_time = now;
  row->expire_time.reset();
}

Receipt ReceiptFor(const Submission& submission, const std::string& context,
                   const EntryRow& row, Disposition disposition) {
  const Report& report = submission.report;
  Receipt receipt;
  receipt.context = context;
  receipt.sequence = submission.observed.has_value() ? row.change_sequence
                                                     : row.report_sequence;
  receipt.disposition = disposition;
  if (row.version > 0) {
    receipt.expire_time = row.expire_time;
    receipt.state = HeldState(row);
    if (!submission.observed.has_value()) {
      // As the store rounds it: a repetition gets the same.
      receipt.report_time =
          absl::FromUnixMicros(absl::ToUnixMicros(row.report_time));
    }
  }
  if (report.attempt > 0) {
    const NewestRun* const run = FindRun(row.held, report.series);
    if (run != nullptr) {
      receipt.newest_attempt = run->attempt;
      receipt.newest_result = run->result;
    }
  }
  return receipt;
}

void CountAccepted(const Draft& draft, int64_t sequence, CommitCounts* counts) {
  counts->newest_sequence = sequence;
  if (draft.stored == nullptr || draft.stored->version == 0) {
    counts->status_count++;
  } else {
    Count(HeldState(*draft.stored), -1, counts);
  }
  Count(HeldState(draft.row), 1, counts);
}

std::vector<std::string> WithReported(const Submission& submission,
                                      std::vector<std::string> reported) {
  std::vector<std::string> contexts = submission.contexts;
  for (std::string& context : reported) {
    const bool is_there = HasName(submission.contexts, context);
    const auto& may_report = submission.may_report_context;
    if (is_there || (may_report && !may_report(context))) continue;
    contexts.push_back(std::move(context));
  }
  return contexts;
}

bool HasHead(const Submission& submission) {
  return submission.change.has_value() &&
         submission.change->pull_request_number > 0 &&
         submission.change->updated_time != absl::InfinitePast();
}

HeadOrder OrderOf(const CodeChange& change, const Sha& sha,
                  const KnownHead& newest, absl::Time now) {
  // Older versions of the server stored times in the future.
  const int64_t known = absl::ToUnixMicros(std::min(newest.updated_time, now));
  if (absl::ToUnixMicros(HeadTime(change, now)) >= known) {
    return HeadOrder::kNewest;
  }
  return newest.sha == sha ? HeadOrder::kRepeated : HeadOrder::kOvertaken;
}

bool MayAskRerun(const Submission& submission,
                 absl::Span<const std::string> contexts) {
  return submission.redelivery_is_rerun && !submission.observed.has_value() &&
         !contexts.empty();
}

bool ComesAgain(std::optional<absl::Time> first_time, absl::Time now) {
  // With another id, the delivery comes through another hook. Soon after the
  // first arrival, something between GitHub and the server repeats it.
  return first_time.has_value() && now - *first_time >= kRedeliveryGap;
}

bool IsPending(const EntryRow& row) {
  return row.version > 0 && HeldState(row) == CommitState::kPending;
}

}  // namespace signalbox
