#include "server/rpc/watch_hub.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "common/error.h"
#include "common/log.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

// For this many repositories, the hub remembers which watchers want them.
constexpr size_t kMostRepositories = 4096;
// The most batches to read before the hub offers them.
constexpr int kBatchesPerRound = 8;
constexpr absl::Duration kPauseAfterError = absl::Milliseconds(200);
// The thread rests this many times as long as it worked.
constexpr int kRest = 4;
// How many seconds' worth of changes the hub may send at once after a pause.
constexpr double kBurst = 0.1;
// The longest round. Watchers that it does not reach come first in the next.
constexpr absl::Duration kLongestRound = absl::Milliseconds(5);
// If the limit is used up, a pause lets the hub serve many watchers at once.
constexpr absl::Duration kPauseWhenBudgetIsUsed = absl::Milliseconds(10);

double ChangesPerSecond(const WatchHub::Options& options) {
  if (options.max_changes_per_second > 0) return options.max_changes_per_second;
  return 10'000.0 * std::max(1u, std::thread::hardware_concurrency());
}

double BurstOf(const WatchHub::Options& options) {
  return std::max(1.0, kBurst * ChangesPerSecond(options));
}

absl::Status WatchIsEnding() {
  return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
               "the server is shutting down; connect again");
}

size_t BytesOfChange(const WatchedChange& change) {
  const StatusView& status = change.change.status;
  // The texts are in the message, too.
  return sizeof(WatchedChange) + 512 +
         2 * (status.description.size() + status.target_url.size() +
              status.context.size());
}

}  // namespace

WatchHub::WatchHub(Options options, Statuses* outbox, Clock* clock)
    : options_(options),
      outbox_(outbox),
      clock_(clock),
      send_budget_(ChangesPerSecond(options), BurstOf(options)),
      worker_("watch", clock, [this] { return RunOnce(); }) {}

void WatchHub::Add(std::shared_ptr<Watcher> watcher,
                   std::optional<ChangeCursor> after) {
  {
    MutexLock lock(&mu_);
    Watching watching;
    watching.watcher = std::move(watcher);
    watching.begins_after = after;
    const Watcher* const key = watching.watcher.get();
    moves_.push_back({key, std::move(watching)});
    watched_ = true;
  }
  worker_.Wake();
}

void WatchHub::Remove(const Watcher* watcher) {
  {
    MutexLock lock(&mu_);
    moves_.push_back({watcher, std::nullopt});
  }
  worker_.Wake();
}

void WatchHub::NoteChange() {
  if (watched_) worker_.Wake();
}

void WatchHub::Close() {
  {
    MutexLock lock(&mu_);
    closed_ = true;
  }
  worker_.Wake();
}

absl::Time WatchHub::RunOnce() {
  if (!TakeMoves()) {
    held_.clear();
    held_bytes_ = 0;
    newest_.reset();
    return absl::InfiniteFuture();
  }
  const SteadyTime begin = clock_->Steady();
  if (begin < rests_until_) return clock_->Now() + (rests_until_ - begin);
  more_ = false;
  const absl::Status read = ReadNew();
  if (!read.ok()) {
    LogWarning("the server cannot read changes from its database",
               {{"error", read.message()}});
    return clock_->Now() + kPauseAfterError;
  }
  ServeAll();
  const SteadyTime end = clock_->Steady();
  rests_until_ = end + kRest * (end - begin);
  if (!more_) return clock_->Now() + (next_bookmark_time_ - end);
  if (send_budget_.IsEmpty()) {
    rests_until_ = std::max(rests_until_, begin + kPauseWhenBudgetIsUsed);
  }
  return clock_->Now() + (rests_until_ - end);
}

