#include "server/poster/poster.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/github/waiting_times.h"
#include "server/poster/settling.h"

namespace signalbox {
namespace {

// Every request of a try is sent while its lease has this long left: so after
// its end nothing that a former process sent can still take effect.
const absl::Duration kLeaseTime = kAmbiguousWait + kLastRedirect;
// A lease begins before it is on disk, and where that takes long it is longer,
// or nothing would ever be sent.
constexpr absl::Duration kLongestCommit = absl::Seconds(30);
static_assert(kGitHubTimeout <= kAmbiguousWait);

// Of those that begin or settle something.
constexpr int kMaxStepsPerRun = 256;
constexpr int kMaxQuestionsPerRun = 256;
// More lanes without work are not remembered.
constexpr size_t kMaxIdleLanes = 1000;
constexpr int kResultsPerPending = 19;
constexpr absl::Duration kLongDue = absl::Seconds(60);
// A look for a pending that is long due passes every repository of a lane that
// has a pending which is due.
constexpr absl::Duration kBetweenLongDueLooks = absl::Seconds(5);

// A wall clock that goes so much back, beside the steady one, was set.
constexpr absl::Duration kSetBack = absl::Seconds(1);
// What is brought forward in one transaction.
constexpr int kMostBroughtForward = 500;
// How often the credentials of parked repositories are looked at: somebody may
// have changed one.
constexpr absl::Duration kParkedCredentialLook = absl::Seconds(10);

constexpr absl::Duration kStoreRetry = absl::Seconds(1);
constexpr absl::Duration kCredentialRetry = absl::Seconds(1);
// For so long pendings leave the making of tokens to results.
constexpr absl::Duration kLongestYield = absl::Minutes(1);
// How often a stopped credential is asked whether it is back: its file may have
// changed.
constexpr absl::Duration kStoppedCredentialRetry = absl::Seconds(5);

// GitHub takes 1,000 statuses of a sha and context, for ever. Pendings leave
// room for results.
constexpr int kMostStatuses = 1000;
constexpr int kMostBeforePending = 950;

bool IsBefore(const DueLane& a, const DueLane& b) { return a.lane < b.lane; }

// The host of a credential's id, "host/account".
absl::string_view HostOf(absl::string_view lane) {
  return lane.substr(0, lane.find('/'));
}

void LogAbandoned(const Lease& lease, const Settlement& settlement) {
  // A commit that was pushed away is everyday; the rest needs somebody.
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

// Probes are refused again and again, so only the first refusal is a warning.
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

Poster::Poster(Outbox* outbox, Credentials* credentials, GitHubClient* github,
               RequestGate* gate, Metrics* metrics, Clock* clock,
               std::function<void()> wake,
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
  if (!SettleEnded(now) || !recalled_pauses_) {
    next = now.wall + kStoreRetry;
  } else if (FollowClock(now, next)) {
    bool closed;
    {
      MutexLock lock(&mu_);
      closed = closed_;
    }
    if (!closed) {
      LookAtParkedLanes(next);
      BeginDue(next);
    }
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
                static_cast<double>(lanes_.size()));
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

void Poster::LookAgain(const std::string& lane) {
  MutexLock lock(&mu_);
  look_again_.insert(lane);
}

int Poster::InFlight() const {
  MutexLock lock(&mu_);
  return in_flight_;
}

// What GitHub told a former process to wait for holds for this one.
void Poster::RecallPauses() {
  if (recalled_pauses_) return;
  const absl::StatusOr<std::vector<LanePause>> pauses = outbox_->Pauses();
  if (!pauses.ok()) return NoteStoreFailure(pauses.status());
  const Moment now = Look();
  for (const LanePause& pause : *pauses) {
    // A clock that was set back must not make it longer than any can be.
    const absl::Duration left = std::min(pause.until - now.wall, kMaxReset);
    if (left > absl::ZeroDuration()) {
      gate_->Block(pause.lane, now.steady + left);
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
    // By the clock of now, which may have been set meanwhile.
    one.end.wall = now.WallAt(one.end.steady);
    NoteEnd(one);
    noted_.push_back(std::move(one));
  }
  return !ended.empty();
}

bool Poster::SettleEnded(const Moment& now) {
  NoteEnds(now);
  for (const Ended& one : std::exchange(noted_, {})) {
    const Request& request = *one.request;
    const absl::Time begin = now.WallAt(request.begin_time);
    if (one.reply.moved_to != 0 && request.errand != Errand::kName) {
      moved_.Add(request.lane, request.lease.repository, one.reply.moved_to,
                 now.wall);
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
        unsettled_.push_back({std::move(settlement), /*was_sent=*/true});
        break;
      }
      case Errand::kRead:
        unsettled_.push_back(
            {AfterRead(request.lease, one.reply, begin, one.end.wall),
             /*was_sent=*/true});
        break;
      case Errand::kLearn:
        lanes_[request.lane].learning = false;
        EndFlight();
        break;
      case Errand::kName:
        LearnName(request, one.reply, now.wall);
        EndFlight();
        break;
    }
  }
  return FlushUnsettled(now.wall);
}

void Poster::EndFlight() {
  MutexLock lock(&mu_);
  --in_flight_;
}

bool Poster::FlushUnsettled(absl::Time now) {
  while (!unsettled_.empty()) {
    const Unsettled& first = unsettled_.front();
    const absl::Status settled = outbox_->Settle(first.settlement, now);
    if (absl::IsUnavailable(settled) || absl::IsResourceExhausted(settled) ||
        absl::IsInternal(settled)) {
      NoteStoreFailure(settled);
      return false;
    }
    // What the store will never take must not hold up the rest: its lease ends
    // by itself.
    if (!settled.ok()) NoteStoreFailure(settled);
    if (first.was_sent) {
      const auto held = held_until_.find(first.settlement.entry_id);
      if (held != held_until_.end() && held->second == absl::InfiniteFuture()) {
        Release(held->first);
      }
      EndFlight();
    }
    unsettled_.pop_front();
  }
  return true;
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
  // A host without limits has no /rate_limit, and says so to good tokens.
  gate_->Leave(request.lane, request.token, ended.reply,
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
      ended.end.wall + (gate_->BlockedUntil(request.lane) - ended.end.steady);
  LogWarning("GitHub rate-limits a credential; the server waits",
             {{"credential", request.lane},
              {"reason", verdict.reason},
              {"until", absl::FormatTime(until, absl::UTCTimeZone())},
              {"message", verdict.message},
              {"request_id", verdict.request_id}});
  const absl::Status kept =
      outbox_->SetPause(request.lane, until, ended.end.wall);
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

// In parts: reports must not wait for it.
void Poster::BringProbesForward(absl::Time now, absl::Time& next) {
  for (auto it = probes_forward_.begin(); it != probes_forward_.end();) {
    auto& [lane_id, last] = *it;
    const absl::StatusOr<int64_t> done =
        outbox_->BringProbesForward(lane_id, last, now, kMostBroughtForward);
    if (!done.ok()) return NoteStoreFailure(done.status());
    last = *done;
    it = last == 0 ? probes_forward_.erase(it) : std::next(it);
  }
  if (!probes_forward_.empty()) next = now;
}

void Poster::LookAtParkedLanes(absl::Time& next) {
  const Moment now = Look();
  if (now.steady >= next_parked_look_) {
    const absl::StatusOr<std::vector<std::string>> lanes =
        outbox_->ParkedLanes();
    if (!lanes.ok()) return NoteStoreFailure(lanes.status());
    next_parked_look_ = now.steady + kParkedCredentialLook;
    std::map<std::string, std::string> origins;
    for (const std::string& lane_id : *lanes) {
      std::string& origin = origins[lane_id];
      const auto known = parked_origins_.find(lane_id);
      if (known != parked_origins_.end()) origin = known->second;
      const absl::StatusOr<Token> token = credentials_->Get(lane_id, now.wall);
      if (!token.ok()) continue;
      if (token->probe_only) lanes_[lane_id].probe = *token;
      if (known != parked_origins_.end() && origin == token->origin) continue;
      // A process that starts does not know what was changed before.
      probes_forward_[lane_id] = 0;
      origin = token->origin;
    }
    parked_origins_ = std::move(origins);
  }
  BringProbesForward(now.wall, next);
  if (parked_origins_.empty()) return;
  next = std::min(next, now.wall + (next_parked_look_ - now.steady));
}

absl::StatusOr<std::vector<DueLane>> Poster::LanesWithWork(absl::Time now) {
  absl::StatusOr<std::vector<DueLane>> lanes = outbox_->DueLanes(now);
  if (!lanes.ok()) return lanes;
  const auto questions = outbox_->NameQuestions(now, kMaxQuestionsPerRun);
  if (!questions.ok()) return questions.status();
  moved_.Add(*questions);
  for (const std::string& lane : moved_.Lanes()) {
    const DueLane moved{lane, false};
    const auto place =
        std::lower_bound(lanes->begin(), lanes->end(), moved, IsBefore);
    if (place == lanes->end() || place->lane != lane) {
      lanes->insert(place, moved);
    }
  }
  return lanes;
}

bool Poster::Yields(const DueLane& due, const Moment& now, absl::Time& next) {
  Lane& lane = lanes_[due.lane];
  if (due.has_results || lane.has_token ||
      !hosts_without_tokens_.contains(HostOf(due.lane))) {
    lane.yields_since.reset();
    return false;
  }
  if (!lane.yields_since.has_value()) lane.yields_since = now.steady;
  if (now.steady - *lane.yields_since >= kLongestYield) return false;
  next = std::min(next, now.wall + kCredentialRetry);
  return true;
}

void Poster::FreeLanes() {
  RequestGate::Freed freed = gate_->TakeFreed();
  {
    MutexLock lock(&mu_);
    freed.credentials.merge(look_again_);
    look_again_.clear();
  }
  for (const std::string& id : freed.credentials) {
    const auto lane = lanes_.find(id);
    if (lane != lanes_.end()) lane->second.rest_end = absl::InfinitePast();
  }
  if (!freed.hosts) return;
  for (auto& [id, lane] : lanes_) {
    if (lane.rests_for_host) lane.rest_end = absl::InfinitePast();
  }
}

void Poster::ForgetIdleLanes(const std::vector<DueLane>& with_work) {
  if (lanes_.size() <= with_work.size() + kMaxIdleLanes) return;
  const absl::Time steady = Look().steady;
  for (auto it = lanes_.begin(); it != lanes_.end();) {
    const Lane& lane = it->second;
    if (lane.learning || lane.probe.has_value() || steady < lane.rest_end ||
        steady < lane.next_probe ||
        std::binary_search(with_work.begin(), with_work.end(),
                           DueLane{it->first, false}, IsBefore)) {
      ++it;
      continue;
    }
    board_.GoesOn(it->first);
    it = lanes_.erase(it);
  }
}

void Poster::BeginDue(absl::Time& next) {
  const absl::Time now = clock_->Now();
  FreeLanes();
  absl::StatusOr<std::vector<DueLane>> lanes = LanesWithWork(now);
  if (!lanes.ok()) {
    NoteStoreFailure(lanes.status());
    next = std::min(next, now + kStoreRetry);
    return;
  }
  ForgetIdleLanes(*lanes);
  // One step of each lane in turn, so that no lane waits for another's
  // backlog; the next run goes on where this one ends.
  std::rotate(lanes->begin(),
              std::upper_bound(lanes->begin(), lanes->end(),
                               DueLane{last_lane_, false}, IsBefore),
              lanes->end());
  // But those first whose results have no token yet.
  hosts_without_tokens_.clear();
  const auto others = std::stable_partition(
      lanes->begin(), lanes->end(), [this](const DueLane& due) {
        const auto lane = lanes_.find(due.lane);
        return due.has_results &&
               (lane == lanes_.end() || !lane->second.has_token);
      });
  std::ptrdiff_t early = others - lanes->begin();
  int steps = 0;
  std::set<std::string> full_hosts;
  while (!lanes->empty()) {
    std::vector<DueLane> working;
    for (const DueLane& lane : *lanes) {
      if (steps == kMaxStepsPerRun) {
        next = now;
        return;
      }
      const std::string host(HostOf(lane.lane));
      const bool in_turn = --early < 0;
      // The end of a request asks for the next run, which begins here.
      if (full_hosts.contains(host)) continue;
      host_is_full_ = false;
      const Step step = RunLane(lane, next);
      if (host_is_full_) {
        full_hosts.insert(host);
      } else if (full_hosts.empty() && in_turn) {
        last_lane_ = lane.lane;
      }
      if (step == Step::kStopped) {
        next = std::min(next, now + kStoreRetry);
        return;
      }
      if (step == Step::kNothing) continue;
      ++steps;
      working.push_back(lane);
    }
    *lanes = std::move(working);
  }

  const absl::StatusOr<absl::Time> due = outbox_->NextDueTime(now);
  if (!due.ok()) NoteStoreFailure(due.status());
  next = std::min(next, due.ok() ? *due : now + kStoreRetry);
}

Poster::Step Poster::RunLane(const DueLane& due, absl::Time& next) {
  // With a slow store a run takes long, and what has ended meanwhile may have
  // parked the repository that would be next.
  if (!SettleEnded(Look())) return Step::kStopped;
  const Moment now = Look();
  const std::string& lane_id = due.lane;
  if (lane_id.empty()) return AbandonUnowned(now);
  Lane& lane = lanes_[lane_id];
  if (now.steady < lane.rest_end) {
    if (due.has_results && lane.waits_for_token) {
      hosts_without_tokens_.emplace(HostOf(lane_id));
    }
    next = std::min(next, now.wall + (lane.rest_end - now.steady));
    return Step::kNothing;
  }
  lane.rests_for_host = false;
  if (Yields(due, now, next)) return Step::kNothing;
  const absl::StatusOr<Token> token = credentials_->Get(lane_id, now.wall);
  lane.has_token = token.ok();
  lane.waits_for_token = absl::IsUnavailable(token.status());
  if (due.has_results && lane.waits_for_token) {
    hosts_without_tokens_.emplace(HostOf(lane_id));
  }
  if (token.ok()) {
    lane.probe.reset();
    if (token->probe_only) lane.probe = *token;
  } else {
    const bool stopped = absl::IsFailedPrecondition(token.status());
    board_.Waits(lane_id, ReasonOf(token.status()), absl::InfinitePast());
    const absl::Duration rest =
        stopped ? kStoppedCredentialRetry : kCredentialRetry;
    next = std::min(next, now.wall + rest);
    if (!lane.probe.has_value()) lane.rest_end = now.steady + rest;
  }
  if (lane.probe.has_value()) {
    return BeginLearning(lane_id, *lane.probe, now, next);
  }
  if (!token.ok()) return Step::kNothing;
  if (!gate_->Knows(lane_id)) {
    return BeginLearning(lane_id, *token, now, next);
  }
  if (!moved_.Empty(lane_id)) {
    const Step step = BeginNaming(lane_id, *token, now, next);
    if (step != Step::kNothing) return step;
  }

  LeaseRequest results;
  results.lane = lane_id;
  results.held = &held_;
  results.may_probe = now.steady >= lane.next_probe;
  if (!results.may_probe) {
    next = std::min(next, now.wall + (lane.next_probe - now.steady));
  }
  LeaseRequest pendings = results;
  pendings.pendings = true;
  if (lane.results_in_row >= kResultsPerPending &&
      now.steady >= lane.next_long_due_look) {
    LeaseRequest long_due = pendings;
    long_due.due_before = now.wall - kLongDue;
    long_due.may_probe = false;
    // What becomes due later is not long due before this.
    absl::Time first_due = now.wall;
    long_due.first_left_out = &first_due;
    const Step step = TakeAndBegin(long_due, *token, now, next);
    if (step != Step::kNothing) return step;
  }
  const Step step = TakeAndBegin(results, *token, now, next);
  if (step != Step::kNothing) return step;
  return TakeAndBegin(pendings, *token, now, next);
}

Poster::Step Poster::AbandonUnowned(const Moment& now) {
  for (const bool pendings : {false, true}) {
    LeaseRequest request;
    request.pendings = pendings;
    request.deadline = now.wall + kLeaseTime;
    const absl::StatusOr<std::optional<Lease>> lease =
        outbox_->TakeDue(request, now.wall);
    if (!lease.ok()) {
      NoteStoreFailure(lease.status());
      return Step::kStopped;
    }
    if (!lease->has_value()) continue;
    Settlement settlement =
        Unsent(**lease, Settlement::Kind::kAbandoned, "NO_CREDENTIAL");
    LogAbandoned(**lease, settlement);
    return SettleUnsent(std::move(settlement), now);
  }
  return Step::kNothing;
}

Poster::Step Poster::BeginLearning(const std::string& lane_id,
                                   const Token& token, const Moment& now,
                                   absl::Time& next) {
  Lane& lane = lanes_[lane_id];
  if (lane.learning) return Step::kNothing;
  if (!Book(lane_id, token, /*pending=*/false, now, next)) {
    return Step::kNothing;
  }
  lane.learning = true;
  auto request = std::make_shared<Request>();
  request->errand = Errand::kLearn;
  request->lane = lane_id;
  request->token = token;
  lane.probe.reset();
  Send(request, now);
  return Step::kNothing;
}

Poster::Step Poster::BeginNaming(const std::string& lane_id, const Token& token,
                                 const Moment& now, absl::Time& next) {
  if (!Book(lane_id, token, /*pending=*/false, now, next)) {
    return Step::kNothing;
  }
  auto request = std::make_shared<Request>();
  request->errand = Errand::kName;
  request->lane = lane_id;
  request->token = token;
  request->named = *moved_.Take(lane_id);
  Send(request, now);
  return Step::kWorked;
}

bool Poster::Book(const std::string& lane_id, const Token& token, bool pending,
                  const Moment& now, absl::Time& next) {
  const RequestGate::Answer answer =
      gate_->Enter(lane_id, token, pending, now.steady);
  if (answer.when <= now.steady) return true;
  const absl::Time until = now.wall + (answer.when - now.steady);
  board_.Waits(lane_id, answer.reason, until);
  next = std::min(next, until);
  // A result may be begun where a pending may not.
  host_is_full_ = answer.reason == kHostFull;
  if (!pending && !host_is_full_) {
    Lane& lane = lanes_[lane_id];
    lane.rest_end = answer.when;
    lane.rests_for_host = answer.reason == kHostDown;
  }
  return false;
}

void Poster::Unbook(const std::string& lane_id, const Token& token) {
  gate_->Return(lane_id, token);
}

Poster::Step Poster::TakeAndBegin(const LeaseRequest& request,
                                  const Token& token, const Moment& now,
                                  absl::Time& next) {
  if (!Book(request.lane, token, request.pendings, now, next)) {
    return Step::kNothing;
  }
  Lane& lane = lanes_[request.lane];
  LeaseRequest in_turn = request;
  std::string& last_repository = lane.last_repository[request.pendings ? 1 : 0];
  in_turn.after_repository = last_repository;
  const absl::Duration lease_time = kLeaseTime + 2 * commit_time_;
  in_turn.deadline = now.wall + lease_time;
  const absl::StatusOr<std::optional<Lease>> lease =
      outbox_->TakeDue(in_turn, now.wall);
  Moment taken = Look();
  if (!lease.ok()) {
    Unbook(request.lane, token);
    NoteStoreFailure(lease.status());
    return Step::kStopped;
  }
  if (!lease->has_value()) {
    Unbook(request.lane, token);
    if (request.first_left_out != nullptr) {
      const absl::Duration until_long_due =
          *request.first_left_out + kLongDue - now.wall;
      lane.next_long_due_look =
          now.steady + std::max(kBetweenLongDueLooks, until_long_due);
    }
    return Step::kNothing;
  }
  if (!(*lease)->is_probe) {
    last_repository = (*lease)->repository.Canonical();
  }
  commit_time_ = std::min(
      kLongestCommit, std::max(taken.steady - now.steady, commit_time_ / 2));
  if (NoteEnds(taken)) {
    // What GitHub has said while the store worked may forbid this request.
    taken = Look();
    Unbook(request.lane, token);
    if (!Book(request.lane, token, request.pendings, taken, next)) {
      return SettleUnsent(Unsent(**lease, Settlement::Kind::kReturned), taken);
    }
  }
  return Begin(**lease, request, token, now.steady + lease_time, taken);
}

Poster::Step Poster::Begin(const Lease& lease, const LeaseRequest& request,
                           const Token& token, absl::Time lease_end,
                           const Moment& now) {
  const auto unsent = [&](Settlement settlement) {
    Unbook(request.lane, token);
    return SettleUnsent(std::move(settlement), now);
  };
  const absl::Duration left = lease_end - now.steady;
  if (left < kAmbiguousWait) {
    // The store took so long that the request could outlast its lease.
    return unsent(Unsent(lease, Settlement::Kind::kReturned));
  }

  auto begun = std::make_shared<Request>();
  begun->lane = request.lane;
  begun->token = token;
  begun->lease = lease;
  begun->send_on_within = std::min(kLastRedirect, left - kAmbiguousWait);
  if (lease.ambiguous_since.has_value()) {
    // The wall clock may have been set since a former life sent it. What this
    // one sent is held for as long as is needed.
    const absl::Time until = life_begin_ + kAmbiguousWait;
    if (now.steady < until) {
      Hold(lease.entry_id, until);
      Settlement returned = Unsent(lease, Settlement::Kind::kReturned);
      returned.next_try_time = now.wall + (until - now.steady);
      return unsent(std::move(returned));
    }
    // GitHub may show something else than it acknowledged.
    begun->errand = Errand::kRead;
  } else {
    begun->sent = wording_.For(lease);
    if (lease.shown == begun->sent) {
      metrics_->Add("signalbox_posts_saved_total",
                    "Statuses not posted because GitHub showed them already.");
      Settlement settlement = Unsent(lease, Settlement::Kind::kPosted);
      settlement.shown = begun->sent;
      return unsent(std::move(settlement));
    }
    const bool full = lease.status_count >= kMostStatuses;
    const bool nearly = lease.status_count >= kMostBeforePending;
    if (full || (nearly && lease.wanted.state == CommitState::kPending)) {
      Settlement settlement =
          Unsent(lease, Settlement::Kind::kAbandoned,
                 full ? "STATUS_LIMIT_REACHED" : "STATUS_LIMIT_NEAR");
      LogAbandoned(lease, settlement);
      return unsent(std::move(settlement));
    }
  }

  Lane& lane = lanes_[request.lane];
  if (lease.is_probe) {
    lane.next_probe = now.steady + gate_->ProbeGap(request.lane);
  } else {
    lane.results_in_row = request.pendings ? 0 : lane.results_in_row + 1;
  }
  Hold(lease.entry_id, absl::InfiniteFuture());
  Send(begun, now);
  return Step::kWorked;
}

bool Poster::MaySendOn(const std::string& lane) const {
  {
    MutexLock lock(&mu_);
    for (const Ended& ended : ended_) {
      // The gate learns of it with the next turn.
      if (ended.request->lane == lane &&
          ended.reply.verdict.action == Action::kWait) {
        return false;
      }
    }
  }
  return gate_->BlockedUntil(lane) <= Look().steady;
}

void Poster::Send(const std::shared_ptr<Request>& request, const Moment& now) {
  request->begin_time = now.steady;
  board_.GoesOn(request->lane);
  {
    MutexLock lock(&mu_);
    ++in_flight_;
  }
  request->token.may_send_on = [this, lane = request->lane] {
    return MaySendOn(lane);
  };
  const Request& sent = *request;
  GitHubClient::Done done = [this, request](GitHubReply reply) {
    Ended ended{request, std::move(reply), Look()};
    // The limiter runs on steady time, so it needs GitHub's clock beside
    // GitHub's moments; ours is the next best.
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

Poster::Step Poster::SettleUnsent(Settlement settlement, const Moment& now) {
  unsettled_.push_back({std::move(settlement), /*was_sent=*/false});
  return FlushUnsettled(now.wall) ? Step::kWorked : Step::kStopped;
}

}  // namespace signalbox
