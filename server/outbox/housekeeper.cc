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

absl::Duration Offset(absl::Time wall, absl::Duration steady) {
  return wall - absl::UnixEpoch() - steady;
}

}  // namespace

Housekeeper::Housekeeper(Upkeep* outbox, Clock* clock, Options options,
                         WakeUp* became_due)
    : outbox_(outbox),
      clock_(clock),
      options_(std::move(options)),
      became_due_(became_due),
      quiet_until_(clock->Monotonic() + kQuietTime),
      offset_(Offset(clock->Now(), clock->Monotonic())),
      next_forgetting_(clock->Monotonic()) {}

absl::Time Housekeeper::RunOnce() {
  const absl::Time wall = clock_->Now();
  const absl::Duration steady = clock_->Monotonic();
  NoticeJump(wall, steady);
  absl::Time next = wall + kLook;
  if (steady >= quiet_until_ && !Expire(wall)) next = wall;
  if (!AbandonParked(wall)) next = wall;
  if (DoChores(wall)) next = std::min(next, wall + kBetweenChores);
  if (steady >= next_forgetting_) Forget(wall, steady);
  Worked(outbox_->Checkpoint());
  return std::min(next, wall + (next_forgetting_ - steady));
}

void Housekeeper::NoticeJump(absl::Time wall, absl::Duration steady) {
  const absl::Duration offset = Offset(wall, steady);
  if (absl::AbsDuration(offset - offset_) > kJump) {
    LogWarning(
        "the system clock has jumped; for a while no pending expires, so that "
        "farms have time to report",
        {{"jump", absl::FormatDuration(offset - offset_)},
         {"no_expiry_for", absl::FormatDuration(kQuietTime)}});
    quiet_until_ = steady + kQuietTime;
  }
  offset_ = offset;
}

bool Housekeeper::Expire(absl::Time now) {
  const absl::StatusOr<int> expired =
      outbox_->ExpirePendings(now, kExpiriesPerBatch);
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
  const absl::StatusOr<bool> did_batch = outbox_->DoChores(now);
  if (!Worked(did_batch.status())) return false;
  if (*did_batch) became_due_->Wake();
  return *did_batch;
}

bool Housekeeper::AbandonParked(absl::Time now) {
  const absl::StatusOr<int> abandoned =
      outbox_->AbandonParked(now, kAbandonedPerBatch);
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
        outbox_->AbandonHeld(credential.id, credential.reason,
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

void Housekeeper::Forget(absl::Time now, absl::Duration steady) {
  const bool abandoned = AbandonHeld(now);
  const absl::StatusOr<bool> more =
      outbox_->ForgetOlderThan(options_.retention, now);
  const bool go_on = Worked(more.status()) && (*more || !abandoned);
  next_forgetting_ = steady + (go_on ? kBetweenBatches : kBetweenForgettings);
}

bool Housekeeper::Worked(const absl::Status& status) {
  if (status.ok()) return true;
  LogError(
      "the database failed during housekeeping; the server repeats this work "
      "soon, or after a restart",
      {{"error", status.ToString()}});
  return false;
}

}  // namespace signalbox