void WatchHub::ServeAll() {
  const SteadyTime begin = clock_->Steady();
  send_budget_.Refill(begin);
  // A burst has a turn for every watcher; otherwise none would keep up.
  tokens_of_turn_ =
      std::max(1.0, BurstOf(options_) / static_cast<double>(watching_.size()));
  next_bookmark_time_ = SteadyTime::InfiniteFuture();
  bool is_first_known = false;  // Whether next_served_ is set already.
  auto it = watching_.lower_bound(next_served_);
  for (size_t left = watching_.size(); left > 0; --left) {
    if (it == watching_.end()) it = watching_.begin();
    const bool is_late = clock_->Steady() - begin > kLongestRound;
    if (!is_first_known && (is_late || send_budget_.IsEmpty())) {
      is_first_known = true;
      next_served_ = it->first;
    }
    if (is_late) {
      more_ = true;
      return;
    }
    Watching& watching = it->second;
    absl::Status status = watching.begun ? absl::OkStatus() : Begin(&watching);
    if (status.ok()) status = Serve(&watching);
    if (status.ok()) {
      // Bookmarks that are due soon are sent now, too, to share the round.
      if (begin - watching.bookmark_time >=
          options_.longest_without_bookmark / 2) {
        SendBookmark(&watching, begin);
      }
      next_bookmark_time_ =
          std::min(next_bookmark_time_,
                   watching.bookmark_time + options_.longest_without_bookmark);
      ++it;
    } else {
      watching.watcher->End(status);
      it = watching_.erase(it);
    }
  }
}

WatchHub::SharedChange WatchHub::Ready(StatusChange change) {
  auto ready = std::make_shared<WatchedChange>();
  ready->message = ToProto(change);
  const std::string& name = ready->message.repository();
  const auto known = repositories_.find(name);
  if (known != repositories_.end()) {
    ready->repository = known->second;
  } else if (repositories_.size() < kMostRepositories) {
    ready->repository = repositories_.size();
    repositories_.emplace(name, repositories_.size());
  }
  ready->change = std::move(change);
  return ready;
}

bool WatchHub::TakeMoves() {
  bool closed = false;
  std::vector<Move> moves;
  {
    MutexLock lock(&mu_);
    closed = closed_;
    moves.swap(moves_);
    if (watching_.empty() && moves.empty()) watched_ = false;
  }
  for (Move& move : moves) {
    if (move.arrives.has_value()) {
      watching_[move.watcher] = *std::move(move.arrives);
    } else {
      watching_.erase(move.watcher);
    }
  }
  if (closed) {
    for (auto& [key, watching] : watching_) {
      watching.watcher->End(WatchIsEnding());
    }
    watching_.clear();
  }
  return !watching_.empty();
}

absl::Status WatchHub::ReadNew() {
  if (!newest_.has_value()) {
    const absl::StatusOr<ChangeCursor> newest = outbox_->NewestChange();
    if (!newest.ok()) return newest.status();
    newest_ = held_after_ = *newest;
  }
  fresh_.clear();
  fresh_after_ = *newest_;
  ++round_;
  for (int i = 0; i < kBatchesPerRound; ++i) {
    absl::StatusOr<std::vector<StatusChange>> changes =
        outbox_->ChangesAfter(*newest_, options_.batch);
    if (absl::IsOutOfRange(changes.status())) {
      // The outbox has forgotten changes that the hub has not read. The hub
      // starts again at the newest, and ends the watchers that miss some.
      held_.clear();
      held_bytes_ = 0;
      newest_.reset();
      return changes.status();
    }
    if (!changes.ok()) return changes.status();
    const bool last = changes->size() < static_cast<size_t>(options_.batch);
    Hold(*std::move(changes));
    if (last) return absl::OkStatus();
  }
  more_ = true;
  return absl::OkStatus();
}

void WatchHub::Hold(std::vector<StatusChange> changes) {
  for (StatusChange& change : changes) {
    newest_ = change.cursor;
    held_.push_back(Ready(std::move(change)));
    held_bytes_ += BytesOfChange(*held_.back());
    if (IsFirstInRound(*held_.back())) fresh_.push_back(held_.back());
  }
  while (held_.size() > options_.max_held ||
         held_bytes_ > options_.max_held_bytes) {
    held_after_ = held_.front()->change.cursor;
    held_bytes_ -= BytesOfChange(*held_.front());
    held_.pop_front();
  }
}

bool WatchHub::IsFirstInRound(const WatchedChange& change) {
  if (!change.repository.has_value()) return true;
  const size_t number = *change.repository;
  if (number >= seen_in_round_.size()) seen_in_round_.resize(number + 1);
  return std::exchange(seen_in_round_[number], round_) != round_;
}

