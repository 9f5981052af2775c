#include "server/poster/poster.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "server/github/waiting_times.h"
#include "server/poster/settling.h"

namespace signalbox {
namespace {

// Each request of a try is sent while its lease lasts for at least
// kAmbiguousWait. After the lease, no request of a former process can still
// take effect.
const absl::Duration kLeaseTime = kAmbiguousWait + kLastRedirect;
// A lease begins before it is on disk. Where commits are slow, leases are
// longer; otherwise the server could send nothing.
constexpr absl::Duration kLongestCommit = absl::Seconds(30);
static_assert(kGitHubTimeout <= kAmbiguousWait);

// Counts only steps that begin or settle something.
constexpr int kMaxStepsPerRun = 256;
constexpr int kMaxQuestionsPerRun = 256;
// The most entries to take out in one transaction. Reports wait for its end.
constexpr size_t kMostPerTurn = 32;
// With more credentials without work, the poster forgets those that are idle.
constexpr size_t kMaxIdleWork = 1000;
constexpr int kResultsPerPending = 19;
constexpr absl::Duration kLongDue = absl::Seconds(60);
// A search for a pending that is long due visits each repository of the
// credential that has a due pending.
constexpr absl::Duration kBetweenLongDueLooks = absl::Seconds(5);

// If the wall clock falls back this much against the steady one, somebody set
// it.
constexpr absl::Duration kSetBack = absl::Seconds(1);
// The most entries to bring forward in one transaction.
constexpr int kMostBroughtForward = 500;
// How often the poster checks the credentials of parked repositories, because
// somebody may have changed one.
constexpr absl::Duration kParkedLook = absl::Seconds(10);

constexpr absl::Duration kStoreRetry = absl::Seconds(1);
constexpr absl::Duration kCredentialRetry = absl::Seconds(1);
// For at most this long, credentials with only pendings leave the requests for
// tokens to those with results.
constexpr absl::Duration kLongestYield = absl::Minutes(1);
// How often the poster asks for the token of a stopped credential again, whose
// file may have changed.
constexpr absl::Duration kStoppedCredentialRetry = absl::Seconds(5);

// GitHub takes 1,000 statuses for a sha and context, ever. Pendings leave room
// for results.
constexpr int kMostStatuses = 1000;
constexpr int kMostBeforePending = 950;

bool IsBefore(const DueCredential& a, const DueCredential& b) {
  return a.credential < b.credential;
}

// Whether the store failed, and the same change may succeed later.
bool IsStoreFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsInternal(status);
}

// The host of a credential's id, "host/account".
absl::string_view HostOf(absl::string_view credential) {
  return credential.substr(0, credential.find('/'));
}

void LogAbandoned(const Lease& lease, const Settlement& settlement) {
  // A commit that was force-pushed away is normal; other reasons need a person.
  const auto log =
      settlement.reason == "NO_COMMIT_FOUND" ? &LogInfo : &LogWarning;
  const Try attempted = settlement.attempted.value_or(Try());
  log("the server abandoned a commit status",
      {{"repository", lease.repository.Display()},
       {"sha", lease.sha},
       {"context", lease.context},
       {"reason", settlement.reason},
       {"http_status", attempted.http_status},
       {"message", attempted.message},
       {"request_id", attempted.request_id}});
}

// GitHub refuses probes again and again, so only the first refusal is a
// warning.
void LogParked(const Lease& lease, const Settlement& settlement) {
  const Try attempted = settlement.attempted.value_or(Try());
  (lease.is_probe ? &LogInfo : &LogWarning)(
      "GitHub refuses all statuses of a repository; the server tries again "
      "later",
      {{"repository", lease.repository.Display()},
       {"reason", settlement.reason},
       {"http_status", attempted.http_status},
       {"message", attempted.message},
       {"request_id", attempted.request_id}});
}

}  // namespace

Poster::Poster(PostQueue* outbox, Credentials* credentials,
               GitHubClient* github, RequestGate* gate, Metrics* metrics,
               Clock* clock, std::function<void()> wake,
               std::function<void(absl::Status)> on_store_failure)
    : outbox_(outbox),
      credentials_(credentials),
      github_(github),
      gate_(gate),
      metrics_(metrics),
      clock_(clock),
      wake_(std::move(wake)),
      on_store_failure_(std::move(on_store_failure)),
      life_begin_(Look().steady) {}

Poster::~Poster() = default;

Poster::Moment Poster::Look() const {
  return {clock_->Now(), absl::UnixEpoch() + clock_->Monotonic()};
}

