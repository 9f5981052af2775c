#include "server/poster/poster.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/poster/backoff.h"
#include "server/report/text.h"

namespace signalbox {
namespace {

// A lease outlasts its request, so that an entry is never taken out twice
// while a request of this process is under way.
const absl::Duration kLeaseTime = kGitHubTimeout + absl::Seconds(3);

constexpr int kMaxStepsPerRun = 256;
constexpr int kResultsPerPending = 19;
constexpr absl::Duration kLongDue = absl::Seconds(60);

constexpr absl::Duration kStoreRetry = absl::Seconds(1);
constexpr absl::Duration kCredentialRetry = absl::Seconds(1);
// How often a stopped credential is asked whether its file has changed.
constexpr absl::Duration kRefusedCredentialRetry = absl::Seconds(5);

constexpr size_t kMaxMendings = 4096;
constexpr int kNoDescription = 2;
constexpr size_t kMaxPlainDescription = 140;

// A fitted description in ASCII alone, for a GitHub that refuses more.
std::string PlainDescription(absl::string_view fitted) {
  std::string plain;
  for (size_t i = 0; i < fitted.size(); ++i) {
    const auto byte = static_cast<unsigned char>(fitted[i]);
    if (byte < 0x80) {
      plain += fitted[i];
    } else if (fitted.substr(i, 3) == "…") {
      plain += "...";
    } else if ((byte & 0xC0) != 0x80) {
      plain += '?';
    }
  }
  plain.resize(std::min(plain.size(), kMaxPlainDescription));
  return plain;
}

// Refusals of the entry itself, not of the credential.
bool IsRefusal(Action action) {
  return action == Action::kHold || action == Action::kRetryBriefly ||
         action == Action::kFitDescription || action == Action::kDropTargetUrl;
}

// Only a request whose token was good gets this far at GitHub.
bool ProvesToken(Action action) {
  return action == Action::kDone || action == Action::kHold ||
         action == Action::kFitDescription || action == Action::kDropTargetUrl;
}

void LogAbandoned(const Lease& lease, absl::string_view reason,
                  const Try* attempted) {
  // A commit that was pushed away is everyday; the rest needs somebody.
  const auto log = reason == "NO_COMMIT_FOUND" ? &LogInfo : &LogWarning;
  log("commit status abandoned",
      {{"repository", lease.repository.Display()},
       {"sha", lease.sha},
       {"context", lease.context},
       {"reason", reason},
       {"http_status", attempted == nullptr ? 0 : attempted->http_status},
       {"message", attempted == nullptr ? "" : attempted->message},
       {"request_id", attempted == nullptr ? "" : attempted->request_id}});
}

Settlement SettlementOf(const Lease& lease, Settlement::Kind kind) {
  Settlement settlement;
  settlement.entry_id = lease.entry_id;
  settlement.version = lease.version;
  settlement.lease_number = lease.lease_number;
  settlement.kind = kind;
  return settlement;
}

}  // namespace

struct Poster::Ended {
  std::shared_ptr<const Post> post;
  absl::StatusOr<HttpResponse> answer;
  Verdict verdict;
  Moment end;
};

Poster::Poster(Outbox* outbox, Credentials* credentials, GitHubClient* github,
               RateLimiter* limiter, Metrics* metrics, Clock* clock,
               std::function<void()> wake,
               std::function<void(absl::Status)> on_store_failure)
    : outbox_(outbox),
      credentials_(credentials),
      github_(github),
      limiter_(limiter),
      metrics_(metrics),
      clock_(clock),
      wake_(std::move(wake)),
      on_store_failure_(std::move(on_store_failure)) {}

Poster::~Poster() = default;

Poster::Moment Poster::Look() const {
  return {clock_->Now(), absl::UnixEpoch() + clock_->Monotonic()};
}

absl::Time Poster::RunOnce() {
  const absl::Time now = clock_->Now();
  absl::Time next = absl::InfiniteFuture();
  if (!SettleEnded(now)) {
    next = now + kStoreRetry;
  } else {
    bool closed;
    {
      MutexLock lock(&mu_);
      closed = closed_;
    }
    if (!closed) BeginDue(next);
  }
  metrics_->Set("signalbox_posts_in_flight",
                "Requests to GitHub that have not been settled yet.",
                InFlight());
  return next;
}

void Poster::Close() {
  MutexLock lock(&mu_);
  closed_ = true;
}

int Poster::InFlight() const {
  MutexLock lock(&mu_);
  return in_flight_;
}

bool Poster::SettleEnded(absl::Time now) {
  std::vector<Ended> ended;
  {
    MutexLock lock(&mu_);
    ended.swap(ended_);
  }
  for (const Ended& one : ended) {
    NoteEnd(one);
    unsettled_.push_back({Judged(one, now), /*was_sent=*/true});
  }
  return FlushUnsettled(now);
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
      entries_in_flight_.erase(first.settlement.entry_id);
      MutexLock lock(&mu_);
      --in_flight_;
    }
    unsettled_.pop_front();
  }
  return true;
}

