#include "tests/simulation/simulation.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/simulation/memory_disk.h"
#include "tests/simulation/note_status.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rival.h"
#include "tests/simulation/server_life.h"
#include "tests/simulation/watched_transport.h"
#include "tests/simulation/webhooks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using history::Answered;
using history::Called;

// The longest time in which reports are committed but the poster does not run.
constexpr absl::Duration kLongestLag = absl::Seconds(1);
// How much time may pass before one look at the clock.
constexpr absl::Duration kLongestLook = absl::Milliseconds(3);
// The calm begins after the last incident and lasts at most this long.
constexpr absl::Duration kLongestCalm = absl::Hours(12);
// With more turns than this, the server counts as busy-looping.
constexpr int64_t kMostTurns = 3'000'000;
constexpr int64_t kFirstRepositoryId = 1000;
// Recovery repeats its last tries six hours after the ones before.
constexpr absl::Duration kRecoveryTime = absl::Hours(7);

constexpr char kFarm[] = "farm";
constexpr char kShim[] = "shim";
constexpr char kRival[] = "the rival";

GitHubRules::Options RulesOf(const Plan& plan) {
  GitHubRules::Options rules;
  rules.tokens = {"simulated-token"};
  rules.hourly_limit = plan.hourly_limit;
  rules.base_url = ServerLife::kApiUrl;
  rules.delivery_lag = plan.list_lag;
  return rules;
}

RecoveryOptions RecoveryOptionsOf(const Plan& plan) {
  RecoveryOptions options;
  options.pull = plan.hooked == Plan::Hooked::kPulled;
  options.hook_urls = {Webhooks::kUrl};
  for (const std::string& name : plan.repositories) {
    options.repositories.push_back(*ParseRepository(name));
  }
  options.convert = Webhooks::Conversion();
  return options;
}

std::optional<Result> ResultOf(absl::string_view name) {
  constexpr std::pair<const char*, Result> kNames[] = {
      {"success", Result::kSuccess}, {"failure", Result::kFailure},
      {"error", Result::kError},     {"cancelled", Result::kCancelled},
      {"skipped", Result::kSkipped}, {"timed_out", Result::kTimedOut},
      {"neutral", Result::kNeutral}};
  for (const auto& [text, result] : kNames) {
    if (name == text) return result;
  }
  return std::nullopt;
}

// The clock as the server sees it. The server's thread is slow: whenever it
// looks at the clock, time may pass before.
class SlowClock : public Clock {
 public:
  // `clock` is borrowed.
  SlowClock(FakeClock* clock, uint64_t seed) : clock_(clock), random_(seed) {}

  absl::Time Now() override {
    Pass();
    return clock_->Now();
  }
  SteadyTime Steady() override {
    Pass();
    return clock_->Steady();
  }

 private:
  void Pass() {
    if (!random_.OneIn(4)) return;
    clock_->Advance(random_.Between(absl::ZeroDuration(), kLongestLook));
  }