absl::Time Poster::RunOnce() {
  const Moment now = Look();
  absl::Time next = absl::InfiniteFuture();
  RecallPauses();
  ReleaseOld(now.steady);
  CollectEnds(now);
  bool may_begin = false;
  if (!recalled_pauses_) {
    next = now.wall + kStoreRetry;
  } else if (FollowClock(now, next)) {
    MutexLock lock(&mu_);
    may_begin = !closed_;
  }
  if (may_begin) {
    LookAtCredentialsOfParked(next);
    BeginDue(next);
  } else if (!SettleUnsettled(now.wall)) {
    next = std::min(next, now.wall + kStoreRetry);
  }
  for (const auto& [entry_id, until] : held_until_) {
    if (until == absl::InfiniteFuture()) continue;
    next = std::min(next, now.wall + (until - now.steady));
  }
  metrics_->Set("signalbox_posts_in_flight",
                "Requests to GitHub whose outcome is not stored yet.",
                InFlight());
  metrics_->Set("signalbox_poster_credentials",
                "Credentials that the poster keeps in memory.",
                static_cast<double>(work_.size()));
  return next;
}

bool Poster::FollowClock(const Moment& now, absl::Time& next) {
  const absl::Time offset = absl::UnixEpoch() + (now.wall - now.steady);
  const absl::Time most = wall_offset_.value_or(offset);
  if (offset < most - kSetBack) {
    farthest_due_ = absl::ZeroDuration();
    wall_offset_ = offset;
  } else {
    wall_offset_ = std::max(most, offset);
  }
  if (farthest_due_ == absl::InfiniteDuration()) return true;
  const absl::StatusOr<bool> more = outbox_->BringForward(
      now.wall + farthest_due_, now.wall, kMostBroughtForward);
  if (!more.ok()) NoteStoreFailure(more.status());
  if (more.ok() && !*more) {
    farthest_due_ = absl::InfiniteDuration();
    return true;
  }
  next = more.ok() ? now.wall : now.wall + kStoreRetry;
  return false;
}

void Poster::Hold(int64_t entry_id, absl::Time until) {
  held_until_[entry_id] = until;
  held_.insert(entry_id);
}

void Poster::Release(int64_t entry_id) {
  held_until_.erase(entry_id);
  held_.erase(entry_id);
}

void Poster::ReleaseOld(absl::Time now) {
  for (auto it = held_until_.begin(); it != held_until_.end();) {
    const auto [entry_id, until] = *it++;
    if (until <= now) Release(entry_id);
  }
}

void Poster::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

void Poster::LookAgain(const std::string& credential) {
  MutexLock lock(&mu_);
  look_again_.insert(credential);
}

int Poster::InFlight() const {
  MutexLock lock(&mu_);
  return in_flight_;
}

// The pauses that GitHub asked a former process for hold for this one, too.
void Poster::RecallPauses() {
  if (recalled_pauses_) return;
  const absl::StatusOr<std::vector<CredentialPause>> pauses = outbox_->Pauses();
  if (!pauses.ok()) return NoteStoreFailure(pauses.status());
  const Moment now = Look();
  for (const CredentialPause& pause : *pauses) {
    // After the wall clock was set back, a pause must not exceed the longest
    // one.
    const absl::Duration left = std::min(pause.until - now.wall, kMaxReset);
    if (left > absl::ZeroDuration()) {
      gate_->Block(pause.credential, now.steady + left);
    }
  }
  recalled_pauses_ = true;
}

bool Poster::NoteEnds(const Moment& now) {
  std::vector<Ended> ended;
  {
    MutexLock lock(&mu_);
    ended.swap(ended_);
  }
  for (Ended& one : ended) {
    // Somebody may have set the wall clock since the end.
    one.end.wall = now.WallAt(one.end.steady);
    NoteEnd(one);
    noted_.push_back(std::move(one));
  }
  return !ended.empty();
}

