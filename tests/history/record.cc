#include "tests/history/record.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace signalbox::history {
namespace {

using How = Answered::How;

// Nothing expires for this long after a start.
constexpr absl::Duration kQuietTime = absl::Minutes(10);

// The longest time until a call arrives.
constexpr absl::Duration kOnTheWay = absl::Minutes(1);

constexpr absl::string_view kExpiry = "No result within ";

}  // namespace

void Record::Add(const Called& event) {
  calls_[event.call] = &event;
  Status& status = statuses_[event.name];
  status.calls[event.content.description].push_back(&event);
  if (!event.delivery_id.empty()) {
    if (!status.deliveries.try_emplace(event.delivery_id, &event).second) {
      status.came_again.insert(event.delivery_id);
    }
  }
}

void Record::Replay() {
  for (auto& [name, status] : statuses_) Replay(name, &status);
}

const std::map<int64_t, Version>& Record::VersionsOf(
    const StatusName& name) const {
  static const auto* const none = new std::map<int64_t, Version>();
  const auto found = statuses_.find(name);
  return found == statuses_.end() ? *none : found->second.versions;
}

int64_t Record::AckedOf(const StatusName& name) const {
  const auto found = statuses_.find(name);
  return found == statuses_.end() ? 0 : found->second.acked;
}

bool Record::MayBePosted(const StatusName& name, const Content& content) const {
  const auto status = statuses_.find(name);
  if (status == statuses_.end()) return false;
  const auto& calls = status->second.calls;
  const auto found = calls.find(content.description);
  const bool said =
      found != calls.end() &&
      std::any_of(found->second.begin(), found->second.end(),
                  [&](const Called* call) {
                    return call->content == content && IsGranted(*call);
                  });
  return said || (content.state == "error" && !calls.empty() &&
                  absl::StartsWith(content.description, kExpiry));
}

bool Record::IsGranted(const Called& call) const {
  const auto fits = [](absl::string_view pattern, absl::string_view text) {
    if (absl::ConsumeSuffix(&pattern, "*")) {
      return absl::StartsWith(text, pattern);
    }
    return pattern == text;
  };
  return grants_.empty() ||
         std::any_of(grants_.begin(), grants_.end(), [&](const Granted* g) {
           return g->caller == call.caller &&
                  fits(g->repository, call.name.repository) &&
                  fits(g->context, call.name.context);
         });
}

// The call behind a record; null: none.
const Called* Record::CallOf(const Status& status, const Recorded& row) {
  if (!row.delivery_id.empty()) {
    const auto found = status.deliveries.find(row.delivery_id);
    return found == status.deliveries.end() ? nullptr : found->second;
  }
  const auto found = status.calls.find(row.content.description);
  if (found == status.calls.end()) return nullptr;
  for (const Called* call : found->second) {
    if (call->delivery_id.empty() && call->content == row.content &&
        call->attempt == row.attempt && call->series == row.series &&
        call->caller == row.caller) {
      return call;
    }
  }
  return nullptr;
}

// Compares the server's record with the ordering rule.
void Record::Replay(const StatusName& name, Status* status) {
  Standing held;
  int64_t last = 0;
  std::set<std::string> deliveries;
  absl::Time held_since = absl::InfinitePast();
  absl::Duration expires_after;
  for (const Recorded* row : status->recorded) {
    const bool accepted = row->how == How::kAccepted;
    if (accepted) {
      ++findings_.checked.recorded;
      if (row->sequence <= last) {
        Violated("I3", name, "sequence ", row->sequence, " follows ", last);
      }
      last = row->sequence;
    }
    Judged judged;
    const Called* const call = CallOf(*status, *row);
    if (call != nullptr) {
      if (!IsGranted(*call)) {
        Violated("I20", name, "recorded what ", call->caller,
                 " may not report: ", LineOf(*row));
      }
      judged = JudgeCall(held, *call);
    } else if (absl::StartsWith(row->content.description, kExpiry) &&
               row->content.state == "error") {
      judged = JudgeExpiry(held, row->content);
    } else {
      Violated("I1", name, "recorded what no caller reported: ", LineOf(*row));
      continue;
    }
    if (accepted && !row->delivery_id.empty() &&
        !deliveries.insert(row->delivery_id).second) {
      Violated("I22", name, "one delivery took effect twice: ", LineOf(*row));
    }
    if (call == nullptr) {
      CheckExpiry(name, *status, *row, held_since, expires_after);
    }
    if (accepted) held_since = row->time;
    if (accepted && call != nullptr) expires_after = call->expires_after;
    const bool is_overtaken =
        row->how == How::kSuperseded &&
        missed_.MayBeOvertaken(row->delivery_id, row->time);
    if (judged.how != row->how && !is_overtaken) {
      Violated(held.kind == Standing::Kind::kNumberedResult ? "I10" : "I3",
               name, "the recorded outcome differs from the ordering rule: ",
               LineOf(*row));
    }
    if (!accepted) continue;
    if (judged.how == How::kAccepted) held = judged.after;
    held.content = row->content;
    status->versions[row->sequence] = {row->sequence, row->content, held};
  }
}

