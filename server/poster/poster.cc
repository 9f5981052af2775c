#include "server/poster/poster.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "common/error.h"
#include "server/github/waiting_times.h"
#include "server/poster/posting_log.h"
#include "server/poster/request_plan.h"
#include "server/poster/settling.h"

namespace signalbox {
namespace {

// A lease begins before it is on disk. Where commits are slow, leases are
// longer; otherwise the server could send nothing.
constexpr absl::Duration kLongestCommit = absl::Seconds(30);

// Counts only steps that begin or settle something.
constexpr int kMaxStepsPerRun = 256;
// The most entries to take out in one transaction. Reports wait for its end.
constexpr size_t kMostPerTurn = 32;

constexpr absl::Duration kStoreRetry = absl::Seconds(1);

}  // namespace

Poster::Poster(PostQueue* outbox, Credentials* credentials,
               GitHubClient* github, RequestGate* gate,
               const PostingLimits& limits, Metrics* metrics, Clock* clock,
               WakeUp* wake_up)
    : outbox_(outbox),
      gate_(gate),
      limits_(limits),
      metrics_(metrics),
      clock_(clock),
      requests_(github, gate, limits.ambiguous_wait, clock, wake_up),
      turns_(credentials, gate, &board_),
      ends_(outbox, gate, limits.ambiguous_wait, metrics, &requests_, &turns_,
            &board_, &memory_),
      settlements_(outbox, &requests_, &memory_.held),
      clock_follower_(outbox),
      parked_(outbox, &turns_) {}

Poster::~Poster() {
  // This poster can no longer post what a later transaction takes out.
  std::vector<StandingLease> leases;
  outbox_->TakeRequestsBack(&leases);
}

void Poster::SetTerm(const std::optional<Term>& term) {
  if (term == term_) return;
  term_ = term;
  term_begin_ = clock_->Steady();
  recalled_pauses_ = false;
}

absl::Time Poster::RunOnce() {
  const Moment now = clock_->Look();
  absl::Time next = absl::InfiniteFuture();
  memory_.held.ReleaseUntil(now.steady);
  const bool may_begin = Prepare(now, next);
  StandingRequests standing = TakeRequestsBack(may_begin, next);
  if (may_begin) BeginDue(next);
  if (may_begin && term_.has_value()) {
    LeaveRequests(std::move(standing));
  } else if (const Moment then = clock_->Look(); !settlements_.Flush(then)) {
    next = std::min(next, then.wall + kStoreRetry);
  }
  next = std::min(next, now.WallAt(memory_.held.NextRelease()));
  metrics_->Set("signalbox_posts_in_flight",
                "Requests to GitHub whose outcome is not stored yet.",
                InFlight());
  metrics_->Set("signalbox_poster_credentials",
                "Credentials that the poster keeps in memory.",
                static_cast<double>(turns_.size()));
  return next;
}

StandingRequests Poster::TakeRequestsBack(bool may_begin, absl::Time& next) {
  std::vector<StandingLease> leases;
  StandingRequests unused = outbox_->TakeRequestsBack(&leases);
  for (const StandingLease& standing : leases) {
    if (may_begin && !standing.is_outdated) {
      BeginStanding(standing, next);
    } else {
      settlements_.Add({Unsent(standing.lease, Settlement::Kind::kReturned),
                        standing.credential});
    }
  }
  return unused;
}

void Poster::BeginStanding(const StandingLease& standing, absl::Time& next) {
  const Moment now = clock_->Look();
  Booked booked;
  booked.candidate.due = {standing.credential, /*has_results=*/true};
  booked.candidate.stage = Stage::kResults;
  const std::optional<CredentialTurns::Step> step =
      turns_.StepOf(booked.candidate, now, next);
  if (!step.has_value() || step->must_learn ||
      turns_.Admit(standing.credential, step->token, /*pending=*/false, now,
                   &next) != Admission::kAdmitted) {
    settlements_.Add({Unsent(standing.lease, Settlement::Kind::kReturned),
                      standing.credential});
    return;
  }
  booked.token = step->token;
  Begin(standing.lease, booked, standing.lease_end, /*must_admit_again=*/false,
        next);
}

void Poster::LeaveRequests(StandingRequests standing) {
  if (closed_) return;
  turns_.LeaveRequests(clock_->Look(), &standing);
  if (standing.held == nullptr || *standing.held != memory_.held.Ids()) {
    standing.held =
        std::make_shared<const std::set<int64_t>>(memory_.held.Ids());
  }
  standing.lease_time = LeaseTime();
  standing.term = *term_;
  standing.clock = clock_;
  outbox_->LeaveRequests(std::move(standing));
}

bool Poster::Prepare(const Moment& now, absl::Time& next) {
  settlements_.Add(ends_.Collect(term_.value_or(Term()), now));
  if (!term_.has_value()) return false;
  RecallPauses();
  if (!recalled_pauses_) {
    next = now.wall + kStoreRetry;
    return false;
  }
  const absl::StatusOr<bool> follows = clock_follower_.Follow(*term_, now);
  if (!follows.ok()) NoteStoreFailure(follows.status());
  if (!follows.ok() || !*follows) {
    next = follows.ok() ? now.wall : now.wall + kStoreRetry;
    return false;
  }
  if (closed_) return false;
  const absl::StatusOr<absl::Time> check =
      parked_.Check(*term_, clock_->Look());
  if (!check.ok()) NoteStoreFailure(check.status());
  next = check.ok() ? *check : now.wall + kStoreRetry;
  return term_.has_value();
}

void Poster::NoteStoreFailure(const absl::Status& status) {
  if (ReasonOf(status) == kTermOver) SetTerm(std::nullopt);
  LogStoreFailure(status);
}

void Poster::RecallPauses() {
  if (recalled_pauses_) return;
  const Moment now = clock_->Look();
  const auto pauses = outbox_->Pauses(now.wall);
  if (!pauses.ok()) return LogStoreFailure(pauses.status());
  for (const CredentialPause& pause : *pauses) {
    // After the wall clock was set back, a pause must not exceed the longest
    // one.
    const absl::Duration left = std::min(pause.left, kMaxReset);
    if (left > absl::ZeroDuration()) {
      gate_->Block(pause.credential, now.steady + left);
    }
  }
  recalled_pauses_ = true;
}

void Poster::BeginDue(absl::Time& next) {
  int steps = 0;
  absl::Time looked;
  // What a pass settles may make entries due that it did not look for.
  do {
    settlements_.TakeHasSettled();
    looked = clock_->Now();
    if (!BeginPass(looked, &steps, next) ||
        !settlements_.Flush(clock_->Look())) {
      next = std::min(next, clock_->Now() + kStoreRetry);
      return;
    }
    if (steps >= kMaxStepsPerRun) {
      next = clock_->Now();
      return;
    }
  } while (settlements_.TakeHasSettled());
  // Since the last pass looked, not since now: what became due meanwhile must
  // not wait for another call.
  const absl::StatusOr<DueWork> due = outbox_->FindDueWork(looked);
  if (!due.ok()) LogStoreFailure(due.status());
  next = std::min(
      next, due.ok() ? looked + due->next_in : clock_->Now() + kStoreRetry);
}

absl::StatusOr<std::vector<Candidate>> Poster::Candidates(absl::Time now) {
  absl::StatusOr<DueWork> due = outbox_->FindDueWork(now);
  if (!due.ok()) return due.status();
  memory_.moved.Add(due->questions);
  memory_.moved.AddCredentials(&due->credentials);
  return turns_.BeginPass(due->credentials, settlements_.Credentials(),
                          clock_->Steady());
}

bool Poster::BeginPass(absl::Time now, int* steps, absl::Time& next) {
  absl::StatusOr<std::vector<Candidate>> candidates = Candidates(now);
  if (!candidates.ok()) {
    LogStoreFailure(candidates.status());
    return false;
  }
  // Each credential takes one step in turn, so that none waits for another's
  // backlog.
  std::set<std::string> full_hosts;
  while (!candidates->empty() && *steps < kMaxStepsPerRun) {
    // Requests that have ended meanwhile may park the next repository.
    settlements_.Add(ends_.Collect(*term_, clock_->Look()));
    Round round = BookRound(*std::move(candidates), &full_hosts, steps, next);
    if (!TakeAndBegin(&round, steps, next)) return false;
    // Otherwise the end of a request causes the next run, which begins here.
    if (round.gave_back) {
      full_hosts.clear();
      absl::c_move(round.host_is_full, std::back_inserter(round.going_on));
    }
    *candidates = std::move(round.going_on);
  }
  return true;
}

Poster::Round Poster::BookRound(std::vector<Candidate> candidates,
                                std::set<std::string>* full_hosts, int* steps,
                                absl::Time& next) {
  Round round;
  for (Candidate& candidate : candidates) {
    const std::string host(HostOfCredential(candidate.due.credential));
    if (full_hosts->contains(host)) {
      round.host_is_full.push_back(std::move(candidate));
      continue;
    }
    if (round.booked.size() == kMostPerTurn) {
      round.going_on.push_back(std::move(candidate));
      continue;
    }
    const bool in_turn = std::exchange(candidate.in_turn, true);
    const StepResult result = Book(candidate, &round, next);
    if (result == StepResult::kHostFull) {
      full_hosts->insert(host);
      round.host_is_full.push_back(std::move(candidate));
      continue;
    }
    if (full_hosts->empty() && in_turn) {
      turns_.NoteStep(candidate.due.credential);
    }
    if (result != StepResult::kSent) continue;
    ++*steps;
    round.going_on.push_back(std::move(candidate));
  }
  return round;
}

Poster::StepResult Poster::Book(const Candidate& candidate, Round* round,
                                absl::Time& next) {
  const Moment now = clock_->Look();
  const std::string& credential = candidate.due.credential;
  Booked booked;
  booked.candidate = candidate;
  if (credential.empty()) {
    booked.candidate.stage = std::max(candidate.stage, Stage::kResults);
    round->booked.push_back(std::move(booked));
    return StepResult::kNothing;
  }
  const std::optional<CredentialTurns::Step> step =
      turns_.StepOf(candidate, now, next);
  if (!step.has_value()) return StepResult::kNothing;
  if (step->must_learn) {
    const Admission admission =
        turns_.AdmitLearning(credential, step->token, now, next);
    if (admission == Admission::kAdmitted) {
      BeginRequest(Errand::kLearn, credential, step->token, now);
    }
    return admission == Admission::kHostFull ? StepResult::kHostFull
                                             : StepResult::kNothing;
  }
  if (!memory_.moved.Empty(credential) &&
      turns_.Admit(credential, step->token, /*pending=*/false, now, &next) ==
          Admission::kAdmitted) {
    BeginRequest(Errand::kName, credential, step->token, now,
                 *memory_.moved.Take(credential));
    return StepResult::kSent;
  }
  const PostOrder& order = turns_.OrderOf(credential);
  booked.token = step->token;
  booked.candidate.stage =
      order.FirstStage(candidate.stage, candidate.due.has_results, now);
  if (!candidate.is_guess && now.steady < order.next_probe()) {
    next = std::min(next, now.WallAt(order.next_probe()));
  }
  switch (turns_.Admit(credential, step->token,
                       PostOrder::IsForPendings(booked.candidate.stage), now,
                       candidate.is_guess ? nullptr : &next)) {
    case Admission::kAdmitted:
      round->booked.push_back(booked);
      BookFurther(booked, now, round);
      break;
    case Admission::kWaits:
      break;
    case Admission::kHostFull:
      return StepResult::kHostFull;
  }
  return StepResult::kNothing;
}

void Poster::BookFurther(const Booked& first, const Moment& now, Round* round) {
  const std::string& credential = first.candidate.due.credential;
  const Stage stage = first.candidate.stage;
  int more = turns_.OrderOf(credential).MoreToTake(stage);
  while (more-- > 0 && round->booked.size() < kMostPerTurn &&
         turns_.Admit(credential, first.token, PostOrder::IsForPendings(stage),
                      now, nullptr) == Admission::kAdmitted) {
    round->booked.push_back(first);
    round->booked.back().is_further = true;
  }
}

void Poster::BeginRequest(Errand errand, const std::string& credential,
                          const Token& token, const Moment& now,
                          MovedRepositories::Question named) {
  auto request = std::make_shared<PosterRequest>();
  request->errand = errand;
  request->credential = credential;
  request->token = token;
  request->named = std::move(named);
  board_.GoesOn(credential);
  requests_.Send(request, now);
}

void Poster::GiveBack(const Booked& booked) {
  const std::string& credential = booked.candidate.due.credential;
  if (!credential.empty()) turns_.GiveBack(credential, booked.token);
}

LeaseRequest Poster::RequestFor(Booked* booked, const Moment& now,
                                absl::Duration lease_time) {
  const Candidate& candidate = booked->candidate;
  LeaseRequest request;
  request.credential = candidate.due.credential;
  request.pendings = PostOrder::IsForPendings(candidate.stage);
  request.lease_time = lease_time;
  if (request.credential.empty()) return request;
  request.held = &memory_.held.Ids();
  turns_.OrderOf(request.credential).Fill(candidate.stage, now, &request);
  if (booked->is_further) {
    request.continues = true;
    request.may_probe = false;
  }
  if (candidate.stage == Stage::kLongDue) {
    request.longest_left_out = &booked->longest_left_out;
  }
  return request;
}

absl::Duration Poster::LeaseTime() const {
  // Each request of a try is sent while its lease lasts for at least
  // ambiguous_wait. After the lease, no request of a former process can still
  // take effect.
  return limits_.ambiguous_wait + kLastRedirect + 2 * commit_time_;
}

void Poster::NoteFound(const std::vector<Booked>& booked,
                       const std::vector<std::optional<Lease>>& leases) {
  for (size_t i = 0; i < booked.size();) {
    const std::string& credential = booked[i].candidate.due.credential;
    int wanted = 0;
    int found = 0;
    do {
      ++wanted;
      found += leases[i].has_value() ? 1 : 0;
      ++i;
    } while (i < booked.size() && booked[i].is_further);
    if (!credential.empty())
      turns_.OrderOf(credential).NoteFound(wanted, found);
  }
}

bool Poster::TakeAndBegin(Round* round, int* steps, absl::Time& next) {
  if (round->booked.empty()) return true;
  const Moment now = clock_->Look();
  const absl::Duration lease_time = LeaseTime();
  std::vector<LeaseRequest> wanted;
  for (Booked& booked : round->booked) {
    wanted.push_back(RequestFor(&booked, now, lease_time));
  }
  const absl::StatusOr<std::vector<std::optional<Lease>>> leases =
      settlements_.Turn(*term_, wanted, now);
  const SteadyTime taken = clock_->Steady();
  if (!leases.ok()) {
    for (const Booked& booked : round->booked) GiveBack(booked);
    if (ReasonOf(leases.status()) == kTermOver) SetTerm(std::nullopt);
    return false;
  }
  if (absl::c_any_of(*leases,
                     [](const auto& lease) { return lease.has_value(); })) {
    commit_time_ = std::min(kLongestCommit,
                            std::max(taken - now.steady, commit_time_ / 2));
  }
  NoteFound(round->booked, *leases);
  // Answers that arrived during the commit may forbid these requests.
  const bool answers_came = ends_.Note(clock_->Look());
  for (size_t i = 0; i < round->booked.size(); ++i) {
    Booked& booked = round->booked[i];
    const std::optional<Lease>& lease = leases->at(i);
    if (!lease.has_value()) {
      GiveBack(booked);
      round->gave_back = true;
      if (booked.is_further) continue;
      const std::optional<Stage> stage =
          turns_.OrderOf(booked.candidate.due.credential)
              .StageAfter(booked.candidate.stage, booked.longest_left_out, now);
      if (!stage.has_value()) continue;
      booked.candidate.stage = *stage;
    } else {
      ++*steps;
      Begin(*lease, booked, now.steady + lease_time, answers_came, next);
      if (booked.is_further) continue;
      booked.candidate.stage = Stage::kLongDue;
    }
    round->going_on.push_back(std::move(booked.candidate));
  }
  return true;
}

void Poster::Begin(const Lease& lease, const Booked& booked,
                   SteadyTime lease_end, bool must_admit_again,
                   absl::Time& next) {
  const std::string& credential = booked.candidate.due.credential;
  const Moment now = clock_->Look();
  const auto unsent = [&](Settlement settlement) {
    GiveBack(booked);
    settlements_.Add({std::move(settlement), credential, now.steady});
  };
  if (credential.empty()) {
    Settlement settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, kNoCredential);
    LogSettlement(lease, settlement);
    return unsent(std::move(settlement));
  }
  const absl::Duration left = lease_end - now.steady;
  const Stage stage = booked.candidate.stage;
  PostOrder& order = turns_.OrderOf(credential);
  order.NoteTaken(lease, stage);
  if (must_admit_again) {
    GiveBack(booked);
    if (turns_.Admit(credential, booked.token, PostOrder::IsForPendings(stage),
                     now, &next) != Admission::kAdmitted) {
      settlements_.Add(
          {Unsent(lease, Settlement::Kind::kReturned), credential});
      return;
    }
  }
  if (left < limits_.ambiguous_wait) {
    // The commit took so long, or the process was stopped for so long, that the
    // request could outlast its lease.
    return unsent(Unsent(lease, Settlement::Kind::kReturned));
  }

  RequestPlan plan =
      PlanRequest(lease, memory_.wording, limits_, now, term_begin_);
  if (plan.hold_until > now.steady) {
    memory_.held.HoldUntil(lease.entry_id, plan.hold_until);
  }
  if (plan.settlement.has_value()) {
    if (plan.settlement->kind == Settlement::Kind::kPosted) {
      metrics_->Add("signalbox_posts_saved_total",
                    "Statuses not posted because GitHub showed them already.");
    }
    LogSettlement(lease, *plan.settlement);
    return unsent(*std::move(plan.settlement));
  }
  auto begun = std::make_shared<PosterRequest>();
  begun->errand = plan.errand;
  begun->credential = credential;
  begun->token = booked.token;
  begun->lease = lease;
  begun->sent = std::move(plan.sent);
  begun->lease_end = lease_end;
  order.NoteBegun(lease, stage, now, gate_->ProbeGap(credential));
  memory_.held.HoldInFlight(lease.entry_id);
  board_.GoesOn(credential);
  requests_.Send(begun, now);
}

}  // namespace signalbox