void Poster::CollectEnds(const Moment& now) {
  NoteEnds(now);
  for (const Ended& one : std::exchange(noted_, {})) {
    const Request& request = *one.request;
    const absl::Time begin = now.WallAt(request.begin_time);
    if (one.reply.moved_to != 0 && request.errand != Errand::kName) {
      moved_.Add(request.credential, request.lease.repository,
                 one.reply.moved_to, now.wall);
    }
    switch (request.errand) {
      case Errand::kPost: {
        Settlement settlement =
            AfterPost(request.lease, request.sent, one.reply, begin,
                      one.end.wall, &wording_);
        if (settlement.ambiguous) {
          Hold(request.lease.entry_id,
               now.SteadyAt(settlement.attempted->begin_time) + kAmbiguousWait);
        }
        if (settlement.kind == Settlement::Kind::kAbandoned) {
          LogAbandoned(request.lease, settlement);
        }
        if (settlement.kind == Settlement::Kind::kParked) {
          LogParked(request.lease, settlement);
        }
        unsettled_.push_back({std::move(settlement), request.credential,
                              /*was_sent=*/true});
        break;
      }
      case Errand::kRead:
        unsettled_.push_back(
            {AfterRead(request.lease, one.reply, begin, one.end.wall),
             request.credential, /*was_sent=*/true});
        break;
      case Errand::kLearn:
        work_[request.credential].learning = false;
        EndFlight();
        break;
      case Errand::kName:
        LearnName(request, one.reply, now.wall);
        EndFlight();
        break;
    }
  }
}

void Poster::EndFlight() {
  MutexLock lock(&mu_);
  --in_flight_;
}

absl::StatusOr<std::vector<std::optional<Lease>>> Poster::Turn(
    absl::Span<const LeaseRequest> wanted, absl::Time now) {
  std::vector<Settlement> ended;
  for (const Unsettled& one : unsettled_) ended.push_back(one.settlement);
  auto leases = outbox_->Turn(ended, wanted, now);
  if (!leases.ok() && !IsStoreFailure(leases.status()) && !ended.empty()) {
    // A settlement that the store never accepts must not hold up the rest. Its
    // lease ends by itself.
    for (const Unsettled& one : std::exchange(unsettled_, {})) {
      const absl::Status settled =
          outbox_->Turn({&one.settlement, 1}, {}, now).status();
      if (!settled.ok()) NoteStoreFailure(settled);
      if (IsStoreFailure(settled)) {
        unsettled_.push_back(one);
      } else {
        EndSettled(one);
      }
    }
    return leases;
  }
  if (!leases.ok()) {
    NoteStoreFailure(leases.status());
    return leases;
  }
  settled_ = settled_ || !unsettled_.empty();
  for (const Unsettled& one : std::exchange(unsettled_, {})) EndSettled(one);
  return leases;
}

void Poster::EndSettled(const Unsettled& settled) {
  if (!settled.was_sent) return;
  const auto held = held_until_.find(settled.settlement.entry_id);
  if (held != held_until_.end() && held->second == absl::InfiniteFuture()) {
    Release(held->first);
  }
  EndFlight();
}

bool Poster::SettleUnsettled(absl::Time now) {
  return unsettled_.empty() || Turn({}, now).ok();
}

void Poster::NoteStoreFailure(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return;
  LogError("the database failed while posting", {{"error", status.ToString()}});
  if (absl::IsInternal(status) && on_store_failure_ != nullptr) {
    on_store_failure_(status);
  }
}

void Poster::NoteEnd(const Ended& ended) {
  const Request& request = *ended.request;
  const Verdict& verdict = ended.reply.verdict;
  // A host without limits has no /rate_limit, and answers a good token with
  // 404.
  gate_->Leave(request.credential, request.token, ended.reply,
               /*proves_token=*/request.errand == Errand::kLearn,
               ended.end.steady, ended.end.wall);
  if (verdict.action == Action::kWait) NoteLimit(ended);
  if (request.errand == Errand::kPost) {
    metrics_->Add("signalbox_posts_total",
                  "Finished posts to GitHub, by outcome.",
                  {{"verdict", verdict.reason}});
  } else {
    metrics_->Add("signalbox_reads_total",
                  "Other finished requests to GitHub, by outcome.",
                  {{"verdict", verdict.reason}});
  }
}

void Poster::NoteLimit(const Ended& ended) {
  const Request& request = *ended.request;
  const Verdict& verdict = ended.reply.verdict;
  const absl::Time until =
      ended.end.wall +
      (gate_->BlockedUntil(request.credential) - ended.end.steady);
  LogWarning("GitHub rate-limits a credential; the server waits",
             {{"credential", request.credential},
              {"reason", verdict.reason},
              {"until", absl::FormatTime(until, absl::UTCTimeZone())},
              {"message", verdict.message},
              {"request_id", verdict.request_id}});
  const absl::Status kept =
      outbox_->SetPause(request.credential, until, ended.end.wall);
  if (!kept.ok()) NoteStoreFailure(kept);
}