void Poster::NoteStoreFailure(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return;
  LogError("the store failed while posting", {{"error", status.ToString()}});
  if (absl::IsInternal(status) && on_store_failure_ != nullptr) {
    on_store_failure_(status);
  }
}

void Poster::NoteEnd(const Ended& ended) {
  const Post& post = *ended.post;
  const Verdict& verdict = ended.verdict;
  limiter_->Observe(post.lane, ended.answer, verdict, ended.end.steady);
  if (verdict.action == Action::kReauthenticate) {
    credentials_->NoteRefused(post.lane, post.token, verdict.reason,
                              ended.end.wall);
  } else if (ProvesToken(verdict.action)) {
    credentials_->NoteAccepted(post.lane, post.token);
  }
  if (verdict.action == Action::kWait) {
    LogWarning("GitHub limits a credential",
               {{"credential", post.lane},
                {"reason", verdict.reason},
                {"retry_after", verdict.retry_after.has_value()
                                    ? absl::FormatDuration(*verdict.retry_after)
                                    : ""},
                {"reset_time", verdict.reset_time.has_value()
                                   ? absl::FormatTime(*verdict.reset_time,
                                                      absl::UTCTimeZone())
                                   : ""},
                {"message", verdict.message},
                {"request_id", verdict.request_id}});
  }
  metrics_->Add("signalbox_posts_total",
                "Requests to GitHub that have ended, by what became of them.",
                {{"verdict", verdict.reason}});
}

Settlement Poster::Judged(const Ended& ended, absl::Time now) {
  const Post& post = *ended.post;
  const Verdict& verdict = ended.verdict;
  Settlement settlement = SettlementOf(post.lease, Settlement::Kind::kRetry);
  settlement.attempted =
      Try{post.begin_time,    ended.end.wall, verdict.http_status,
          verdict.request_id, verdict.reason, verdict.message};
  if (verdict.action == Action::kDone) {
    mendings_.erase(post.lease.entry_id);
    settlement.kind = Settlement::Kind::kPosted;
    settlement.shown = post.sent;
    settlement.status_id = verdict.status_id;
    return settlement;
  }

  settlement.reason = verdict.reason;
  settlement.refused = IsRefusal(verdict.action);
  // An earlier try with an unknown end stays unknown until GitHub shows a
  // later one.
  settlement.ambiguous = verdict.action == Action::kRetryAmbiguous ||
                         post.lease.ambiguous_since.has_value();
  const std::optional<absl::Duration> wait =
      Backoff(verdict, post.lease.try_count + 1,
              post.lease.refusal_count + (settlement.refused ? 1 : 0));
  if (wait.has_value() && Mend(post, verdict.action)) {
    settlement.next_try_time = now + *wait;
    return settlement;
  }
  mendings_.erase(post.lease.entry_id);
  settlement.kind = Settlement::Kind::kAbandoned;
  LogAbandoned(post.lease, verdict.reason, &*settlement.attempted);
  return settlement;
}

bool Poster::Mend(const Post& post, Action action) {
  Mending mending = post.mending;
  if (action == Action::kDropTargetUrl) {
    if (post.sent.target_url.empty()) return false;
    mending.without_url = true;
  } else if (action == Action::kFitDescription) {
    if (post.sent.description.empty()) return false;
    const bool is_plain =
        post.sent.description == PlainDescription(post.sent.description);
    mending.plainer = is_plain ? kNoDescription : mending.plainer + 1;
  } else {
    return true;
  }
  // What is forgotten is refused, and mended, once more.
  if (mendings_.size() >= kMaxMendings) mendings_.erase(mendings_.begin());
  mendings_[post.lease.entry_id] = mending;
  return true;
}

void Poster::BeginDue(absl::Time& next) {
  const absl::Time now = clock_->Now();
  absl::StatusOr<std::vector<std::string>> lanes = outbox_->DueLanes(now);
  if (!lanes.ok()) {
    NoteStoreFailure(lanes.status());
    next = std::min(next, now + kStoreRetry);
    return;
  }
  // One step of each lane in turn, so that no lane waits for another's
  // backlog; the next run goes on where this one ends.
  std::rotate(lanes->begin(),
              std::upper_bound(lanes->begin(), lanes->end(), last_lane_),
              lanes->end());
  int steps = 0;
  while (!lanes->empty()) {
    std::vector<std::string> working;
    for (const std::string& lane : *lanes) {
      if (steps++ == kMaxStepsPerRun) {
        next = now;
        return;
      }
      last_lane_ = lane;
      const Step step = RunLane(lane, next);
      if (step == Step::kStopped) {
        next = std::min(next, now + kStoreRetry);
        return;
      }
      if (step == Step::kWorked) working.push_back(lane);
    }
    *lanes = std::move(working);
  }

  const absl::StatusOr<absl::Time> due = outbox_->NextDueTime(now);
  if (!due.ok()) NoteStoreFailure(due.status());
  next = std::min(next, due.ok() ? *due : now + kStoreRetry);
}

