#include "tests/history/judgement.h"

#include <algorithm>
#include <iterator>

namespace signalbox::history {
namespace {

using How = Answered::How;
using Kind = Standing::Kind;

constexpr char kOver[] = "over";
constexpr size_t kMostSeries = 16;

// Columns: a pending and a result of the newest run of its series while the run
// is going on; a pending and a result after it has ended; an unnumbered
// pending; an unnumbered result; a webhook pending; an unnumbered pending that
// asks for a rerun. A larger attempt or an unknown series is always accepted.
//   A  accepted          +  accepted, and ends all known runs
//   U  unchanged         T  unchanged, accepted if its text differs
//   n  unchanged, accepted if its text differs and wins
//   S  superseded        t  as T if it is the held run's own, else superseded
//   w  accepted if it is a failure that is worse than the run's end so far
//   m  of the held run: unchanged if the same, superseded if better, else
//      accepted; of another run as w
//   r  unchanged if it is the same result, else as +
//   a  unchanged if it is the same result, else accepted
// A result with another text is not the same if its text wins.
constexpr const char* kTable[] = {
    "AAAAAAAA",  // nothing
    "AASwAAUn",  // webhook pending
    "tASwTASn",  // farm's pending
    "SASm+rS+",  // numbered result
    "SASw+aS+",  // unnumbered result
    "AASwAAS+",  // expired pending
};

// Later is worse. GitHub shows those from `cancelled` on as failed.
constexpr const char* kEnds[] = {"",        "skipped",   "neutral",
                                 "success", "cancelled", "timed_out",
                                 "error",   "failure"};

ptrdiff_t BadnessOf(const std::string& end) {
  return std::find(std::begin(kEnds), std::end(kEnds), end) - std::begin(kEnds);
}

bool IsFailure(const std::string& end) {
  return BadnessOf(end) >= BadnessOf("cancelled");
}

size_t ColumnOf(const Called& call, const Standing::Known* run) {
  const size_t is_result = call.result.empty() ? 0 : 1;
  if (run != nullptr) return (run->end.empty() ? 0 : 2) + is_result;
  if (call.rerun) return 7;
  return call.delivery_id.empty() ? 4 + is_result : 6;
}

// The letter after all conditions are settled: A, +, U or S.
char Settled(char cell, const Standing& held, const Called& call,
             const Standing::Known* run) {
  const bool is_own = held.own == call.series;
  const bool same_text = held.content.description == call.content.description &&
                         held.content.target_url == call.content.target_url;
  const bool text_counts = call.newest_text_wins && !same_text;
  const bool same_result = held.result == call.result && !text_counts;
  switch (cell) {
    case 't':
      if (!is_own) return 'S';
      return same_text ? 'U' : 'A';
    case 'T':
      return same_text ? 'U' : 'A';
    case 'n':
      return text_counts ? 'A' : 'U';
    case 'r':
      return same_result ? 'U' : '+';
    case 'a':
      return same_result ? 'U' : 'A';
    case 'm':
      if (is_own && same_result) return 'U';
      if (is_own) {
        return BadnessOf(call.result) < BadnessOf(held.result) ? 'S' : 'A';
      }
      [[fallthrough]];
    case 'w':
      return IsFailure(call.result) &&
                     BadnessOf(call.result) > BadnessOf(run->end)
                 ? 'A'
                 : 'S';
    default:
      return cell;
  }
}

// Notes a report of a run. Drops the series that reported longest ago.
void Hear(const Called& call, Standing* standing) {
  Standing::Known& run = standing->series[call.series];
  if (run.attempt != call.attempt) run = {call.attempt, "", 0};
  if (BadnessOf(call.result) > BadnessOf(run.end)) run.end = call.result;
  run.heard = ++standing->heard;
  standing->own = call.series;
  if (standing->series.size() <= kMostSeries) return;
  standing->series.erase(
      std::min_element(standing->series.begin(), standing->series.end(),
                       [](const auto& a, const auto& b) {
                         return a.second.heard < b.second.heard;
                       }));
}

Standing After(const Standing& held, const Called& call, bool begins_again) {
  Standing after = held;
  if (begins_again) {
    for (auto& [name, run] : after.series) run.end = kOver;
  }
  after.result = call.result;
  after.content = call.content;
  if (call.attempt != 0) {
    Hear(call, &after);
    after.kind =
        call.result.empty() ? Kind::kFarmPending : Kind::kNumberedResult;
    return after;
  }
  const bool keeps_run = call.result.empty() && !begins_again;
  if (!keeps_run) after.own.reset();
  if (!call.result.empty()) {
    after.kind = Kind::kUnnumberedResult;
  } else {
    after.kind =
        call.delivery_id.empty() ? Kind::kFarmPending : Kind::kWebhookPending;
  }
  return after;
}

}  // namespace

Judged JudgeCall(const Standing& held, const Called& call) {
  const auto known = held.series.find(call.series);
  const Standing::Known* run = nullptr;
  if (call.attempt != 0) {
    if (known == held.series.end() || call.attempt > known->second.attempt) {
      return {How::kAccepted, After(held, call, false)};
    }
    run = &known->second;
    if (call.attempt < run->attempt || run->end == kOver) {
      return {How::kSuperseded, held};
    }
  }
  const char cell = kTable[static_cast<int>(held.kind)][ColumnOf(call, run)];
  switch (Settled(cell, held, call, run)) {
    case 'A':
      return {How::kAccepted, After(held, call, false)};
    case '+':
      return {How::kAccepted, After(held, call, true)};
    case 'U':
      return {How::kUnchanged, held};
    default:
      return {How::kSuperseded, held};
  }
}

Judged JudgeExpiry(const Standing& held, const Content& error) {
  if (held.kind != Kind::kWebhookPending && held.kind != Kind::kFarmPending) {
    return {How::kRefused, held};
  }
  Standing after = held;
  after.kind = Kind::kExpired;
  after.content = error;
  return {How::kAccepted, after};
}

}  // namespace signalbox::history