void Poster::LearnName(const Request& request, const GitHubReply& reply,
                       absl::Time now) {
  const NameAnswer answer = AfterNaming(request.named, reply);
  absl::Status kept;
  if (answer.question_id != 0) {
    moved_.End(answer.question_id);
    kept = outbox_->AnswerName(answer, now);
  } else if (answer.kind == NameAnswer::Kind::kNamed) {
    kept = outbox_->LearnName(request.named.old_name, answer, now);
    if (!kept.ok()) moved_.Forget(request.named.old_name);
  }
  if (!kept.ok()) return NoteStoreFailure(kept);
  const Repository& asked = request.named.old_name;
  if (answer.kind != NameAnswer::Kind::kNamed) {
    LogInfo("GitHub did not give the current name of a repository",
            {{"repository", asked.Display()},
             {"repository_id", request.named.github_id},
             {"reason", reply.verdict.reason}});
  } else if (answer.name.Canonical() != asked.Canonical()) {
    LogInfo("a repository has a new name",
            {{"repository", answer.name.Display()},
             {"old_name", asked.Display()},
             {"repository_id", answer.number}});
  }
}

// In small transactions, because reports must not wait for it.
void Poster::BringProbesForward(absl::Time now, absl::Time& next) {
  for (auto it = probes_forward_.begin(); it != probes_forward_.end();) {
    auto& [credential_id, last] = *it;
    const absl::StatusOr<int64_t> done = outbox_->BringProbesForward(
        credential_id, last, now, kMostBroughtForward);
    if (!done.ok()) return NoteStoreFailure(done.status());
    last = *done;
    it = last == 0 ? probes_forward_.erase(it) : std::next(it);
  }
  if (!probes_forward_.empty()) next = now;
}

void Poster::LookAtCredentialsOfParked(absl::Time& next) {
  const Moment now = Look();
  if (now.steady >= next_parked_look_) {
    const absl::StatusOr<std::vector<std::string>> credentials =
        outbox_->CredentialsOfParked();
    if (!credentials.ok()) return NoteStoreFailure(credentials.status());
    next_parked_look_ = now.steady + kParkedLook;
    std::map<std::string, std::string> origins;
    for (const std::string& credential_id : *credentials) {
      std::string& origin = origins[credential_id];
      const auto known = parked_origins_.find(credential_id);
      if (known != parked_origins_.end()) origin = known->second;
      const absl::StatusOr<Token> token =
          credentials_->Get(credential_id, now.wall);
      if (!token.ok()) continue;
      if (token->probe_only) work_[credential_id].probe = *token;
      if (known != parked_origins_.end() && origin == token->origin) continue;
      // A new process does not know of earlier changes.
      probes_forward_[credential_id] = 0;
      origin = token->origin;
    }
    parked_origins_ = std::move(origins);
  }
  BringProbesForward(now.wall, next);
  if (parked_origins_.empty()) return;
  next = std::min(next, now.wall + (next_parked_look_ - now.steady));
}

absl::StatusOr<std::vector<DueCredential>> Poster::CredentialsWithWork(
    absl::Time now) {
  absl::StatusOr<std::vector<DueCredential>> credentials =
      outbox_->DueCredentials(now);
  if (!credentials.ok()) return credentials;
  const auto questions = outbox_->NameQuestions(now, kMaxQuestionsPerRun);
  if (!questions.ok()) return questions.status();
  moved_.Add(*questions);
  for (const std::string& credential : moved_.Credentials()) {
    const DueCredential moved{credential, false};
    const auto place = std::lower_bound(credentials->begin(),
                                        credentials->end(), moved, IsBefore);
    if (place == credentials->end() || place->credential != credential) {
      credentials->insert(place, moved);
    }
  }
  return credentials;
}

bool Poster::Yields(const DueCredential& due, const Moment& now,
                    absl::Time& next) {
  Work& work = work_[due.credential];
  if (due.has_results || work.has_token ||
      !hosts_without_tokens_.contains(HostOf(due.credential))) {
    work.yields_since.reset();
    return false;
  }
  if (!work.yields_since.has_value()) work.yields_since = now.steady;
  if (now.steady - *work.yields_since >= kLongestYield) return false;
  next = std::min(next, now.wall + kCredentialRetry);
  return true;
}

void Poster::FreeCredentials() {
  RequestGate::Freed freed = gate_->TakeFreed();
  {
    MutexLock lock(&mu_);
    freed.credentials.merge(look_again_);
    look_again_.clear();
  }
  for (const std::string& id : freed.credentials) {
    const auto work = work_.find(id);
    if (work != work_.end()) work->second.rest_end = absl::InfinitePast();
  }
  if (!freed.hosts) return;
  for (auto& [id, work] : work_) {
    if (work.rests_for_host) work.rest_end = absl::InfinitePast();
  }
}

