#include "tests/simulation/rival.h"

#include <algorithm>
#include <utility>

#include "server/github/github_limits.h"
#include "tests/simulation/server_life.h"

namespace signalbox {

Rival::Rival(Outbox* outbox, HttpTransport* transport, Clock* clock,
             const PaceOptions& pace)
    : clock_(clock),
      session_(outbox),
      credentials_(ServerLife::MakeCredentials()),
      github_(transport, "signalbox"),
      limiter_([pace](absl::string_view) { return pace; }),
      gate_(&limiter_, credentials_.get()),
      poster_(&session_, credentials_.get(), &github_, &gate_, kGitHubLimits,
              &metrics_, clock, &wake_up_),
      housekeeper_(&session_, &held_term_, clock, Housekeeper::Options(),
                   &wake_up_) {}

bool Rival::TakeOver() {
  const absl::StatusOr<TermLook> look = session_.Look();
  if (!look.ok()) return false;
  const absl::StatusOr<Term> term =
      session_.Claim(*look, "the rival", "", clock_->Now());
  if (!term.ok()) return false;
  poster_.SetTerm(*term);
  held_term_.Set(*term);
  return session_.SetNamedTime(*term, kCursor, clock_->Now()).ok();
}

absl::Time Rival::RunOnce() {
  wake_up_.Take();
  absl::Time next = poster_.RunOnce();
  if (housekeeping_ <= clock_->Now()) housekeeping_ = housekeeper_.RunOnce();
  if (wake_up_.is_requested()) return absl::InfinitePast();
  next = std::min(next, housekeeping_);
  return std::min(next, clock_->Now() + absl::Seconds(1));
}

bool Rival::Leave() {
  return poster_.InFlight() == 0 && poster_.term().has_value() &&
         session_.GiveBack(*poster_.term()).ok();
}

}  // namespace signalbox
