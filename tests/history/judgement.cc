#include "tests/history/judgement.h"

#include <algorithm>

namespace signalbox::history {
namespace {

using How = Answered::How;
using Kind = Standing::Kind;

// Columns: a farm's numbered pending, numbered result, unnumbered pending,
// unnumbered result; a webhook pending; a pending that asks for a rerun.
//   A  accepted          +  accepted in the next round
//   U  unchanged         T  unchanged, accepted if its text differs
//   S  superseded        X  unchanged if it is the same result, else a conflict
//   r  unchanged if it is the same result, else accepted in the next round
//   a  unchanged if it is the same result, else accepted
constexpr const char* kTable[] = {
    "AAAAAA",  // nothing
    "AAAAUU",  // webhook pending
    "TATASU",  // farm's pending
    "SX+rS+",  // numbered result
    "SA+aS+",  // unnumbered result
    "AAAAS+",  // expired pending
};

size_t ColumnOf(const Called& call) {
  if (call.rerun) return 5;
  if (!call.delivery_id.empty()) return 4;
  return (call.attempt == 0 ? 2 : 0) + (call.result.empty() ? 0 : 1);
}

Standing After(const Standing& held, const Called& call, int64_t round) {
  Standing after;
  after.attempt = std::max(held.attempt, call.attempt);
  after.round = round;
  after.result = call.result;
  after.content = call.content;
  if (!call.delivery_id.empty()) {
    after.kind = Kind::kWebhookPending;
  } else if (call.result.empty()) {
    after.kind = Kind::kFarmPending;
  } else {
    after.kind =
        call.attempt == 0 ? Kind::kUnnumberedResult : Kind::kNumberedResult;
  }
  return after;
}

}  // namespace

Judged JudgeCall(const Standing& held, const Called& call) {
  if (call.attempt > held.attempt) {
    return {How::kAccepted, After(held, call, 0)};
  }
  const bool is_older =
      call.attempt != 0 && (call.attempt < held.attempt || held.round > 0);
  if (is_older) return {How::kSuperseded, held};

  const bool same_result = held.result == call.result;
  const bool same_text = held.content.description == call.content.description &&
                         held.content.target_url == call.content.target_url;
  switch (kTable[static_cast<int>(held.kind)][ColumnOf(call)]) {
    case 'A':
      return {How::kAccepted, After(held, call, held.round)};
    case '+':
      return {How::kAccepted, After(held, call, held.round + 1)};
    case 'U':
      return {How::kUnchanged, held};
    case 'T':
      if (same_text) return {How::kUnchanged, held};
      return {How::kAccepted, After(held, call, held.round)};
    case 'X':
      return {same_result ? How::kUnchanged : How::kConflict, held};
    case 'r':
      if (same_result) return {How::kUnchanged, held};
      return {How::kAccepted, After(held, call, held.round + 1)};
    case 'a':
      if (same_result) return {How::kUnchanged, held};
      return {How::kAccepted, After(held, call, held.round)};
    default:
      return {How::kSuperseded, held};
  }
}

Judged JudgeExpiry(const Standing& held, const Content& error) {
  if (held.kind != Kind::kWebhookPending && held.kind != Kind::kFarmPending) {
    return {How::kConflict, held};
  }
  Standing after = held;
  after.kind = Kind::kExpired;
  after.content = error;
  return {How::kAccepted, after};
}

}  // namespace signalbox::history
