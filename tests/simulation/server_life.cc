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
  return life;
}

absl::Time ServerLife::RunOnce() {
  core_->wake_ups().intake.Take();
  core_->wake_ups().poster.Take();
  absl::Time next = core_->intake()->RunOnce();
  if (failed_) return next;
  if (!work_is_stopped_) next = std::min(next, Work());
  return IsWoken() ? absl::InfinitePast() : next;
}

absl::Time ServerLife::Work() {
  next_posting_ = core_->Post();
  // Names are checked once a day, everything else much sooner.
  idle_ = next_posting_ > clock_->Now() + absl::Hours(6) &&
          core_->poster()->InFlight() == 0;
  if (failed_) return next_posting_;
  // After the poster: once the housekeeper has heard that the term is over, the
  // poster tries nothing in it that the store would have to refuse.
  if (core_->wake_ups().housekeeper.Take() || housekeeping_ <= clock_->Now()) {
    housekeeping_ = core_->housekeeper()->RunOnce();
  }
  return std::min(next_posting_, housekeeping_);
}

}  // namespace signalbox