Poster::Step Poster::RunLane(const std::string& lane_id, absl::Time& next) {
  const Moment now = Look();
  if (lane_id.empty()) return AbandonUnowned(now);
  const absl::StatusOr<Token> token = credentials_->Get(lane_id, now.wall);
  if (!token.ok()) {
    const bool refused = absl::IsFailedPrecondition(token.status());
    next = std::min(next, now.wall + (refused ? kRefusedCredentialRetry
                                              : kCredentialRetry));
    return Step::kNothing;
  }

  LeaseRequest results;
  results.lane = lane_id;
  results.deadline = now.wall + kLeaseTime;
  LeaseRequest pendings = results;
  pendings.pendings = true;
  if (lanes_[lane_id].results_in_row >= kResultsPerPending) {
    LeaseRequest long_due = pendings;
    long_due.due_before = now.wall - kLongDue;
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
    Settlement settlement = SettlementOf(**lease, Settlement::Kind::kAbandoned);
    settlement.reason = "NO_CREDENTIAL";
    LogAbandoned(**lease, settlement.reason, nullptr);
    return SettleUnsent(std::move(settlement), now);
  }
  return Step::kNothing;
}

Poster::Step Poster::TakeAndBegin(const LeaseRequest& request,
                                  const Token& token, const Moment& now,
                                  absl::Time& next) {
  const absl::Time allowed =
      limiter_->Reserve(request.lane, request.pendings, now.steady);
  if (allowed > now.steady) {
    next = std::min(next, now.wall + (allowed - now.steady));
    return Step::kNothing;
  }
  LeaseRequest in_turn = request;
  std::string& last_repository =
      lanes_[request.lane].last_repository[request.pendings ? 1 : 0];
  in_turn.after_repository = last_repository;
  const absl::StatusOr<std::optional<Lease>> lease =
      outbox_->TakeDue(in_turn, now.wall);
  if (!lease.ok()) {
    limiter_->Return(request.lane);
    NoteStoreFailure(lease.status());
    return Step::kStopped;
  }
  if (!lease->has_value()) {
    limiter_->Return(request.lane);
    return Step::kNothing;
  }
  last_repository = (*lease)->repository.Canonical();
  return Begin(**lease, request, token, now);
}

Poster::Step Poster::Begin(const Lease& lease, const LeaseRequest& request,
                           const Token& token, const Moment& now) {
  if (entries_in_flight_.contains(lease.entry_id)) {
    // The machine slept past the lease, and its answer is still to come.
    limiter_->Return(request.lane);
    Settlement settlement = SettlementOf(lease, Settlement::Kind::kReturned);
    settlement.next_try_time = now.wall + kStoreRetry;
    return SettleUnsent(std::move(settlement), now);
  }

  auto post = std::make_shared<Post>();
  post->lease = lease;
  post->lane = request.lane;
  post->token = token;
  post->begin_time = now.wall;
  const auto mending = mendings_.find(lease.entry_id);
  if (mending != mendings_.end() && mending->second.version == lease.version) {
    post->mending = mending->second;
  }
  post->mending.version = lease.version;
  post->sent = lease.wanted;
  post->sent.description = FitDescription(lease.wanted.description);
  if (post->mending.plainer == kNoDescription) {
    post->sent.description.clear();
  } else if (post->mending.plainer > 0) {
    post->sent.description = PlainDescription(post->sent.description);
  }
  if (post->mending.without_url) post->sent.target_url.clear();

  // After a try with an unknown end GitHub may show something else than it
  // acknowledged.
  if (lease.shown == post->sent && !lease.ambiguous_since.has_value()) {
    limiter_->Return(request.lane);
    metrics_->Add("signalbox_posts_saved_total",
                  "Statuses that GitHub showed already.");
    Settlement settlement = SettlementOf(lease, Settlement::Kind::kPosted);
    settlement.shown = post->sent;
    return SettleUnsent(std::move(settlement), now);
  }

  int& results_in_row = lanes_[request.lane].results_in_row;
  results_in_row = request.pendings ? 0 : results_in_row + 1;
  entries_in_flight_.insert(lease.entry_id);
  {
    MutexLock lock(&mu_);
    ++in_flight_;
  }
  StatusPost status;
  status.repository = lease.repository;
  status.sha = lease.sha;
  status.context = lease.context;
  status.state = post->sent.state;
  status.description = post->sent.description;
  status.target_url = post->sent.target_url;
  github_->CreateStatus(
      status, token, now.wall,
      [this, post](absl::StatusOr<HttpResponse> answer, Verdict verdict) {
        Ended ended{post, std::move(answer), std::move(verdict), Look()};
        // The limiter runs on steady time, so it needs GitHub's clock beside
        // GitHub's moments; ours is the next best.
        if (ended.verdict.github_time == absl::InfinitePast()) {
          ended.verdict.github_time = ended.end.wall;
        }
        {
          MutexLock lock(&mu_);
          ended_.push_back(std::move(ended));
        }
        wake_();
      });
  return Step::kWorked;
}

Poster::Step Poster::SettleUnsent(Settlement settlement, const Moment& now) {
  unsettled_.push_back({std::move(settlement), /*was_sent=*/false});
  return FlushUnsettled(now.wall) ? Step::kWorked : Step::kStopped;
}

}  // namespace signalbox
