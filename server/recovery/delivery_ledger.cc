#include "server/recovery/delivery_ledger.h"

#include <tuple>

#include "common/webhook/event.h"

namespace signalbox {
namespace {

// How long until the list shows an attempt: GitHub's 10 s for it (30 s at a
// GHES), and some time for the list.
constexpr absl::Duration kAttemptTime = absl::Seconds(40);
// Between tries of one delivery while the receiver is up.
constexpr absl::Duration kBetweenTries = absl::Minutes(1);
// The same while the receiver is down, by the number of tries so far.
constexpr absl::Duration kWhileDown[] = {absl::ZeroDuration(),
                                         absl::Minutes(30), absl::Hours(6)};

// Whether a receiver answered, and did not fail.
bool WasAnswered(int code) { return code >= 200 && code < 500; }

// Whether the shim runs, but the server did not accept the delivery.
bool WasNotTaken(int code) { return code == 503; }

}  // namespace

int DeliveryLedger::Case::Tries() const {
  return std::max(asked, static_cast<int>(redeliveries.size()));
}

void DeliveryLedger::Note(const ListedDelivery& attempt) {
  Case& one = cases_[attempt.guid];
  one.is_used = UsesEvent(attempt.event, attempt.action);
  one.first_time = std::min(one.first_time, attempt.delivered_at);
  if (attempt.redelivery) one.redeliveries.insert(attempt.id);
  // Ids grow; times have a resolution of a second.
  if (attempt.id >= one.last_id) {
    one.last_id = attempt.id;
    one.last_time = attempt.delivered_at;
    one.last_code = attempt.status_code;
  }
  if (attempt.status_code == 500) return;
  absl::Time& seen = WasAnswered(attempt.status_code)   ? up_time_
                     : WasNotTaken(attempt.status_code) ? not_taken_time_
                                                        : down_time_;
  seen = std::max(seen, attempt.delivered_at);
}

bool DeliveryLedger::IsMissing(const Case& one) const {
  if (one.accepted || one.refused || !one.is_used) return false;
  if (!WasAnswered(one.last_code)) return true;
  return one.last_code == 202 && options_.knows_hook;
}

std::vector<std::string> DeliveryLedger::Unsettled() const {
  std::vector<std::string> guids;
  for (const auto& [guid, one] : cases_) {
    if (IsMissing(one)) guids.push_back(guid);
  }
  return guids;
}

void DeliveryLedger::NoteAccepted(const std::string& guid, absl::Time now) {
  const auto found = cases_.find(guid);
  if (found == cases_.end() || found->second.accepted) return;
  found->second.accepted = true;
  // The delivery arrived because the server ordered it: the receiver is up.
  const bool was_asked = found->second.asked > 0 ||
                         found->second.ambiguous_time != absl::InfinitePast();
  if (was_asked) up_time_ = std::max(up_time_, now);
}

bool DeliveryLedger::IsUpFor(const Case& one) const {
  return IsUp() && (!WasNotTaken(one.last_code) || up_time_ >= not_taken_time_);
}

absl::Time DeliveryLedger::Earliest(const Case& one) const {
  const int tries = one.Tries();
  if (tries >= options_.most_tries) return absl::InfiniteFuture();
  // No list can show yet whether GitHub redelivered it.
  if (listed_ < one.ambiguous_time + kAttemptTime)
    return absl::InfiniteFuture();
  const absl::Time last = std::max(one.asked_time, one.last_time);
  const bool is_up = IsUpFor(one);
  const absl::Duration wait =
      is_up && !one.IsOdd()
          ? kBetweenTries
          : kWhileDown[std::min<size_t>(tries, std::size(kWhileDown) - 1)];
  const absl::Time earliest = tries == 0 ? absl::InfinitePast() : last + wait;
  if (is_up) return earliest;
  const absl::Time probed = IsUp()
                                ? not_taken_probe_time_
                                : std::max(probe_time_, not_taken_probe_time_);
  return std::max(earliest, probed + options_.probe_every);
}

std::optional<DeliveryLedger::Redelivery> DeliveryLedger::Next(
    absl::Time now) const {
  const Case* chosen = nullptr;
  const std::string* guid = nullptr;
  for (const auto& [name, one] : cases_) {
    if (!IsMissing(one) || one.first_time < now - options_.window ||
        Earliest(one) > now) {
      continue;
    }
    // A 500 goes last. Then the fewest tries go first, then the oldest
    // delivery, which GitHub forgets first.
    const auto turn = [](const Case& c) {
      return std::make_tuple(c.IsOdd(), c.Tries(), c.first_time);
    };
    if (chosen == nullptr || turn(one) < turn(*chosen)) {
      chosen = &one;
      guid = &name;
    }
  }
  if (chosen == nullptr) return std::nullopt;
  return Redelivery{chosen->last_id, *guid};
}

void DeliveryLedger::NoteAsked(const std::string& guid, absl::Time now) {
  Case& one = cases_[guid];
  one.asked = one.Tries() + 1;
  one.asked_time = now;
  (WasNotTaken(one.last_code) ? not_taken_probe_time_ : probe_time_) = now;
}

void DeliveryLedger::NoteAmbiguous(const std::string& guid, absl::Time now) {
  Case& one = cases_[guid];
  one.ambiguous_time = now;
  (WasNotTaken(one.last_code) ? not_taken_probe_time_ : probe_time_) = now;
}

void DeliveryLedger::NoteRefused(const std::string& guid) {
  cases_[guid].refused = true;
}

absl::Time DeliveryLedger::NextTime(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [guid, one] : cases_) {
    if (!IsMissing(one) || one.first_time < now - options_.window) continue;
    next = std::min(next, std::max(Earliest(one), now));
  }
  return next;
}

absl::Time DeliveryLedger::Cursor(absl::Time listed) const {
  absl::Time cursor = listed - kListDelay;
  for (const auto& [guid, one] : cases_) {
    const bool is_open =
        IsMissing(one) && (one.Tries() < options_.most_tries ||
                           listed - one.asked_time < kAttemptTime);
    if (is_open) cursor = std::min(cursor, one.first_time);
  }
  return cursor;
}

DeliveryLedger::Lost DeliveryLedger::Forget(absl::Time listed, absl::Time now) {
  const absl::Time cursor = Cursor(listed);
  Lost lost;
  for (auto it = cases_.begin(); it != cases_.end();) {
    const Case& one = it->second;
    const bool missing = IsMissing(one);
    const bool is_old = one.first_time < now - options_.window;
    const bool is_over =
        missing
            ? is_old || (one.Tries() >= options_.most_tries &&
                         now - one.asked_time >= kAttemptTime &&
                         std::max(one.last_time, one.first_time) < cursor)
            : one.last_time < cursor && now - one.asked_time >= kAttemptTime;
    if (missing && is_over) {
      ++lost.count;
      lost.oldest = std::min(lost.oldest, one.first_time);
    }
    it = is_over ? cases_.erase(it) : std::next(it);
  }
  return lost;
}

int DeliveryLedger::missing_count() const {
  int count = 0;
  for (const auto& [guid, one] : cases_) count += IsMissing(one) ? 1 : 0;
  return count;
}

}  // namespace signalbox
