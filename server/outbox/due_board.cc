#include "server/outbox/due_board.h"

#include <algorithm>

namespace signalbox {
namespace {

// Some 100 bytes each.
constexpr size_t kMostComing = 10'000;

}  // namespace

absl::StatusOr<DueWork> DueBoard::Find(
    absl::Time now, absl::FunctionRef<absl::StatusOr<DueWork>()> look) {
  int64_t forgotten = 0;
  {
    MutexLock lock(&mu_);
    std::optional<DueWork> known = Recall(now);
    if (known.has_value()) return *std::move(known);
    has_looked_ = true;
    forgotten = forgotten_;
  }
  absl::StatusOr<DueWork> found = look();
  if (!found.ok()) return found;
  MutexLock lock(&mu_);
  // Otherwise `found` may be older than what made the board forget.
  if (forgotten == forgotten_) Remember(now, *found);
  return found;
}

void DueBoard::End(const DueNews& news, bool is_durable) {
  MutexLock lock(&mu_);
  if (!is_durable || news.changed_more) return Forget();
  if (!has_looked_) return;
  for (const auto& [time, credentials] : news.accepted) {
    std::map<std::string, bool>& noted = coming_[time];
    coming_count_ -= noted.size();
    for (const auto& [credential, has_results] : credentials) {
      noted[credential] |= has_results;
    }
    coming_count_ += noted.size();
  }
  if (coming_count_ > kMostComing) Forget();
}

std::optional<DueWork> DueBoard::Recall(absl::Time now) {
  if (!latest_.has_value() || now < *latest_ || now >= next_unknown_) {
    return std::nullopt;
  }
  latest_ = now;
  while (!coming_.empty() && coming_.begin()->first <= now) {
    for (const auto& [credential, has_results] : coming_.begin()->second) {
      due_[credential] |= has_results;
    }
    coming_count_ -= coming_.begin()->second.size();
    coming_.erase(coming_.begin());
  }
  DueWork work;
  work.credentials.reserve(due_.size());
  for (const auto& [credential, has_results] : due_) {
    work.credentials.push_back({credential, has_results});
  }
  work.questions = questions_;
  work.next_in = next_unknown_ - now;
  if (!coming_.empty()) {
    work.next_in = std::min(work.next_in, coming_.begin()->first - now);
  }
  return work;
}

void DueBoard::Remember(absl::Time now, const DueWork& found) {
  latest_ = now;
  next_unknown_ = now + found.next_in;
  questions_ = found.questions;
  // What was noted since the look began may be missing in `found`.
  for (const DueCredential& one : found.credentials) {
    due_[one.credential] |= one.has_results;
  }
}

void DueBoard::Forget() {
  ++forgotten_;
  has_looked_ = false;
  latest_.reset();
  questions_.clear();
  due_.clear();
  coming_.clear();
  coming_count_ = 0;
}

}  // namespace signalbox
