#include "server/core/core.h"

#include <utility>
#include <variant>
#include <vector>

#include "common/log.h"

namespace signalbox {
namespace {

// How old the counts of unposted statuses may be.
constexpr absl::Duration kPostingMetricsPeriod = absl::Minutes(1);

Housekeeper::Options HousekeeperOptions(const Core::Options& options,
                                        const Credentials* credentials) {
  Housekeeper::Options housekeeper;
  housekeeper.retention = options.retention;
  housekeeper.stopped_credentials = [credentials] {
    std::vector<Housekeeper::StoppedCredential> stopped;
    for (const CredentialState& state : credentials->States()) {
      if (state.stop_reason.empty()) continue;
      stopped.push_back({state.id, state.stop_reason});
    }
    return stopped;
  };
  return housekeeper;
}

Questions::Options QuestionsOptions(Outbox* outbox) {
  Questions::Options questions;
  questions.store_pause = [outbox](const std::string& credential,
                                   absl::Time until, absl::Time now) {
    return outbox->SetPause(credential, until, now);
  };
  return questions;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Core>> Core::Open(Options options,
                                                 Credentials* credentials,
                                                 HttpTransport* transport,
                                                 Metrics* metrics,
                                                 Clock* clock) {
  options.outbox.credential_of = [credentials](const Repository& repository) {
    return credentials->Find(repository);
  };
  options.outbox.on_damaged_row = [metrics](const std::string& what) {
    LogError("the server repaired or removed a damaged row of its database",
             {{"error", what}});
    metrics->Add("signalbox_damaged_rows_total",
                 "Damaged database rows that the server repaired or removed.");
  };
  absl::StatusOr<std::unique_ptr<Outbox>> outbox =
      OpenSqliteOutbox(options.outbox);
  if (!outbox.ok()) return outbox.status();
  const std::string holder = options.user_agent;
  std::unique_ptr<Core> core(new Core(std::move(options), *std::move(outbox),
                                      credentials, transport, metrics, clock));
  const absl::Status recalled = core->credential_upkeep_.Recall();
  if (!recalled.ok()) return recalled;
  // No other process has the store open, so nobody else claims.
  const absl::StatusOr<TermLook> seen = core->outbox_->Look();
  if (!seen.ok()) return seen.status();
  const absl::StatusOr<Term> term =
      core->outbox_->Claim(*seen, "the only process", holder, clock->Now());
  if (!term.ok()) return term.status();
  core->poster_.SetTerm(*term);
  return core;
}

Core::Core(Options options, std::unique_ptr<Outbox> outbox,
           Credentials* credentials, HttpTransport* transport, Metrics* metrics,
           Clock* clock)
    : credentials_(credentials),
      clock_(clock),
      outbox_(std::move(outbox)),
      github_(transport, std::move(options.user_agent)),
      limiter_(std::move(options.pace_of)),
      gate_(&limiter_, credentials),
      poster_(outbox_.get(), credentials, &github_, &gate_, metrics, clock,
              [this] { wake_ups_.poster.Wake(); }),
      housekeeper_(outbox_.get(), clock,
                   HousekeeperOptions(options, credentials),
                   [this] { wake_ups_.poster.Wake(); }),
      intake_(
          outbox_.get(), clock, Intake::Options(),
          [this] { wake_ups_.intake.Wake(); },
          [this] { wake_ups_.poster.Wake(); }),
      questions_(QuestionsOptions(outbox_.get()), credentials, &github_, &gate_,
                 metrics, clock, &wake_ups_.questions, &wake_ups_.poster),
      credential_upkeep_(credentials, outbox_.get(), metrics, clock),
      posting_metrics_(metrics, [this](const std::string& credential) {
        return poster_.StateOf(credential).reason;
      }) {}

absl::Time Core::ShowPostings() {
  const absl::Time now = clock_->Now();
  const absl::StatusOr<PostingCounts> counts = outbox_->CountPostings(now);
  if (counts.ok()) posting_metrics_.Show(*counts, now);
  return now + kPostingMetricsPeriod;
}

void Core::NoteEvent(const Event& event) {
  if (const auto* changed = std::get_if<InstallationChanged>(&event)) {
    credentials_->LookAgain(changed->host, changed->account, clock_->Now());
  }
  wake_ups_.poster.Wake();
  wake_ups_.questions.Wake();
}

void Core::NoteCredentialChanged(const std::string& credential_id) {
  poster_.LookAgain(credential_id);
  wake_ups_.poster.Wake();
  wake_ups_.questions.Wake();
}

}  // namespace signalbox
