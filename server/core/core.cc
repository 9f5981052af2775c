#include "server/core/core.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
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

Questions::Options QuestionsOptions(Outbox* outbox, const HeldTerm* held_term) {
  Questions::Options questions;
  questions.store_pause = [outbox](const std::string& credential,
                                   absl::Duration pause_for, absl::Time now) {
    return outbox->SetPause(credential, pause_for, now);
  };
  questions.may_ask = [held_term] { return held_term->exists(); };
  return questions;
}

// With SQLite the lock on the data directory decides: a claim succeeds at once,
// no silence ends a term, and a beat would only cost a commit.
TermKeeper::Options TermOptions(const std::string& owner) {
  TermKeeper::Options options;
  options.owner = owner;
  options.beat = absl::InfiniteDuration();
  options.silence = absl::InfiniteDuration();
  options.patience = absl::InfiniteDuration();
  return options;
}

// 16 bytes, as digits.
std::string RandomName() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(),
                         random());
}

// The housekeeper warns of them, all in one line.
void LogAbandoned(const AbandonedStatus& status) {
  LogInfo("the server abandoned a commit status",
          {{"repository", status.repository.Display()},
           {"sha", status.sha.Hex()},
           {"context", status.context},
           {"caller", status.caller},
           {"report_request_id", status.request_id},
           {"reason", status.reason}});
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
  options.outbox.on_abandoned = LogAbandoned;
  options.outbox.on_damaged_row = [metrics](const std::string& what) {
    LogError(
        "a row of the database was damaged, and the server repaired or removed "
        "it; check the disk",
        {{"error", what}});
    metrics->Add("signalbox_damaged_rows_total",
                 "Damaged database rows that the server repaired or removed.");
  };
  absl::StatusOr<std::unique_ptr<Outbox>> outbox =
      OpenSqliteOutbox(options.outbox);
  if (!outbox.ok()) return outbox.status();
  if (options.owner.empty()) options.owner = RandomName();
  std::unique_ptr<Core> core(new Core(std::move(options), *std::move(outbox),
                                      credentials, transport, metrics, clock));
  const absl::Status recalled = core->credential_upkeep_.Recall();
  if (!recalled.ok()) return recalled;
  const auto creators = core->outbox_->Creators();
  if (!creators.ok()) return creators.status();
  core->poster_.RecallCreators(*creators);
  return core;
}

Core::Core(Options options, std::unique_ptr<Outbox> outbox,
           Credentials* credentials, HttpTransport* transport, Metrics* metrics,
           Clock* clock)
    : credentials_(credentials),
      metrics_(metrics),
      clock_(clock),
      owner_(std::move(options.owner)),
      holder_(options.user_agent),
      outbox_(std::move(outbox)),
      github_(transport, std::move(options.user_agent)),
      limiter_(std::move(options.pace_of)),
      gate_(&limiter_, credentials),
      term_keeper_(TermOptions(owner_)),
      poster_(outbox_.get(), credentials, &github_, &gate_,
              options.outbox.limits, metrics, clock, &wake_ups_.poster),
      housekeeper_(outbox_.get(), &held_term_, clock,
                   HousekeeperOptions(options, credentials), &wake_ups_.poster),
      intake_(outbox_.get(), clock, Intake::Options(), &wake_ups_.intake,
              &wake_ups_.poster),
      questions_(QuestionsOptions(outbox_.get(), &held_term_), credentials,
                 &github_, &gate_, metrics, clock, &wake_ups_.questions,
                 &wake_ups_.poster),
      credential_upkeep_(credentials, outbox_.get(), &held_term_, metrics,
                         clock),
      posting_metrics_(metrics, [this](const std::string& credential) {
        return poster_.StateOf(credential).reason;
      }) {}

absl::Time Core::KeepTerm() {
  const SteadyTime begin = clock_->Steady();
  TermKeeper::Situation situation;
  if (!term_keeper_.TermAt(begin).has_value()) {
    const absl::StatusOr<TermLook> look = outbox_->Look();
    if (look.ok()) situation.look = *look;
    situation.look_begin = begin;
    situation.may_claim = poster_.InFlight() == 0;
  }
  TermKeeper::Decision decision =
      term_keeper_.RunOnce(clock_->Steady(), situation);
  if (decision.act == TermKeeper::Act::kClaim) {
    term_keeper_.NoteClaim(
        begin, outbox_->Claim(decision.seen, owner_, holder_, clock_->Now()));
    const SteadyTime end = clock_->Steady();
    const std::optional<Term> term = term_keeper_.TermAt(end);
    if (term.has_value()) {
      LogInfo("this server has the term and posts to GitHub from now on",
              {{"term", term->epoch}});
      SetTerm(*term);
      decision = term_keeper_.RunOnce(end, {});
    }
  }
  return clock_->Look().WallAt(decision.next);
}

void Core::SetTerm(const Term& term) {
  const bool exists = term != Term();
  poster_.SetTerm(exists ? std::optional(term) : std::nullopt);
  held_term_.Set(term);
  if (!exists) return;
  wake_ups_.housekeeper.Wake();
  wake_ups_.questions.Wake();
}

bool Core::DropLostTerm() {
  const std::optional<Term> term = term_keeper_.TermAt(clock_->Steady());
  if (!term.has_value()) return false;
  if (poster_.term().has_value() && held_term_.exists()) return false;
  LogWarning(
      "this server's term is over; it posts nothing until it has claimed the "
      "next one",
      {{"term", term->epoch}});
  term_keeper_.NoteOver(*term);
  SetTerm(Term());
  return true;
}

absl::Time Core::Post() {
  DropLostTerm();
  absl::Time next = KeepTerm();
  next = std::min(next, poster_.RunOnce());
  if (DropLostTerm()) next = clock_->Now();
  metrics_->Set("signalbox_term",
                "The term in which the server posts; 0: none.",
                static_cast<double>(held_term_.Get().epoch));
  return next;
}

void Core::GiveBackTerm() {
  const std::optional<Term> term = poster_.term();
  if (!term.has_value()) return;
  SetTerm(Term());
  term_keeper_.NoteOver(*term);
  // If this fails, the start of the next process ends the term.
  outbox_->GiveBack(*term).IgnoreError();
}

std::optional<StatusCreator> Core::CreatorOf(
    const Repository& repository) const {
  return poster_.CreatorOf(credentials_->Find(repository));
}

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
