#include "server/rpc/watch_hub.h"

#include <algorithm>
#include <utility>

#include "server/base/error.h"
#include "server/base/log.h"
#include "server/rpc/convert.h"

namespace signalbox {
namespace {

// Batches that are read between two rounds of offers.
constexpr int kBatchesPerRound = 8;
constexpr absl::Duration kPauseAfterError = absl::Milliseconds(200);

absl::Status ShuttingDown() {
  return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
               "the server is shutting down; resume elsewhere");
}

std::shared_ptr<const WatchedChange> Ready(StatusChange change) {
  auto ready = std::make_shared<WatchedChange>();
  ready->message = ToProto(change);
  ready->change = std::move(change);
  return ready;
}

size_t BytesOf(const WatchedChange& change) {
  const StatusView& status = change.change.status;
  // The texts are in the message, too.
  return sizeof(WatchedChange) + 512 +
         2 * (status.description.size() + status.target_url.size() +
              status.context.size());
}

}  // namespace

WatchHub::WatchHub(Options options, Outbox* outbox, Clock* clock)
    : options_(options),
      outbox_(outbox),
      clock_(clock),
      worker_("watch", clock, [this] { return RunOnce(); }) {}

WatchHub::~WatchHub() { worker_.Stop(); }

void WatchHub::Add(std::shared_ptr<Watcher> watcher, int64_t after_sequence) {
  {
    MutexLock lock(&mu_);
    Watching watching;
    watching.watcher = std::move(watcher);
    watching.cursor = after_sequence;
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

void WatchHub::Wake() { worker_.Wake(); }

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
    newest_ = -1;
    return absl::InfiniteFuture();
  }
  more_ = false;
  const absl::Status read = ReadNew();
  if (!read.ok()) {
    LogWarning("changes cannot be read", {{"error", read.message()}});
    return clock_->Now() + kPauseAfterError;
  }
  for (auto it = watching_.begin(); it != watching_.end();) {
    Watching& watching = it->second;
    absl::Status status = watching.begun ? absl::OkStatus() : Begin(&watching);
    if (status.ok()) status = Serve(&watching);
    if (status.ok()) {
      ++it;
    } else {
      watching.watcher->End(status);
      it = watching_.erase(it);
    }
  }
  return more_ ? clock_->Now() : absl::InfiniteFuture();
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
      watching.watcher->End(ShuttingDown());
    }
    watching_.clear();
  }
  return !watching_.empty();
}

absl::Status WatchHub::ReadNew() {
  if (newest_ < 0) {
    const absl::StatusOr<int64_t> newest = outbox_->NewestSequence();
    if (!newest.ok()) return newest.status();
    newest_ = held_after_ = *newest;
  }
  for (int i = 0; i < kBatchesPerRound; ++i) {
    absl::StatusOr<std::vector<StatusChange>> changes =
        outbox_->ChangesAfter(newest_, options_.batch);
    if (absl::IsOutOfRange(changes.status())) {
      // More was forgotten than was read: everybody begins anew, or is told.
      held_.clear();
      held_bytes_ = 0;
      newest_ = -1;
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
    newest_ = change.status.sequence;
    held_.push_back(Ready(std::move(change)));
    held_bytes_ += BytesOf(*held_.back());
  }
  while (held_.size() > options_.max_held ||
         held_bytes_ > options_.max_held_bytes) {
    held_after_ = held_.front()->change.status.sequence;
    held_bytes_ -= BytesOf(*held_.front());
    held_.pop_front();
  }
}

absl::Status WatchHub::Begin(Watching* watching) {
  if (watching->cursor == 0) {
    const absl::StatusOr<int64_t> newest =
        more_ ? outbox_->NewestSequence() : newest_;
    if (!newest.ok()) return newest.status();
    watching->cursor = *newest;
  } else if (watching->cursor < held_after_ || watching->cursor > newest_) {
    const absl::StatusOr<std::vector<StatusChange>> kept =
        outbox_->ChangesAfter(watching->cursor, 1);
    if (!kept.ok()) return kept.status();
  }
  watching->begun = true;
  watching->watcher->Begun(watching->cursor);
  return absl::OkStatus();
}

absl::Status WatchHub::Serve(Watching* watching) {
  if (!watching->caught_up) return CatchUp(watching);
  if (watching->cursor >= held_after_) {
    auto next =
        std::upper_bound(held_.begin(), held_.end(), watching->cursor,
                         [](int64_t cursor, const Change& change) {
                           return cursor < change->change.status.sequence;
                         });
    for (; next != held_.end(); ++next) {
      if (!watching->watcher->Offer(*next)) return absl::OkStatus();
      watching->cursor = (*next)->change.status.sequence;
    }
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kUnavailable, "TOO_SLOW",
               "changes come faster than they are read");
}

absl::Status WatchHub::CatchUp(Watching* watching) {
  absl::StatusOr<std::vector<StatusChange>> changes =
      outbox_->ChangesAfter(watching->cursor, options_.batch);
  if (!changes.ok()) return changes.status();
  for (StatusChange& change : *changes) {
    const int64_t sequence = change.status.sequence;
    if (!watching->watcher->Offer(Ready(std::move(change)))) {
      return absl::OkStatus();
    }
    watching->cursor = sequence;
  }
  if (changes->size() < static_cast<size_t>(options_.batch)) {
    // Nothing else up to `newest_` is left: that was read before.
    watching->cursor = std::max(watching->cursor, newest_);
    watching->caught_up = true;
    return absl::OkStatus();
  }
  more_ = true;
  return absl::OkStatus();
}

}  // namespace signalbox