  FakeClock* const clock_;
  Random random_;
};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(const Plan& plan)
      : plan_(plan),
        slow_clock_(&clock_, plan.seed + 3),
        disk_(plan.seed, [this] { return clock_.Now(); }),
        github_(RulesOf(plan), &clock_),
        webhooks_(plan.seed + 4, &github_.rules(), WebhookSurroundings()),
        sync_random_(plan.seed + 1),
        lag_random_(plan.seed + 2) {
    github_.SetDelay(plan.latency);
    disk_.SetSyncing([this] { PassSync(); });
    for (size_t r = 0; r < plan.repositories.size(); ++r) {
      if (IsAnew(static_cast<int>(r))) continue;
      github_.rules().AddRepository(plan.repositories[r],
                                    kFirstRepositoryId + r);
      if (HasHooks()) {
        github_.rules().SetAdmin("simulated-token", plan.repositories[r]);
        webhooks_.AddHook(plan.repositories[r]);
      }
    }
    Random random(plan.seed);
    for (const Plan::Status& status : plan.statuses) {
      // A fork's commit can appear seconds after its webhook.
      const absl::Time visible =
          plan.hides_commits && random.OneIn(4)
              ? github_.GitHubTime() +
                    random.Between(absl::ZeroDuration(), absl::Hours(1))
              : absl::InfinitePast();
      if (IsAnew(status.repository)) continue;
      const std::string& full_name = plan.repositories[status.repository];
      if (!github_.rules().HasCommit(full_name, status.sha)) {
        github_.rules().AddCommit(full_name, status.sha, visible);
      }
    }
    for (const char* caller : {kFarm, kShim}) {
      history_.Add(history::Granted{caller, "acme/*", "ci/*"});
    }
    SetShim(Webhooks::Shim::kWorks);
    begin_ = Now();
    for (const Incident& incident : plan.incidents) {
      At(incident.at, [this, &incident] { Do(incident); });
      last_incident_ = std::max(
          last_incident_,
          incident.at + (incident.kind == Incident::Kind::kReport
                             ? absl::ZeroDuration()
                             : std::max(incident.lasts, absl::ZeroDuration())));
    }
  }

  ~SimulatedWorld() { EndLife(); }

  SimulationResult Run() {
    Start();
    Turn([this] { return Passed() >= last_incident_ + absl::Minutes(2); });
    CalmDown();
    const absl::Duration calm_begin = Passed();
    Turn([this, calm_begin] {
      if (HasHooks() && Passed() < calm_begin + kRecoveryTime) return false;
      return (life_ != nullptr && life_->is_idle() && freeze_ == nullptr &&
              events_.empty() && github_.InFlight() == 0) ||
             Passed() > calm_begin + kLongestCalm;
    });
    if (turns_ > kMostTurns) hot_ = true;
    result_.virtual_time = Passed();
    LookAtTheEnd();
    Finish();
    return std::move(result_);
  }

 private:
  // The true time, whatever the server's clock says.
  absl::Time Now() { return github_.GitHubTime(); }
  absl::Duration Passed() { return Now() - begin_; }

  // `what` happens `after` from the beginning.
  void At(absl::Duration after, std::function<void()> what) {
    events_.emplace(std::make_pair(after, next_event_++), std::move(what));
  }
  void In(absl::Duration delay, std::function<void()> what) {
    At(Passed() + delay, std::move(what));
  }

  void Strike(const std::string& fault) { ++result_.faults[fault]; }

  // Lets time pass, from one event to the next.
  void Turn(const std::function<bool()>& is_over) {
    while (!is_over() && ++turns_ <= kMostTurns) {
      github_.DeliverDue();
      NoteApplied();
      webhooks_.Pump();
      absl::Time wanted = absl::InfiniteFuture();
      if (life_ != nullptr) {
        wanted = RunLife();
        NoticeEnd();
      }
      if (freeze_ != nullptr) wanted = std::min(wanted, RunDivided());
      const absl::Time now = clock_.Now();
      if (life_ != nullptr && wanted <= now) continue;
      absl::Duration next = absl::InfiniteDuration();
      if (life_ != nullptr) next = std::min(next, wanted - now);
      next = std::min(next, github_.NextDelivery() - now);
      if (!events_.empty()) {
        next = std::min(next, events_.begin()->first.first - Passed());
      }
      if (next == absl::InfiniteDuration()) return;
      if (next > absl::ZeroDuration()) clock_.Advance(next);
      while (!events_.empty() && events_.begin()->first.first <= Passed()) {
        const std::function<void()> what = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        what();
        NoticeEnd();
      }
    }
  }

  // Now and then the poster's thread gets no processor for a while.
  absl::Time RunLife() {
    if (lag_end_ <= Passed() && lag_random_.OneIn(16)) {
      lag_end_ =
          Passed() + lag_random_.Between(absl::ZeroDuration(), kLongestLag);
    }
    if (lag_end_ <= Passed()) return life_->RunOnce();
    life_->RunIntake();
    return clock_.Now() + (lag_end_ - Passed());
  }

  // The sync takes time, in which GitHub goes on.
  void PassSync() {
    if (sync_time_ == absl::ZeroDuration()) return;
    absl::Duration left =
        sync_random_.Between(absl::ZeroDuration(), sync_time_);
    while (left > absl::ZeroDuration()) {
      const absl::Duration step =
          std::min(left, std::max(github_.NextDelivery() - clock_.Now(),
                                  absl::Milliseconds(1)));
      clock_.Advance(step);
      left -= step;
      github_.DeliverDue();
      NoteApplied();
    }
  }

  // Notes the rows that GitHub has made since the last call.
  void NoteApplied() {
    for (;;) {
      const auto rows = github_.rules().EventsAfter(seen_rows_, 100);
      if (rows.empty()) return;
      for (const GitHubRules::Event& event : rows) {
        seen_rows_ = event.number;
        history_.Add(history::Applied{
            0,
            Now(),
            {OriginalName(event.full_name), event.sha, event.row.context},
            {event.row.state, event.row.description, event.row.target_url}});
      }
    }
  }

  // The first name of a repository.
  std::string OriginalName(absl::string_view name) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(name, &id)) id = github_.rules().RepositoryId(name);
    const int64_t index = id - kFirstRepositoryId;
    if (index < 0 || index >= static_cast<int64_t>(plan_.repositories.size())) {
      return std::string(name);
    }
    return plan_.repositories[index];
  }

  // --- The server's lives.

  void Start() {
    disk_.Restart();
    history_.Add(history::Started{Now()});
    transport_ = MakeTransport(ServerLife::kCredential);
    ServerLife::Options options;
    options.data_dir = dir_.Path("data");
    options.pace = plan_.pace;
    options.pending_settle = plan_.pending_settle;
    if (HasHooks()) options.recovery = RecoveryOptionsOf(plan_);
    auto life = ServerLife::Begin(options, transport_.get(), &slow_clock_);
    if (life.ok()) {
      life_ = *std::move(life);
      return NoticeEnd();
    }
    if (absl::IsDataLoss(life.status())) {
      Broken("I1", absl::StrCat("the database is damaged: ",
                                life.status().message()));
    }
    EndLife();
    history_.Add(history::Crashed{Now()});
    In(absl::Seconds(2), [this] { Start(); });
  }

  std::unique_ptr<WatchedTransport> MakeTransport(
      const std::string& credential, const std::string& server = "") {
    return std::make_unique<WatchedTransport>(
        &github_, [this] { return Now(); }, &history_, credential,
        [this](absl::string_view name) { return OriginalName(name); },
        &exchange_, server);
  }

  // The write that failed may have been a pause that GitHub asked for.
  void NoteDiskFaults() {
    if (disk_.faults() == seen_disk_faults_) return;
    seen_disk_faults_ = disk_.faults();
    BeginDiskTrouble();
    EndDiskTrouble();
  }

  // Meanwhile the server may fail to store what GitHub asks for.
  void BeginDiskTrouble() {
    ++disk_troubles_;
    history_.Add(history::DiskTrouble{Now(), false});
  }
  void EndDiskTrouble() {
    if (--disk_troubles_ > 0) return;
    history_.Add(history::DiskTrouble{Now(), true});
  }

  // The process ends by itself if its store failed or its machine stopped.
  void NoticeEnd() {
    NoteDiskFaults();
    if (life_ == nullptr) return;
    if (disk_.stopped()) {
      Strike("stopped at a write or sync");
      Stop(/*power_cut=*/false, absl::Seconds(1));
    } else if (life_->has_failed()) {
      Strike("store failed");
      Stop(/*power_cut=*/false, absl::Seconds(1));
    }
  }

  void Stop(bool power_cut, absl::Duration lasts) {
    if (life_ == nullptr) return;
    disk_.Stop(power_cut);
    EndLife();
    history_.Add(history::Crashed{Now()});
    In(lasts, [this] { Start(); });
  }

  void EndLife() {
    disk_.Stop(/*power_cut=*/false);
    if (transport_ != nullptr) transport_->Cut();
    if (rival_transport_ != nullptr) rival_transport_->Cut();
    github_.LoseClient();
    ++lives_;
    rival_.reset();
    rival_transport_.reset();
    freeze_ = nullptr;
    life_.reset();
    transport_.reset();
  }

  // --- Another process takes over.
  //
  // While two processes share the store, neither of them dies: if a process
  // dies before it has confessed a late request, the other one cannot know of
  // it. The clock is not set either: the outbox delays the read-back of a late
  // request by the wall clock, and only the process that sent it also goes by a
  // steady one.

  void InThisLife(absl::Duration delay, std::function<void()> what) {
    In(delay, [this, life = lives_, what = std::move(what)] {
      if (life == lives_) what();
    });
  }

  void Divide(const Incident& incident) {
    if (life_ == nullptr || disk_troubles_ > 0) return;
    disk_.Forget();
    freeze_ = &incident;
    has_frozen_ = rival_leaves_ = false;
    if (!incident.at_socket) return Freeze();
    transport_->HoldRequests();
    InThisLife(absl::Seconds(5), [this] { Freeze(); });
  }

  void Freeze() {
    if (std::exchange(has_frozen_, true)) return;
    Strike("the process froze");
    transport_->Freeze();
    life_->StopWorking();
    history_.Add(history::Frozen{Now(), ""});
    InThisLife(freeze_->takeover, [this] { TakeOver(); });
    InThisLife(freeze_->thaw,
               [this, term = life_->term(), stopped = clock_.Now()] {
                 StoreLate(term, stopped);
                 life_->GoOnWorking();
                 transport_->Thaw();
               });
    InThisLife(freeze_->lasts, [this] {
      rival_->Close();
      rival_leaves_ = true;
    });
  }

  // The process goes on in the middle of its work: it had read a list of
  // GitHub's and was about to store how far. The other one has read farther.
  void StoreLate(const Term& term, absl::Time read_to) {
    Outbox& outbox = life_->outbox();
    outbox.SetNamedTime(term, Rival::kCursor, read_to).IgnoreError();
    const auto cursor = outbox.GetNamedTime(Rival::kCursor);
    if (cursor.ok() && *cursor <= read_to) {
      Broken("I26", "a process whose term is over set a cursor back");
    }
  }

  void TakeOver() {
    // Each process learns GitHub's limits by itself.
    rival_transport_ = MakeTransport(
        absl::StrCat(ServerLife::kCredential, " of ", kRival), kRival);
    rival_ = std::make_unique<Rival>(&life_->outbox(), rival_transport_.get(),
                                     &clock_, plan_.pace);
    if (!rival_->TakeOver()) {
      Broken("I26", "the other process could not take over");
    }
    history_.Add(history::TermBegan{Now(), kRival});
  }

  // Runs the other process, and ends it. Returns when it wants to run again.
  absl::Time RunDivided() {
    if (transport_->HoldsOne()) Freeze();
    if (rival_ == nullptr) return absl::InfiniteFuture();
    const absl::Time wanted = rival_->RunOnce();
    if (!rival_leaves_ || !rival_->Leave()) return wanted;
    history_.Add(history::TermBegan{Now(), ""});
    rival_.reset();
    rival_transport_.reset();
    freeze_ = nullptr;
    return absl::InfiniteFuture();
  }

  // Whether this is left out while two processes share the store.
  static bool NeedsOneProcess(Incident::Kind kind) {
    switch (kind) {
      case Incident::Kind::kStop:
      case Incident::Kind::kDiskFault:
      case Incident::Kind::kDiskFull:
      case Incident::Kind::kDiskSlow:
      case Incident::Kind::kClockSet:
      case Incident::Kind::kFreeze:
        return true;
      default:
        return false;
    }
  }

  // --- Callers.

  void Say(const Incident& incident, int tries_left, uint64_t seed) {
    Random random(seed);
    const Plan::Status& status = plan_.statuses[incident.status];
    if (!MaySpeak(status.repository, incident.delivery != 0)) return;
    Called called;
    called.call = ++calls_;
    called.time = Now();
    called.caller = incident.delivery != 0 ? kShim : kFarm;
    called.name = {plan_.repositories[status.repository], status.sha,
                   status.context};
    called.result = incident.result;
    called.content.state = "pending";
    const std::optional<Result> result = ResultOf(incident.result);
    if (result.has_value()) {
      called.content.state =
          std::string(CommitStateName(CommitStateOf(*result)));
    }
    called.content.description = absl::StrCat("report ", incident.number);
    if (incident.number % 3 == 0) {
      called.content.target_url =
          absl::StrCat("https://ci.example/", incident.number);
    }
    called.attempt = incident.attempt;
    called.series = incident.series;
    called.rerun = incident.rerun;
    called.newest_text_wins = incident.newest_text_wins;
    called.expires_after = incident.expires_after;
    if (incident.delivery != 0)
      called.delivery_id = absl::StrCat("delivery-", incident.delivery);
    history_.Add(called);

    const int64_t call = called.call;
    answered_[call] = false;
    if (incident.delivery != 0) numbers_told_[call] = status.repository;
    const absl::Duration there = random.Between(
        absl::Milliseconds(1),
        incident.goes_well ? absl::Milliseconds(1) : absl::Milliseconds(300));
    const bool lost = random.OneIn(40) && !incident.goes_well;
    const bool answer_lost = random.OneIn(25) && !incident.goes_well;
    const bool twice = random.OneIn(40) && !incident.goes_well;
    const absl::Duration back =
        random.Between(absl::Milliseconds(1), absl::Milliseconds(300));
    const absl::Duration patience = absl::Seconds(10);
    if (lost) Strike("call lost");
    if (twice) Strike("call arrives twice");
    Submission submission = SubmissionOf(called, status.repository);
    if (!lost)
      In(there, [this, submission, call, back, answer_lost] {
        Arrive(submission, call, back, answer_lost);
      });
    if (twice) {
      In(there + random.Between(absl::Milliseconds(1), absl::Seconds(30)),
         [this, submission, call, back] {
           Arrive(submission, call, back, /*answer_lost=*/true);
         });
    }
    // A caller without a good answer tries again after a while.
    const absl::Duration pause =
        patience + random.Between(absl::Milliseconds(100), absl::Seconds(8));
    const uint64_t next_seed = random.Next();
    In(pause, [this, &incident, call, tries_left, next_seed] {
      if (answered_[call]) return;
      answered_.erase(call);
      history_.Add(Answered{call, Now(), Answered::How::kUnknown, 0});
      if (tries_left > 1) Say(incident, tries_left - 1, next_seed);
    });
  }

  Submission SubmissionOf(const Called& called, int repository) {
    Submission submission;
    submission.contexts = {called.name.context};
    Report& report = submission.report;
    std::string full_name = SureName(repository);
    // Webhooks and farms use any name that the repository has or had.
    std::string any_name =
        NameOf(repository, called.call % (renames_[repository] + 1));
    if (called.delivery_id.empty() && IsTaken(any_name)) any_name = full_name;
    if (!called.delivery_id.empty()) {
      // A server that does not know the number yet would take an old name for
      // another repository.
      report.repository_id = kFirstRepositoryId + repository;
      if (known_numbers_.contains(repository)) full_name = any_name;
    } else if (IsLearnt(full_name, any_name)) {
      // Farms also use names that the server has learnt.
      full_name = any_name;
    }
    report.repository = *ParseRepository(full_name);
    report.sha = *ParseSha(called.name.sha);
    report.result = ResultOf(called.result);
    report.attempt = called.attempt;
    report.series = called.series;
    report.description = called.content.description;
    report.target_url = called.content.target_url;
    report.expires_after = called.expires_after;
    report.rerun = called.rerun;
    report.newest_text_wins = called.newest_text_wins;
    report.from_webhook = !called.delivery_id.empty();
    submission.caller = called.caller;
    if (report.from_webhook) {
      Delivery& delivery = submission.delivery.emplace();
      delivery.id = called.delivery_id;
      delivery.event = "pull_request";
      delivery.action = "synchronize";
    }
    return submission;
  }

  void Arrive(const Submission& submission, int64_t call, absl::Duration back,
              bool answer_lost) {
    if (life_ == nullptr) {
      Strike("call while the server is away");
      return;
    }
    if (answer_lost) Strike("answer lost");
    const int64_t life = lives_;
    life_->Submit(submission, [this, life, call, back,
                               answer_lost](absl::StatusOr<Outcome> outcome) {
      if (life != lives_ || disk_.stopped()) return;
      if (outcome.ok() && outcome->status.ok()) {
        history_.Add(history::Heard{call, Now()});
      }
      if (answer_lost) return;
      In(back,
         [this, call, outcome = std::move(outcome)] { Answer(call, outcome); });
    });
  }

  void Answer(int64_t call, const absl::StatusOr<Outcome>& outcome) {
    const auto found = answered_.find(call);
    if (found == answered_.end() || found->second) return;
    if (outcome.ok() && outcome->status.ok() && numbers_told_.contains(call)) {
      known_numbers_.insert(numbers_told_[call]);
    }
    if (!outcome.ok()) {
      Strike(absl::StrCat("answer ",
                          absl::StatusCodeToString(outcome.status().code())));
      return;  // The caller retries, as if it had heard nothing.
    }
    found->second = true;
    history_.Add(AnsweredBy(call, Now(), *outcome));
  }

  // --- Webhooks.

  bool HasHooks() const { return plan_.hooked != Plan::Hooked::kNone; }

  Webhooks::Surroundings WebhookSurroundings() {
    return {[this] { return Now(); },
            [this](absl::Duration delay, std::function<void()> what) {
              In(delay, std::move(what));
            },
            [this](Submission submission, const history::StatusName& name,
                   std::function<void(bool)> done) {
              HearWebhook(std::move(submission), name, std::move(done));
            }};
  }

  void SetShim(Webhooks::Shim shim) {
    webhooks_.SetShim(
        plan_.hooked == Plan::Hooked::kPulled ? Webhooks::Shim::kIsAway : shim);
  }

  // The pending that a webhook asks for.
  Called CallOfWebhook(const history::StatusName& name,
                       const std::string& delivery_id) {
    Called called;
    called.call = ++calls_;
    called.time = Now();
    called.caller = kShim;
    called.name = name;
    called.content.state = "pending";
    called.delivery_id = delivery_id;
    return called;
  }

  void Push(const Incident& incident) {
    const Plan::Status& status = plan_.statuses[incident.status];
    const std::string id = webhooks_.Happen(
        {NameOf(status), kFirstRepositoryId + status.repository,
         incident.pull_request});
    // The server itself reports what it reads at GitHub.
    if (plan_.hooked == Plan::Hooked::kPulled) {
      history_.Add(CallOfWebhook(NameOf(status), id));
    }
  }

  void HearWebhook(Submission submission, const history::StatusName& name,
                   std::function<void(bool)> done) {
    if (life_ == nullptr) {
      Strike("webhook while the server is away");
      return done(false);
    }
    const Called called = CallOfWebhook(name, submission.delivery->id);
    history_.Add(called);
    submission.caller = kShim;
    life_->Submit(std::move(submission),
                  [this, life = lives_, call = called.call,
                   done = std::move(done)](absl::StatusOr<Outcome> outcome) {
                    if (life != lives_ || disk_.stopped()) return;
                    const bool taken = outcome.ok() && outcome->status.ok();
                    if (taken) {
                      history_.Add(history::Heard{call, Now()});
                      history_.Add(AnsweredBy(call, Now(), *outcome));
                    }
                    done(taken);
                  });
  }

  // --- Trouble.

  void Do(const Incident& incident) {
    if (is_calm_) return;
    if (freeze_ != nullptr && NeedsOneProcess(incident.kind)) return;
    switch (incident.kind) {
      case Incident::Kind::kReport:
        return Say(incident, incident.tries, incident.seed);
      case Incident::Kind::kFault:
        return github_.rules().AddFault(incident.fault);
      case Incident::Kind::kLatency:
        Strike("GitHub is slow");
        return github_.SetDelay(incident.lasts);
      case Incident::Kind::kUnreachable:
        Strike("GitHub is unreachable");
        github_.SetReachable(false);
        return In(incident.lasts, [this] { github_.SetReachable(true); });
      case Incident::Kind::kStop:
        if (life_ == nullptr) return;
        Strike(incident.power_cut ? "power cut" : "kill");
        return Stop(incident.power_cut, incident.lasts);
      case Incident::Kind::kDiskFault:
        return disk_.FailAfter(incident.operations, incident.disk_fault);
      case Incident::Kind::kDiskFull:
        Strike("disk full");
        disk_.SetFull(true);
        BeginDiskTrouble();
        return In(incident.lasts, [this] {
          disk_.SetFull(false);
          EndDiskTrouble();
        });
      case Incident::Kind::kDiskSlow:
        Strike("disk slow");
        sync_time_ = incident.sync_time;
        BeginDiskTrouble();
        return In(incident.lasts, [this] {
          sync_time_ = absl::ZeroDuration();
          EndDiskTrouble();
        });
      case Incident::Kind::kClockSet:
        Strike("clock set");
        history_.Add(history::ClockSet{Now(), incident.lasts});
        return clock_.Jump(incident.lasts);
      case Incident::Kind::kRename:
        return Rename(incident.repository, incident.seed);
      case Incident::Kind::kAnew:
        return BeginAnew(incident.repository);
      case Incident::Kind::kUnwritable: {
        Strike("repository is not writable");
        SetWritable(incident.repository, false);
        return In(incident.lasts, [this, repository = incident.repository] {
          SetWritable(repository, true);
        });
      }
      case Incident::Kind::kRevive:
        return Revive(incident.status);
      case Incident::Kind::kFreeze:
        return Divide(incident);
      case Incident::Kind::kPush:
        return Push(incident);
      case Incident::Kind::kNoise:
        return webhooks_.MakeNoise(plan_.repositories[incident.repository],
                                   incident.count);
      case Incident::Kind::kShim:
        Strike("the shim does not work");
        SetShim(incident.shim);
        return In(incident.lasts, [this] { SetShim(Webhooks::Shim::kWorks); });
    }
  }

  // --- A new repository gets the name of another one.

  bool IsAnew(int repository) const {
    return plan_.made_anew >= 0 &&
           repository + 1 == static_cast<int>(plan_.repositories.size());
  }
  // Whether the name now belongs to the new repository.
  bool IsTaken(const std::string& name) const {
    return is_anew_ && name == plan_.repositories[plan_.made_anew];
  }
  // A name by which the server surely knows the repository.
  std::string SureName(int repository) const {
    if (IsAnew(repository)) return plan_.repositories[plan_.made_anew];
    return is_anew_ && repository == plan_.made_anew
               ? NameOf(repository, anew_renames_)
               : plan_.repositories[repository];
  }

  // Whether the server knows that the new repository has the name.
  bool KnowsAnew() {
    const Repository name =
        *ParseRepository(plan_.repositories[plan_.made_anew]);
    const auto meant = life_->outbox().MeantBy(name);
    return is_anew_ && meant.ok() && meant->Canonical() == name.Canonical();
  }

  // Farms are silent while a name changes hands: nobody could tell which
  // repository they mean. A webhook reports first about the new one.
  bool MaySpeak(int repository, bool is_webhook) const {
    if (repository == plan_.made_anew) return !is_silent_;
    if (!IsAnew(repository)) return true;
    return is_anew_ && (is_webhook || known_numbers_.contains(repository));
  }

  void BeginAnew(int repository) {
    if (!known_numbers_.contains(repository)) return;
    is_silent_ = true;
    // All calls have arrived by then.
    In(absl::Seconds(45), [this, repository] {
      RepositoryMoved moved = Rename(repository);
      anew_renames_ = renames_[repository];
      TellUntilHeard(moved);
    });
  }

  void TellUntilHeard(const RepositoryMoved& moved) {
    if (is_calm_) return;
    Delivery delivery;
    delivery.id = "anew";
    delivery.event = "repository";
    if (Tell(delivery, moved)) {
      return In(absl::Seconds(1), [this] { MakeAnew(); });
    }
    In(absl::Seconds(5), [this, moved] { TellUntilHeard(moved); });
  }

  // Waits until every status under the old name is posted and cannot expire.
  void MakeAnew() {
    if (is_calm_) return;
    const auto anew = static_cast<int>(plan_.repositories.size()) - 1;
    for (const Plan::Status& status : plan_.statuses) {
      if (status.repository != plan_.made_anew || IsAtRest(status)) continue;
      return In(absl::Seconds(30), [this] { MakeAnew(); });
    }
    Strike("repository made anew");
    const std::string& name = plan_.repositories[plan_.made_anew];
    github_.rules().AddRepository(name, kFirstRepositoryId + anew);
    for (const Plan::Status& status : plan_.statuses) {
      if (status.repository == anew) {
        github_.rules().AddCommit(name, status.sha);
      }
    }
    is_anew_ = true;
    is_silent_ = false;
  }

  bool IsAtRest(const Plan::Status& status) {
    if (life_ == nullptr) return false;
    const auto commit = life_->outbox().GetCommit(
        *ParseRepository(plan_.repositories[status.repository]),
        *ParseSha(status.sha));
    if (!commit.ok()) return absl::IsNotFound(commit.status());
    return std::all_of(commit->statuses.begin(), commit->statuses.end(),
                       [](const StatusView& one) {
                         return one.posting.state == PostingState::kPosted &&
                                !one.expire_time.has_value();
                       });
  }

  RepositoryMoved Rename(int repository) {
    RepositoryMoved moved;
    moved.from = *ParseRepository(CurrentName(repository));
    ++renames_[repository];
    moved.to = *ParseRepository(CurrentName(repository));
    moved.repository_id = kFirstRepositoryId + repository;
    moved.update_time = Now();
    if (github_.rules().RenameRepository(moved.from.FullName(),
                                         moved.to.FullName())) {
      Strike("repository renamed");
    }
    return moved;
  }

  void Rename(int repository, uint64_t seed) {
    // The new repository keeps its name.
    if (IsAnew(repository)) return;
    const RepositoryMoved moved = Rename(repository);
    // GitHub sends the event soon, late, more than once or never.
    Random random(seed);
    const auto times = random.Below(4);
    for (int64_t i = 0; i < times; ++i) {
      Delivery delivery;
      delivery.id = absl::StrCat("rename-", seed, "-", random.Below(2));
      delivery.event = "repository";
      In(random.Between(absl::Milliseconds(10),
                        random.OneIn(2) ? absl::Seconds(5) : absl::Minutes(40)),
         [this, delivery, moved] { Tell(delivery, moved); });
    }
  }

  // Delivers an event. False: the server is away or cannot use it.
  bool Tell(const Delivery& delivery, const RepositoryMoved& moved) {
    // A server that never heard a name cannot know that it is this
    // repository's, before it has asked GitHub.
    const int repository =
        static_cast<int>(moved.repository_id - kFirstRepositoryId);
    if (life_ == nullptr ||
        (!known_numbers_.contains(repository) &&
         moved.from.FullName() != plan_.repositories[repository])) {
      return false;
    }
    EventSubmission submission;
    submission.delivery = delivery;
    submission.event = moved;
    submission.caller = kShim;
    if (!life_->outbox().AcceptEvent(submission, clock_.Now()).ok() ||
        disk_.stopped()) {
      return false;
    }
    Strike("event of a rename");
    life_->Wake();
    return true;
  }

  // The name after `renames` renames. Every other one is also a transfer.
  std::string NameOf(int repository, int64_t renames) const {
    if (IsAnew(repository)) return plan_.repositories[plan_.made_anew];
    const absl::string_view first = plan_.repositories[repository];
    if (renames == 0) return std::string(first);
    return absl::StrCat(
        renames % 2 == 0 ? "labs" : first.substr(0, first.find('/')),
        first.substr(first.find('/')), "-", renames);
  }
  std::string CurrentName(int repository) {
    return NameOf(repository, renames_[repository]);
  }

  // Whether the server takes both names for one repository.
  bool IsLearnt(const std::string& name, const std::string& other) {
    if (name == other) return true;
    if (life_ == nullptr) return false;
    const auto meant = life_->outbox().MeantBy(*ParseRepository(name));
    const auto other_meant = life_->outbox().MeantBy(*ParseRepository(other));
    return meant.ok() && other_meant.ok() &&
           meant->Canonical() == other_meant->Canonical();
  }

  void SetWritable(int repository, bool writable) {
    github_.rules().SetWritable(CurrentName(repository), writable);
  }

  void Revive(int number) {
    if (life_ == nullptr) return;
    const history::StatusName name = NameOf(plan_.statuses[number]);
    const absl::Status revived =
        life_->outbox().Retry(KeyOf(plan_.statuses[number]), clock_.Now());
    // After most errors the caller cannot know whether the retry took effect.
    if (absl::IsNotFound(revived) || absl::IsUnavailable(revived)) return;
    history_.Add(history::Revived{Now(), name});
    if (revived.ok()) life_->Wake();
  }

  history::StatusName NameOf(const Plan::Status& status) const {
    return {plan_.repositories[status.repository], status.sha, status.context};
  }
  StatusKey KeyOf(const Plan::Status& status) const {
    return StatusKey::Of(*ParseRepository(SureName(status.repository)),
                         *ParseSha(status.sha), status.context);
  }

  // --- The end.

  void CalmDown() {
    is_calm_ = true;
    for (const auto& [name, count] : FaultsAtGitHub())
      result_.faults[name] += count;
    github_.rules().ClearFaults();
    github_.SetReachable(true);
    SetShim(Webhooks::Shim::kWorks);
    github_.SetDelay(absl::Milliseconds(50));
    disk_.SetFull(false);
    disk_.Forget();
    sync_time_ = absl::ZeroDuration();
    result_.faults["disk fault"] += disk_.faults();
    history_.Add(history::DiskTrouble{Now(), true});
    history_.Add(history::Calm{Now()});
  }

  // Counts GitHub's unsuccessful answers.
  std::map<std::string, int64_t> FaultsAtGitHub() const {
    std::map<std::string, int64_t> counts;
    for (const history::Event& event : history_.events()) {
      const auto* ended = std::get_if<history::Ended>(&event);
      if (ended == nullptr ||
          (ended->http_status >= 200 && ended->http_status < 300))
        continue;
      ++counts[ended->http_status == 0
                   ? "GitHub: no answer"
                   : absl::StrCat("GitHub: ", ended->http_status)];
    }
    return counts;
  }

  void LookAtTheEnd() {
    if (life_ == nullptr) {
      return Broken("I6", "the server is not there at the end");
    }
    std::vector<history::Event> events;
    for (const Plan::Status& status : plan_.statuses) {
      if (IsAnew(status.repository) && !KnowsAnew()) continue;
      const absl::Status noted =
          NoteStatus(&life_->outbox(), github_.rules(), NameOf(status), &events,
                     SureName(status.repository));
      if (!noted.ok()) Broken("I1", std::string(noted.message()));
    }
    for (history::Attempted& attempted : webhooks_.Attempts()) {
      if (attempted.is_redelivery) Strike("webhook sent again");
      events.push_back(std::move(attempted));
    }
    for (history::Event& event : events) history_.Add(std::move(event));
  }

  void Broken(const std::string& invariant, const std::string& what) {
    broken_.push_back({invariant, {}, what});
  }

  void Finish() {
    if (hot_) Broken("I12", "the server never came to rest");
    const GitHubRules::Misbehaviour& misbehaviour =
        github_.rules().misbehaviour();
    if (misbehaviour.unknown_requests != 0 ||
        misbehaviour.without_user_agent != 0) {
      Broken("I13", "requests that GitHub does not know");
    }
    result_.events = history_.events();
    result_.findings = history::CheckHistory(result_.events);
    for (history::Violation& broken : broken_) {
      result_.findings.violations.push_back(std::move(broken));
    }
    uint64_t hash = 14695981039346656037u;  // FNV-1a.
    for (const history::Event& event : result_.events) {
      for (const char c : history::LineOf(event)) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
      }
    }
    result_.fingerprint = hash;
  }

  const Plan& plan_;
  FakeClock clock_;
  SlowClock slow_clock_;
  TempDir dir_;
  MemoryDisk disk_;
  FakeGitHub github_;
  Webhooks webhooks_;
  history::History history_;
  SimulationResult result_;
  std::vector<history::Violation> broken_;

  std::unique_ptr<WatchedTransport> transport_;
  std::unique_ptr<ServerLife> life_;
  std::unique_ptr<WatchedTransport> rival_transport_;
  std::unique_ptr<Rival> rival_;
  // The freeze for which two processes share the store; null: one has it.
  const Incident* freeze_ = nullptr;
  bool has_frozen_ = false;    // `freeze_` may wait for a request.
  bool rival_leaves_ = false;  // Once it has nothing in flight.
  int64_t lives_ = 0;
  int64_t exchange_ = 0;
  int64_t seen_disk_faults_ = 0;
  int disk_troubles_ = 0;
  absl::Duration sync_time_;
  Random sync_random_;
  Random lag_random_;
  absl::Duration lag_end_;  // As Passed().
  int64_t calls_ = 0;
  int64_t seen_rows_ = 0;
  std::map<int64_t, bool> answered_;
  std::map<int, int> renames_;
  // Repositories whose number a call told, and those that the server knows.
  std::map<int64_t, int> numbers_told_;
  std::set<int> known_numbers_;
  // While a name changes hands, and afterwards.
  bool is_silent_ = false;
  bool is_anew_ = false;
  int anew_renames_ = 0;  // Renames of the former owner of the name, by then.

  std::map<std::pair<absl::Duration, int64_t>, std::function<void()>> events_;
  int64_t next_event_ = 0;
  int64_t turns_ = 0;
  bool is_calm_ = false;
  bool hot_ = false;
  absl::Time begin_;
  absl::Duration last_incident_;
};

}  // namespace

int64_t SimulationResult::FaultCount() const {
  int64_t count = 0;
  for (const auto& [name, times] : faults) count += times;
  return count;
}

SimulationResult Simulate(const Plan& plan) {
  return SimulatedWorld(plan).Run();
}

}  // namespace signalbox