bool WatchHub::WantsNothingFresh(Watching* watching) {
  return watching->cursor >= fresh_after_ &&
         std::ranges::none_of(fresh_, [watching](const SharedChange& change) {
           return WantsRepository(watching, *change);
         });
}

absl::Status WatchHub::Begin(Watching* watching) {
  if (!watching->begins_after.has_value()) {
    const absl::StatusOr<ChangeCursor> newest =
        more_ ? outbox_->NewestChange() : *newest_;
    if (!newest.ok()) return newest.status();
    watching->cursor = *newest;
  } else {
    watching->cursor = *watching->begins_after;
    if (watching->cursor < held_after_ || watching->cursor > *newest_) {
      const absl::StatusOr<std::vector<StatusChange>> kept =
          outbox_->ChangesAfter(watching->cursor, 1);
      if (!kept.ok()) return kept.status();
    }
  }
  watching->begun = true;
  SendBookmark(watching, clock_->Steady());
  return absl::OkStatus();
}

void WatchHub::SendBookmark(Watching* watching, SteadyTime now) {
  if (bookmark_ == nullptr || bookmark_->change.cursor != watching->cursor) {
    auto bookmark = std::make_shared<WatchedChange>();
    bookmark->change.cursor = watching->cursor;
    bookmark->message.set_sequence(ToProto(watching->cursor));
    bookmark_ = std::move(bookmark);
  }
  watching->bookmark_time = now;
  watching->watcher->TakeBookmark(bookmark_);
}

absl::Status WatchHub::Serve(Watching* watching) {
  if (!watching->caught_up) return CatchUp(watching);
  if (WantsNothingFresh(watching)) {
    watching->cursor = std::max(watching->cursor, *newest_);
    return absl::OkStatus();
  }
  if (watching->cursor >= held_after_) {
    auto next = std::ranges::upper_bound(
        held_, watching->cursor, {},
        [](const SharedChange& change) { return change->change.cursor; });
    const double last = send_budget_.tokens() - tokens_of_turn_;
    for (; next != held_.end(); ++next) {
      if (!Offer(watching, *next)) return absl::OkStatus();
      if (send_budget_.tokens() <= last) {
        more_ = true;
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kUnavailable, "TOO_SLOW",
               "this client reads changes too slowly; connect again");
}

bool WatchHub::WantsRepository(Watching* watching,
                               const WatchedChange& change) {
  using Wants = Watching::Wants;
  const Repository& repository = change.change.repository;
  if (!change.repository.has_value()) {
    return watching->watcher->WantsRepository(repository);
  }
  const size_t number = *change.repository;
  if (number >= watching->wants.size()) {
    watching->wants.resize(number + 1, Wants::kUnknown);
  }
  Wants& wants = watching->wants[number];
  if (wants == Wants::kUnknown) {
    wants = watching->watcher->WantsRepository(repository) ? Wants::kYes
                                                           : Wants::kNo;
  }
  return wants == Wants::kYes;
}

bool WatchHub::Offer(Watching* watching, const SharedChange& change) {
  if (!WantsRepository(watching, *change)) {
    watching->cursor = change->change.cursor;
    return true;
  }
  if (send_budget_.IsEmpty()) {
    more_ = true;
    return false;
  }
  switch (watching->watcher->Offer(change)) {
    case Watcher::Offered::kNoRoom:
      return false;
    case Watcher::Offered::kTaken:
      send_budget_.Take();
      break;
    case Watcher::Offered::kNotWanted:
      break;
  }
  watching->cursor = change->change.cursor;
  return true;
}

absl::Status WatchHub::CatchUp(Watching* watching) {
  if (send_budget_.IsEmpty()) {
    more_ = true;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<StatusChange>> changes =
      outbox_->ChangesAfter(watching->cursor, options_.batch);
  if (!changes.ok()) return changes.status();
  for (StatusChange& change : *changes) {
    if (!Offer(watching, Ready(std::move(change)))) return absl::OkStatus();
  }
  if (changes->size() < static_cast<size_t>(options_.batch)) {
    // ReadNew has read everything up to `newest_`, so nothing else is left.
    watching->cursor = std::max(watching->cursor, *newest_);
    watching->caught_up = true;
    return absl::OkStatus();
  }
  more_ = true;
  return absl::OkStatus();
}

}  // namespace signalbox
