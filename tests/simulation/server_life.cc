#include "tests/simulation/server_life.h"

#include <algorithm>
#include <utility>

#include "server/github/static_credentials.h"

namespace signalbox {

absl::StatusOr<std::unique_ptr<ServerLife>> ServerLife::Begin(
    const Options& options, HttpTransport* transport, Clock* clock) {
  std::unique_ptr<ServerLife> life(new ServerLife());
  ServerLife* const self = life.get();
  life->clock_ = clock;

  StaticCredential credential;
  credential.api_url = kApiUrl;
  credential.accounts = {"*"};
  credential.token = Secret("simulated-token");
  auto credentials = MakeStaticCredentials({credential});
  if (!credentials.ok()) return credentials.status();
  life->credentials_ = *std::move(credentials);
  life->limiter_.SetPace(kCredential, options.pace);

  SqliteOutboxOptions outbox_options;
  outbox_options.data_dir = options.data_dir;
  outbox_options.pending_settle = options.pending_settle;
  outbox_options.readers = options.readers;
  outbox_options.credential_of = [self](const Repository& repository) {
    return self->credentials_->Find(repository);
  };
  auto outbox = OpenSqliteOutbox(outbox_options);
  if (!outbox.ok()) return outbox.status();
  life->outbox_ = *std::move(outbox);

  const auto wake = [self] { self->woken_ = true; };
  const auto fail = [self](const absl::Status&) { self->failed_ = true; };
  life->github_ = std::make_unique<GitHubClient>(transport, "signalbox");
  life->gate_ =
      std::make_unique<RequestGate>(&life->limiter_, life->credentials_.get());
  life->poster_ = std::make_unique<Poster>(
      life->outbox_.get(), life->credentials_.get(), life->github_.get(),
      life->gate_.get(), &life->metrics_, clock, wake, fail);
  life->housekeeper_ = std::make_unique<Housekeeper>(
      life->outbox_.get(), clock, Housekeeper::Options(), wake, fail);
  life->intake_ = std::make_unique<Intake>(life->outbox_.get(), clock,
                                           Intake::Options(), wake, wake, fail);
  return life;
}

ServerLife::~ServerLife() {
  // Refuses the submissions that still wait; nobody hears of it.
  intake_.reset();
}

absl::Time ServerLife::RunOnce() {
  woken_ = false;
  absl::Time next = intake_->RunOnce();
  if (failed_) return next;
  if (housekeeping_ <= clock_->Now()) housekeeping_ = housekeeper_->RunOnce();
  if (failed_) return next;
  next_posting_ = poster_->RunOnce();
  // Names are checked once a day, everything else much sooner.
  idle_ = next_posting_ > clock_->Now() + absl::Hours(6) &&
          poster_->InFlight() == 0;
  next = std::min({next, next_posting_, housekeeping_});
  return woken_ ? absl::InfinitePast() : next;
}

}  // namespace signalbox