void Poster::ForgetIdleWork(const std::vector<DueCredential>& with_work) {
  if (work_.size() <= with_work.size() + kMaxIdleWork) return;
  const absl::Time steady = Look().steady;
  for (auto it = work_.begin(); it != work_.end();) {
    const Work& work = it->second;
    if (work.learning || work.probe.has_value() || steady < work.rest_end ||
        steady < work.next_probe ||
        std::binary_search(with_work.begin(), with_work.end(),
                           DueCredential{it->first, false}, IsBefore)) {
      ++it;
      continue;
    }
    board_.GoesOn(it->first);
    it = work_.erase(it);
  }
}

void Poster::BeginDue(absl::Time& next) {
  int steps = 0;
  // What a pass settles may make entries due that it did not look for.
  do {
    settled_ = false;
    if (!BeginPass(&steps, next) || !SettleUnsettled(clock_->Now())) {
      next = std::min(next, clock_->Now() + kStoreRetry);
      return;
    }
    if (steps >= kMaxStepsPerRun) {
      next = clock_->Now();
      return;
    }
  } while (settled_);
  const absl::Time now = clock_->Now();
  const absl::StatusOr<absl::Time> due = outbox_->NextDueTime(now);
  if (!due.ok()) NoteStoreFailure(due.status());
  next = std::min(next, due.ok() ? *due : now + kStoreRetry);
}

absl::StatusOr<std::vector<Poster::Candidate>> Poster::Candidates() {
  FreeCredentials();
  const absl::StatusOr<std::vector<DueCredential>> credentials =
      CredentialsWithWork(clock_->Now());
  if (!credentials.ok()) return credentials.status();
  ForgetIdleWork(*credentials);
  std::vector<Candidate> candidates;
  for (const DueCredential& due : *credentials) candidates.push_back({due});
  // The next run continues where this one ends.
  std::rotate(candidates.begin(),
              absl::c_find_if(candidates,
                              [this](const Candidate& candidate) {
                                return candidate.due.credential >
                                       last_credential_;
                              }),
              candidates.end());
  // Credentials with results and no token go first.
  hosts_without_tokens_.clear();
  const auto others = std::stable_partition(
      candidates.begin(), candidates.end(), [this](const Candidate& candidate) {
        const auto work = work_.find(candidate.due.credential);
        return candidate.due.has_results &&
               (work == work_.end() || !work->second.has_token);
      });
  for (auto it = candidates.begin(); it != others; ++it) it->in_turn = false;
  // A credential whose request has ended may post the next status that its
  // settlement makes due. One transaction then settles the one and takes out
  // the other.
  std::set<std::string> guessed;
  for (const Unsettled& one : unsettled_) {
    const DueCredential guess{one.credential, /*has_results=*/true};
    if (std::binary_search(credentials->begin(), credentials->end(), guess,
                           IsBefore) ||
        !guessed.insert(one.credential).second) {
      continue;
    }
    candidates.push_back(
        {guess, Stage::kLongDue, /*in_turn=*/false, /*is_guess=*/true});
  }
  return candidates;
}

