#include "server/core/core_threads.h"

namespace signalbox {

CoreThreads::CoreThreads(Core* core, Clock* clock)
    : core_(core),
      clock_(clock),
      intake_("intake", clock, &core->wake_ups().intake,
              [core] { return core->intake()->RunOnce(); }),
      poster_("poster", clock, &core->wake_ups().poster,
              [this] { return Post(); }),
      housekeeper_("housekeeper", clock, &core->wake_ups().housekeeper,
                   [core] { return core->housekeeper()->RunOnce(); }),
      credentials_("credentials", clock,
                   [core] { return core->credential_upkeep()->RunOnce(); }),
      posting_metrics_("posting-metrics", clock,
                       [core] { return core->ShowPostings(); }) {}

absl::Time CoreThreads::Post() {
  const absl::Time next = core_->Post();
  if (core_->poster()->InFlight() == 0) no_post_in_flight_.Wake();
  return next;
}

void CoreThreads::Stop(absl::Duration patience) {
  intake_.Stop();
  credentials_.Stop();
  posting_metrics_.Stop();
  housekeeper_.Stop();

  Poster* const poster = core_->poster();
  poster->Close();
  poster_.Wake();
  const SteadyTime end = clock_->Steady() + patience;
  while (poster->InFlight() > 0 && clock_->Steady() < end) {
    // The first request may be an old one.
    if (!no_post_in_flight_.Take()) {
      no_post_in_flight_.WaitFor(end - clock_->Steady());
    }
  }
  poster_.Stop();
}

}  // namespace signalbox
