#include "tests/simulation/server_life.h"

#include <algorithm>
#include <utility>

#include "server/github/static_credentials.h"

namespace signalbox {

std::unique_ptr<Credentials> ServerLife::MakeCredentials() {
  StaticCredential credential;
  credential.api_url = kApiUrl;
  credential.accounts = {"*"};
  credential.token = Secret("simulated-token");
  return *MakeStaticCredentials({credential});
}

absl::StatusOr<std::unique_ptr<ServerLife>> ServerLife::Begin(
    const Options& options, HttpTransport* transport, Clock* clock) {
  std::unique_ptr<ServerLife> life(new ServerLife());
  ServerLife* const self = life.get();
  life->clock_ = clock;
  life->credentials_ = MakeCredentials();

  Core::Options core_options;
  core_options.owner = "the life";
  core_options.outbox.data_dir = options.data_dir;
  core_options.outbox.pending_settle = options.pending_settle;
  core_options.outbox.readers = options.readers;
  core_options.outbox.on_failure = [self](const absl::Status&) {
    self->failed_ = true;
  };
  core_options.pace_of = [pace = options.pace](absl::string_view) {
    return pace;
  };
  auto core = Core::Open(std::move(core_options), life->credentials_.get(),
                         transport, &life->metrics_, clock);
  if (!core.ok()) return core.status();
  life->core_ = *std::move(core);
  if (options.recovery.has_value()) {
    Core& own = *life->core_;
    RecoveryOptions recovery = *options.recovery;
    recovery.became_due = &own.wake_ups().poster;
    life->recovery_ = std::make_unique<Recovery>(
        RecoveryTools{std::move(recovery), own.outbox(), own.outbox(),
                      own.outbox(), own.held_term(), life->credentials_.get(),
                      own.questions(), &life->metrics_, clock});
  }
  return life;
}

absl::Time ServerLife::RunOnce() {
  core_->wake_ups().intake.Take();
  absl::Time next = core_->intake()->RunOnce();
  if (failed_) return next;
  if (!work_is_stopped_) next = std::min(next, Work());
  return IsWoken() ? absl::InfinitePast() : next;
}

absl::Time ServerLife::Work() {
  // Each part has its own thread in the server. So nothing that another part
  // does lets the poster run, unless it wakes the poster.
  if (core_->wake_ups().poster.Take() || posting_.HasCome(clock_->Look())) {
    const absl::Time next = core_->Post();
    posting_.Set(next, clock_->Look());
    // Names are checked once a day, everything else much sooner.
    idle_ = next > clock_->Now() + absl::Hours(6) &&
            core_->poster()->InFlight() == 0;
  }
  if (failed_) return posting_.time();
  // After the poster: once the housekeeper has heard that the term is over, the
  // poster tries nothing in it that the store would have to refuse.
  if (core_->wake_ups().housekeeper.Take() ||
      housekeeping_.HasCome(clock_->Look())) {
    const absl::Time next = core_->housekeeper()->RunOnce();
    housekeeping_.Set(next, clock_->Look());
  }
  if (!failed_ && recovery_ != nullptr &&
      (core_->wake_ups().questions.Take() ||
       recovering_.HasCome(clock_->Look()))) {
    const absl::Time next = recovery_->RunOnce();
    recovering_.Set(next, clock_->Look());
  }
  const Moment now = clock_->Look();
  const absl::Time next =
      std::min(posting_.WallAt(now), housekeeping_.WallAt(now));
  return recovery_ == nullptr ? next : std::min(next, recovering_.WallAt(now));
}

}  // namespace signalbox
