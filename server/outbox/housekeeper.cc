#include "server/outbox/housekeeper.h"

#include <algorithm>
#include <utility>

#include "common/log.h"

namespace signalbox {
namespace {

constexpr absl::Duration kQuietTime = absl::Minutes(10);
constexpr absl::Duration kJump = absl::Minutes(1);
constexpr absl::Duration kLook = absl::Seconds(10);
constexpr int kExpiriesPerBatch = 100;
constexpr int kAbandonedPerBatch = 100;
// A pause between chores, so that reports and posts can use the store.
constexpr absl::Duration kBetweenChores = absl::Milliseconds(10);

constexpr absl::Duration kBetweenForgettings = absl::Hours(1);
constexpr absl::Duration kBetweenBatches = absl::Milliseconds(100);

}  // namespace

Housekeeper::Housekeeper(Upkeep* outbox, HeldTerm* held_term, Clock* clock,
                         Options options, WakeUp* became_due)
    : outbox_(outbox),
      held_term_(held_term),
      clock_(clock),
      options_(std::move(options)),
      became_due_(became_due),
      last_look_(clock->Look()),
      quiet_until_(last_look_.steady + kQuietTime),
      next_forgetting_(last_look_.steady) {}

absl::Time Housekeeper::RunOnce() {
  term_ = held_term_->Get();
  if (term_ == Term()) return absl::InfiniteFuture();
  const Moment now = clock_->Look();
  NoticeJump(now);
  absl::Time next = now.wall + kLook;
  if (now.steady >= quiet_until_ && !Expire(now.wall)) next = now.wall;
  if (!AbandonParked(now.wall)) next = now.wall;
  if (DoChores(now.wall)) next = std::min(next, now.wall + kBetweenChores);
  if (now.steady >= next_forgetting_) Forget(now);
  Worked(outbox_->Checkpoint());
  return std::min(next, now.WallAt(next_forgetting_));
}

void Housekeeper::NoticeJump(const Moment& now) {
  const absl::Duration jump = now.wall - last_look_.WallAt(now.steady);
  if (absl::AbsDuration(jump) > kJump) {
    LogWarning(
        "the system clock has jumped; for a while no pending expires, so that "
        "farms have time to report",
        {{"jump", absl::FormatDuration(jump)},
         {"no_expiry_for", absl::FormatDuration(kQuietTime)}});
    quiet_until_ = now.steady + kQuietTime;
  }
  last_look_ = now;
}

bool Housekeeper::Expire(absl::Time now) {
  const absl::StatusOr<int> expired =
      outbox_->ExpirePendings(term_, now, kExpiriesPerBatch);
  if (!Worked(expired.status())) return true;
  if (*expired > 0) {
    LogInfo(
        "pending statuses got no result in time; the server reports them as "
        "error",
        {{"count", *expired}});
    became_due_->Wake();
  }
  return *expired < kExpiriesPerBatch;
}

bool Housekeeper::DoChores(absl::Time now) {
  const absl::StatusOr<bool> did_batch = outbox_->DoChores(term_, now);
  if (!Worked(did_batch.status())) return false;
  if (*did_batch) became_due_->Wake();
  return *did_batch;
}

bool Housekeeper::AbandonParked(absl::Time now) {
  const absl::StatusOr<int> abandoned =
      outbox_->AbandonParked(term_, now, kAbandonedPerBatch);
  if (!Worked(abandoned.status())) return true;
  if (*abandoned > 0) {
    LogWarning(
        "the server abandoned statuses: GitHub has refused all posts to their "
        "repository for over a week; signalbox list --stuck shows them with "
        "the reason",
        {{"count", *abandoned}});
  }
  return *abandoned < kAbandonedPerBatch;
}

bool Housekeeper::AbandonHeld(absl::Time now) {
  if (!options_.stopped_credentials) return true;
  bool done = true;
  for (const StoppedCredential& credential : options_.stopped_credentials()) {
    const absl::StatusOr<int> abandoned =
        outbox_->AbandonHeld(term_, credential.id, credential.reason,
                             options_.retention, now, kAbandonedPerBatch);
    if (!Worked(abandoned.status())) return true;
    if (*abandoned > 0) {
      LogWarning(
          "the server abandoned old statuses, since GitHub refuses their "
          "credential; repair the credential, then run signalbox retry --all",
          {{"credential", credential.id},
           {"reason", credential.reason},
           {"older_than", absl::FormatDuration(options_.retention)},
           {"count", *abandoned}});
    }
    if (*abandoned == kAbandonedPerBatch) done = false;
  }
  return done;
}

void Housekeeper::Forget(const Moment& now) {
  const bool abandoned = AbandonHeld(now.wall);
  const absl::StatusOr<bool> more =
      outbox_->ForgetOlderThan(term_, options_.retention, now.wall);
  const bool go_on = Worked(more.status()) && (*more || !abandoned);
  next_forgetting_ =
      now.steady + (go_on ? kBetweenBatches : kBetweenForgettings);
}

bool Housekeeper::Worked(const absl::Status& status) {
  if (status.ok()) return true;
  if (held_term_->NoteOver(term_, status)) return false;
  LogError(
      "the database failed during housekeeping; the server repeats this work "
      "soon, or after a restart",
      {{"error", status.ToString()}});
  return false;
}

}  // namespace signalbox