// Not checked if the clock was set: then the server waits for callers.
void Record::CheckExpiry(const StatusName& name, const Status& status,
                         const Recorded& row, absl::Time held_since,
                         absl::Duration expires_after) {
  if (clock_was_set_) return;
  absl::Time expiry = held_since + expires_after;
  // A repetition renews the pending, and may change its duration.
  for (const auto& [description, calls] : status.calls) {
    for (const Called* call : calls) {
      if (call->time < held_since - kOnTheWay || call->time > row.time) {
        continue;
      }
      expiry = std::min(expiry,
                        std::max(held_since, call->time) + call->expires_after);
    }
  }
  if (row.time < expiry) {
    Violated("I3", name, "expired too early: ", LineOf(row));
  }
  for (const absl::Time start : starts_) {
    if (row.time >= start && row.time < start + kQuietTime) {
      Violated("I3", name, "expired so soon after a start: ", LineOf(row));
    }
  }
}

void Record::Follow(const Answered& event) {
  const auto found = calls_.find(event.call);
  if (found == calls_.end()) return;
  const Called& call = *found->second;
  Status& status = statuses_[call.name];
  const bool is_ok =
      event.how == How::kAccepted || event.how == How::kUnchanged ||
      event.how == How::kSuperseded || event.how == How::kPromised;
  if (is_ok) {
    ++findings_.checked.acked;
    if (!IsGranted(call)) {
      Violated("I20", call.name, "acked what ", call.caller,
               " may not report: ", LineOf(call));
    }
  }
  const auto version = status.versions.find(event.sequence);
  const bool is_known = version != status.versions.end();
  switch (event.how) {
    case How::kAccepted:
      if (!is_known || !(version->second.content == call.content)) {
        Violated("I1", call.name,
                 "acked, but the record does not have it: ", LineOf(call), "; ",
                 LineOf(event));
      } else if (event.sequence <= acked_before_[event.call]) {
        Violated("I3", call.name, "accepted as ", event.sequence, " when ",
                 acked_before_[event.call],
                 " was acked before the call began: ", LineOf(call));
      }
      status.acked = std::max(status.acked, event.sequence);
      last_acked_ = std::max(last_acked_, event.sequence);
      return;
    case How::kUnchanged:
    case How::kSuperseded:
      if (status.came_again.contains(call.delivery_id)) {
        return;  // A delivery that came again tells what is held.
      }
      if (event.how == How::kSuperseded &&
          missed_.MayBeOvertaken(call.delivery_id, event.time)) {
        return;
      }
      if (!is_known) {
        Violated("I1", call.name,
                 "the answer names a report that the record does not have: ",
                 LineOf(call), "; ", LineOf(event));
      } else if (JudgeCall(version->second.standing, call).how != event.how) {
        Violated("I3", call.name,
                 "the answer differs from the ordering rule: ", LineOf(call),
                 "; ", LineOf(event));
      }
      return;
    case How::kPromised:
      if (!WasRecorded(status, call) && !Ever(status, call, How::kUnchanged) &&
          !Ever(status, call, How::kSuperseded)) {
        Violated(
            "I4", call.name,
            "answered OK, but the record does not have it: ", LineOf(call));
      }
      return;
    case How::kRefused:
    case How::kUnknown:
      return;
  }
}

bool Record::WasRecorded(const Status& status, const Called& call) {
  return std::any_of(
      status.recorded.begin(), status.recorded.end(), [&](const Recorded* row) {
        return row->content == call.content && row->attempt == call.attempt &&
               row->series == call.series;
      });
}

// Whether the rule has had this outcome for the call at any time.
bool Record::Ever(const Status& status, const Called& call, How how) {
  return std::any_of(
      status.versions.begin(), status.versions.end(), [&](const auto& version) {
        return JudgeCall(version.second.standing, call).how == how;
      });
}

}  // namespace signalbox::history