bool Poster::BeginPass(int* steps, absl::Time& next) {
  absl::StatusOr<std::vector<Candidate>> candidates = Candidates();
  if (!candidates.ok()) {
    NoteStoreFailure(candidates.status());
    return false;
  }
  // Each credential takes one step in turn, so that none waits for another's
  // backlog.
  std::set<std::string> full_hosts;
  while (!candidates->empty() && *steps < kMaxStepsPerRun) {
    // Requests that have ended meanwhile may park the next repository.
    CollectEnds(Look());
    Round round;
    for (Candidate& candidate : *candidates) {
      const std::string host(HostOf(candidate.due.credential));
      if (full_hosts.contains(host)) {
        round.host_is_full.push_back(std::move(candidate));
        continue;
      }
      if (round.booked.size() == kMostPerTurn) {
        round.going_on.push_back(std::move(candidate));
        continue;
      }
      const bool in_turn = std::exchange(candidate.in_turn, true);
      host_is_full_ = false;
      const bool sent = Book(candidate, &round, next);
      if (host_is_full_) {
        full_hosts.insert(host);
        round.host_is_full.push_back(std::move(candidate));
        continue;
      }
      if (full_hosts.empty() && in_turn) {
        last_credential_ = candidate.due.credential;
      }
      if (!sent) continue;
      ++*steps;
      round.going_on.push_back(std::move(candidate));
    }
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

bool Poster::Book(const Candidate& candidate, Round* round, absl::Time& next) {
  const Moment now = Look();
  const std::string& credential_id = candidate.due.credential;
  if (credential_id.empty()) {
    Booked unowned;
    unowned.candidate = candidate;
    unowned.candidate.stage = std::max(candidate.stage, Stage::kResults);
    round->booked.push_back(std::move(unowned));
    return false;
  }
  Work& work = work_[credential_id];
  if (now.steady < work.rest_end) {
    if (candidate.is_guess) return false;
    if (candidate.due.has_results && work.waits_for_token) {
      hosts_without_tokens_.emplace(HostOf(credential_id));
    }
    next = std::min(next, now.wall + (work.rest_end - now.steady));
    return false;
  }
  work.rests_for_host = false;
  if (Yields(candidate.due, now, next)) return false;
  const std::optional<Token> token = FindToken(candidate, now, next);
  if (work.probe.has_value()) {
    BeginLearning(credential_id, *work.probe, now, next);
    return false;
  }
  if (!token.has_value()) return false;
  if (!gate_->Knows(credential_id)) {
    BeginLearning(credential_id, *token, now, next);
    return false;
  }
  if (!moved_.Empty(credential_id) &&
      BeginNaming(credential_id, *token, now, next)) {
    return true;
  }
  Booked booked;
  booked.candidate = candidate;
  booked.token = *token;
  if (candidate.stage == Stage::kLongDue &&
      (work.results_in_row < kResultsPerPending ||
       now.steady < work.next_long_due_look)) {
    booked.candidate.stage = Stage::kResults;
  }
  if (booked.candidate.stage == Stage::kResults && !candidate.due.has_results) {
    booked.candidate.stage = Stage::kPendings;
  }
  if (!candidate.is_guess && now.steady < work.next_probe) {
    next = std::min(next, now.wall + (work.next_probe - now.steady));
  }
  if (Admit(credential_id, *token, booked.IsForPendings(), now,
            candidate.is_guess ? nullptr : &next)) {
    round->booked.push_back(std::move(booked));
  }
  return false;
}

std::optional<Token> Poster::FindToken(const Candidate& candidate,
                                       const Moment& now, absl::Time& next) {
  const std::string& credential_id = candidate.due.credential;
  Work& work = work_[credential_id];
  absl::StatusOr<Token> token = credentials_->Get(credential_id, now.wall);
  work.has_token = token.ok();
  work.waits_for_token = absl::IsUnavailable(token.status());
  if (candidate.due.has_results && work.waits_for_token) {
    hosts_without_tokens_.emplace(HostOf(credential_id));
  }
  if (token.ok()) {
    work.probe.reset();
    if (token->probe_only) work.probe = *token;
    return *std::move(token);
  }
  if (candidate.is_guess) return std::nullopt;
  const bool stopped = absl::IsFailedPrecondition(token.status());
  board_.Waits(credential_id, ReasonOf(token.status()), absl::InfinitePast());
  const absl::Duration rest =
      stopped ? kStoppedCredentialRetry : kCredentialRetry;
  next = std::min(next, now.wall + rest);
  if (!work.probe.has_value()) work.rest_end = now.steady + rest;
  return std::nullopt;
}

void Poster::BeginLearning(const std::string& credential_id, const Token& token,
                           const Moment& now, absl::Time& next) {
  Work& work = work_[credential_id];
  if (work.learning ||
      !Admit(credential_id, token, /*pending=*/false, now, &next)) {
    return;
  }
  work.learning = true;
  auto request = std::make_shared<Request>();
  request->errand = Errand::kLearn;
  request->credential = credential_id;
  request->token = token;
  work.probe.reset();
  Send(request, now);
}

bool Poster::BeginNaming(const std::string& credential_id, const Token& token,
                         const Moment& now, absl::Time& next) {
  if (!Admit(credential_id, token, /*pending=*/false, now, &next)) return false;
  auto request = std::make_shared<Request>();
  request->errand = Errand::kName;
  request->credential = credential_id;
  request->token = token;
  request->named = *moved_.Take(credential_id);
  Send(request, now);
  return true;
}

bool Poster::Admit(const std::string& credential_id, const Token& token,
                   bool pending, const Moment& now, absl::Time* next) {
  const RequestGate::Answer answer =
      gate_->Admit(credential_id, token, pending, now.steady);
  if (answer.when <= now.steady) return true;
  if (next == nullptr) return false;
  const absl::Time until = now.wall + (answer.when - now.steady);
  board_.Waits(credential_id, answer.reason, until);
  *next = std::min(*next, until);
  // Where a pending must wait, a result may begin, so the credential rests only
  // if a result must wait.
  host_is_full_ = answer.reason == kHostFull;
  if (!pending && !host_is_full_) {
    Work& work = work_[credential_id];
    work.rest_end = answer.when;
    work.rests_for_host = answer.reason == kHostDown;
  }
  return false;
}

void Poster::GiveBack(const Booked& booked) {
  const std::string& credential_id = booked.candidate.due.credential;
  if (!credential_id.empty()) gate_->Return(credential_id, booked.token);
}

LeaseRequest Poster::RequestFor(Booked* booked, const Moment& now,
                                absl::Duration lease_time) {
  LeaseRequest request;
  request.credential = booked->candidate.due.credential;
  request.pendings = booked->IsForPendings();
  request.deadline = now.wall + lease_time;
  if (request.credential.empty()) return request;
  const Work& work = work_[request.credential];
  request.held = &held_;
  request.after_repository = work.last_repository[request.pendings ? 1 : 0];
  if (booked->candidate.stage == Stage::kLongDue) {
    request.due_before = now.wall - kLongDue;
    // If nothing is left out, the next pending is due from now at the earliest.
    booked->first_left_out = now.wall;
    request.first_left_out = &booked->first_left_out;
  } else {
    request.may_probe = now.steady >= work.next_probe;
  }
  return request;
}

bool Poster::TakeAndBegin(Round* round, int* steps, absl::Time& next) {
  if (round->booked.empty()) return true;
  const Moment now = Look();
  const absl::Duration lease_time = kLeaseTime + 2 * commit_time_;
  std::vector<LeaseRequest> wanted;
  for (Booked& booked : round->booked) {
    wanted.push_back(RequestFor(&booked, now, lease_time));
  }
  const absl::StatusOr<std::vector<std::optional<Lease>>> leases =
      Turn(wanted, now.wall);
  Moment taken = Look();
  if (!leases.ok()) {
    for (const Booked& booked : round->booked) GiveBack(booked);
    return false;
  }
  if (absl::c_any_of(*leases,
                     [](const auto& lease) { return lease.has_value(); })) {
    commit_time_ = std::min(
        kLongestCommit, std::max(taken.steady - now.steady, commit_time_ / 2));
  }
  bool answers_came = false;
  if (NoteEnds(taken)) {
    // Answers that arrived during the commit may forbid these requests.
    taken = Look();
    answers_came = true;
  }
  for (size_t i = 0; i < round->booked.size(); ++i) {
    Booked& booked = round->booked[i];
    const std::optional<Lease>& lease = leases->at(i);
    if (!lease.has_value()) {
      GiveBack(booked);
      round->gave_back = true;
      if (!GoToNextStage(&booked, now)) continue;
    } else {
      ++*steps;
      Begin(*lease, booked, now.steady + lease_time, answers_came, taken, next);
      booked.candidate.stage = Stage::kLongDue;
    }
    round->going_on.push_back(std::move(booked.candidate));
  }
  return true;
}

bool Poster::GoToNextStage(Booked* booked, const Moment& now) {
  switch (booked->candidate.stage) {
    case Stage::kLongDue:
      work_[booked->candidate.due.credential].next_long_due_look =
          now.steady + std::max(kBetweenLongDueLooks,
                                booked->first_left_out + kLongDue - now.wall);
      booked->candidate.stage = Stage::kResults;
      return true;
    case Stage::kResults:
      booked->candidate.stage = Stage::kPendings;
      return true;
    case Stage::kPendings:
      break;
  }
  return false;
}

std::optional<Settlement> Poster::Prepare(const Lease& lease, const Moment& now,
                                          Request* begun) {
  if (lease.ambiguous_since.has_value()) {
    // Somebody may have set the wall clock since a former process sent the
    // post. Posts of this process are held by the steady clock.
    const absl::Time until = life_begin_ + kAmbiguousWait;
    if (now.steady < until) {
      Hold(lease.entry_id, until);
      Settlement returned = Unsent(lease, Settlement::Kind::kReturned);
      returned.next_try_time = now.wall + (until - now.steady);
      return returned;
    }
    // GitHub may not show the same as it answered.
    begun->errand = Errand::kRead;
  } else {
    begun->sent = wording_.For(lease);
    if (lease.shown == begun->sent) {
      metrics_->Add("signalbox_posts_saved_total",
                    "Statuses not posted because GitHub showed them already.");
      Settlement settlement = Unsent(lease, Settlement::Kind::kPosted);
      settlement.shown = begun->sent;
      return settlement;
    }
    const bool full = lease.status_count >= kMostStatuses;
    const bool nearly = lease.status_count >= kMostBeforePending;
    if (full || (nearly && lease.wanted.state == CommitState::kPending)) {
      Settlement settlement =
          Unsent(lease, Settlement::Kind::kAbandoned,
                 full ? "STATUS_LIMIT_REACHED" : "STATUS_LIMIT_NEAR");
      LogAbandoned(lease, settlement);
      return settlement;
    }
  }
  return std::nullopt;
}

void Poster::Begin(const Lease& lease, const Booked& booked,
                   absl::Time lease_end, bool must_admit_again,
                   const Moment& now, absl::Time& next) {
  const std::string& credential_id = booked.candidate.due.credential;
  const auto unsent = [&](Settlement settlement) {
    GiveBack(booked);
    unsettled_.push_back({std::move(settlement), credential_id});
  };
  if (credential_id.empty()) {
    Settlement settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, kNoCredential);
    LogAbandoned(lease, settlement);
    return unsent(std::move(settlement));
  }
  Work& work = work_[credential_id];
  if (!lease.is_probe) {
    work.last_repository[booked.IsForPendings() ? 1 : 0] =
        lease.repository.Canonical();
  }
  if (must_admit_again) {
    GiveBack(booked);
    if (!Admit(credential_id, booked.token, booked.IsForPendings(), now,
               &next)) {
      unsettled_.push_back(
          {Unsent(lease, Settlement::Kind::kReturned), credential_id});
      return;
    }
  }
  const absl::Duration left = lease_end - now.steady;
  if (left < kAmbiguousWait) {
    // The commit took so long that the request could outlast its lease.
    return unsent(Unsent(lease, Settlement::Kind::kReturned));
  }

  auto begun = std::make_shared<Request>();
  begun->credential = credential_id;
  begun->token = booked.token;
  begun->lease = lease;
  begun->send_on_within = std::min(kLastRedirect, left - kAmbiguousWait);
  std::optional<Settlement> settlement = Prepare(lease, now, begun.get());
  if (settlement.has_value()) return unsent(*std::move(settlement));
  if (lease.is_probe) {
    work.next_probe = now.steady + gate_->ProbeGap(credential_id);
  } else {
    work.results_in_row = booked.IsForPendings() ? 0 : work.results_in_row + 1;
  }
  Hold(lease.entry_id, absl::InfiniteFuture());
  Send(begun, now);
}

bool Poster::MaySendOn(const std::string& credential) const {
  {
    MutexLock lock(&mu_);
    for (const Ended& ended : ended_) {
      // The gate gets this answer only in the next run.
      if (ended.request->credential == credential &&
          ended.reply.verdict.action == Action::kWait) {
        return false;
      }
    }
  }
  return gate_->BlockedUntil(credential) <= Look().steady;
}

void Poster::Send(const std::shared_ptr<Request>& request, const Moment& now) {
  request->begin_time = now.steady;
  board_.GoesOn(request->credential);
  {
    MutexLock lock(&mu_);
    ++in_flight_;
  }
  request->token.may_send_on = [this, credential = request->credential] {
    return MaySendOn(credential);
  };
  const Request& sent = *request;
  GitHubClient::Done done = [this, request](GitHubReply reply) {
    Ended ended{request, std::move(reply), Look()};
    // The limiter runs on steady time, and compares GitHub's times with
    // GitHub's clock. If an answer lacks it, ours is the substitute.
    if (ended.reply.verdict.github_time == absl::InfinitePast()) {
      ended.reply.verdict.github_time = ended.end.wall;
    }
    {
      MutexLock lock(&mu_);
      ended_.push_back(std::move(ended));
    }
    wake_();
  };
  const Lease& lease = sent.lease;
  switch (sent.errand) {
    case Errand::kPost: {
      StatusPost post;
      post.repository = lease.repository;
      post.sha = lease.sha;
      post.context = lease.context;
      post.state = sent.sent.state;
      post.description = sent.sent.description;
      post.target_url = sent.sent.target_url;
      post.send_on_within = sent.send_on_within;
      return github_->CreateStatus(post, sent.token, now.wall, std::move(done));
    }
    case Errand::kRead:
      return github_->ReadStatus(lease.repository, lease.sha, lease.context,
                                 sent.token, now.wall, std::move(done));
    case Errand::kLearn:
      return github_->GetRateLimit(sent.token, now.wall, std::move(done));
    case Errand::kName:
      if (sent.named.github_id == 0) {
        return github_->GetRepository(sent.named.old_name, sent.token, now.wall,
                                      std::move(done));
      }
      return github_->GetRepository(sent.named.github_id, sent.token, now.wall,
                                    std::move(done));
  }
}

}  // namespace signalbox
