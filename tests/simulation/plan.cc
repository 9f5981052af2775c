#include "tests/simulation/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/simulation/random.h"

namespace signalbox {
namespace {

using Kind = Incident::Kind;

constexpr const char* kResults[] = {"success",   "failure", "error",
                                    "cancelled", "skipped", "timed_out",
                                    "neutral"};

// Every kWornEvery-th seed uses up one status with kWornReports pendings: more
// than the 950 statuses after which pendings stop, and fewer than the 1,000
// reports that a history keeps.
constexpr uint64_t kWornEvery = 101;
constexpr int kWornReports = 980;

// In every kHookedEvery-th seed, the server recovers webhooks.
constexpr uint64_t kHookedEvery = 5;

// In every kQuietEvery-th seed, almost nothing happens.
constexpr uint64_t kQuietEvery = 4;

class Draft {
 public:
  Draft(uint64_t seed, int reports) : random_(seed), reports_(reports) {
    plan_.seed = seed;
  }

  Plan Draw() {
    if (plan_.seed % kWornEvery == 0) return DrawWorn();
    if (plan_.seed % kHookedEvery == 0) return DrawHooked();
    if (plan_.seed % kQuietEvery == 0) return DrawQuiet();
    DrawWorld();
    while (report_count_ < reports_) DrawLife(PickStatus());
    DrawTrouble();
    if (random_.OneIn(4)) DrawAnew();
    if (random_.OneIn(3)) DrawFreeze();
    SortIncidents();
    return std::move(plan_);
  }

 private:
  void SortIncidents() {
    std::stable_sort(
        plan_.incidents.begin(), plan_.incidents.end(),
        [](const Incident& a, const Incident& b) { return a.at < b.at; });
  }

  // One status with more reports than GitHub accepts.
  Plan DrawWorn() {
    plan_.pace = DefaultPace("https://github.example.com/api/v3");
    plan_.latency = absl::Milliseconds(20);
    plan_.repositories = {"acme/worn"};
    plan_.statuses.push_back({0, absl::StrFormat("%040x", 1), "ci/worn"});
    for (int i = 0; i < kWornReports; ++i) {
      Say(0, absl::Seconds(2) * i).tries = 1;
    }
    return std::move(plan_);
  }

  // Some pendings, and about when the last one becomes due, a call that lets
  // the poster look. Nothing else happens then, so that nothing wakes the
  // poster again if it has missed that pending.
  Plan DrawQuiet() {
    plan_.pace = DefaultPace("https://github.example.com/api/v3");
    plan_.latency =
        random_.Between(absl::Milliseconds(1), absl::Milliseconds(100));
    plan_.pending_settle = absl::Milliseconds(300);
    plan_.repositories = {"acme/quiet"};
    plan_.hides_commits = false;
    const int64_t pendings = random_.Between(2, 4);
    absl::Duration at;
    for (int i = 0; i < pendings; ++i) {
      plan_.statuses.push_back(
          {0, absl::StrFormat("%040x", 1), absl::StrCat("ci/", i)});
      Incident& pending = Say(i, at);
      pending.goes_well = true;
      pending.expires_after = absl::InfiniteDuration();
      at += random_.Between(absl::Seconds(20), absl::Minutes(5));
    }
    Add(Kind::kRevive,
        plan_.incidents.back().at + plan_.pending_settle +
            random_.Between(absl::ZeroDuration(), absl::Milliseconds(5)))
        .status = 0;
    return std::move(plan_);
  }

  // A world of pull requests, whose webhooks do not all arrive.
  Plan DrawHooked() {
    plan_.hooked =
        random_.OneIn(2) ? Plan::Hooked::kPulled : Plan::Hooked::kDelivered;
    plan_.hides_commits = false;
    plan_.pace = DefaultPace("https://api.github.com");
    plan_.hourly_limit = random_.OneIn(3) ? 1000 : 5000;
    plan_.latency =
        random_.Between(absl::Milliseconds(5), absl::Milliseconds(900));
    plan_.pending_settle = absl::Milliseconds(random_.OneIn(3) ? 0 : 300);
    if (random_.OneIn(3)) {
      plan_.list_lag = random_.Between(absl::Seconds(1), absl::Minutes(4));
    }
    length_ = random_.Between(absl::Minutes(20), absl::Hours(3));
    const int64_t repositories = random_.Between(1, 3);
    for (int r = 0; r < repositories; ++r) {
      plan_.repositories.push_back(absl::StrCat("acme/r", r));
      const int64_t pulls = random_.Between(1, 4);
      for (int pull = 0; pull <= pulls; ++pull) DrawPull(r, pull);
      if (random_.OneIn(2)) {
        Incident& noise = Add(Kind::kNoise, AnyTime());
        noise.repository = r;
        noise.count = static_cast<int>(random_.Between(60, 250));
      }
    }
    DrawMissing();
    SortIncidents();
    return std::move(plan_);
  }

  // A pull request gets some heads, one after the other; number 0: a branch.
  void DrawPull(int repository, int number) {
    const int64_t heads = random_.Between(1, 4);
    for (int head = 0; head < heads; ++head) {
      const int status = static_cast<int>(plan_.statuses.size());
      plan_.statuses.push_back({repository,
                                absl::StrFormat("%040x", status + 1),
                                Webhooks::kContext});
      attempts_.push_back({0});
      const absl::Duration at = AnyTime();
      Incident& push = Add(Kind::kPush, at);
      push.status = status;
      push.pull_request = number;
      // A hook of somebody else's sends the same, or a person presses a button.
      if (random_.OneIn(6)) {
        plan_.incidents.push_back(plan_.incidents.back());
        plan_.incidents.back().at += Soon();
      }
      if (!random_.OneIn(3)) continue;
      Say(status, at + Soon()).attempt = ++attempts_[status].front();
      if (random_.OneIn(2)) continue;
      Incident& result = Say(status, at + Soon() + absl::Minutes(1));
      result.attempt = attempts_[status].front();
      result.result = kResults[random_.Below(7)];
    }
  }

  // What keeps webhooks from arriving, and recovery from finding them.
  void DrawMissing() {
    if (plan_.hooked == Plan::Hooked::kPulled && random_.OneIn(2)) {
      DrawUnreadable();
    }
    const int64_t troubles = random_.Between(4, 24);
    for (int64_t i = 0; i < troubles; ++i) {
      switch (random_.Below(8)) {
        case 0:
        case 1:
        case 2: {
          constexpr Webhooks::Shim kShims[] = {
              Webhooks::Shim::kIsAway, Webhooks::Shim::kFails,
              Webhooks::Shim::kRefuses, Webhooks::Shim::kLosesAnswers};
          Incident& shim = Add(Kind::kShim, AnyTime());
          shim.shim = kShims[random_.Below(4)];
          shim.lasts = random_.Between(
              absl::Seconds(10), absl::Minutes(random_.OneIn(3) ? 120 : 20));
          break;
        }
        case 3:
        case 4:
          DrawFaultOfQuestions();
          break;
        case 5: {
          Incident& stop = DrawStop();
          stop.lasts = random_.Between(
              absl::Milliseconds(50), absl::Minutes(random_.OneIn(3) ? 40 : 1));
          break;
        }
        case 6:
          Add(Kind::kUnreachable, AnyTime()).lasts =
              random_.Between(absl::Seconds(1), absl::Minutes(20));
          break;
        case 7:
          if (random_.OneIn(2)) return DrawFailedSync();
          DrawLatency();
          break;
      }
    }
  }

  // GitHub fails to return some delivery, while it lists others, for so long
  // that the server turns to those. Then the server dies.
  void DrawUnreadable() {
    const absl::Duration at = AnyTime();
    Fault& fault = Add(Kind::kFault, at).fault;
    fault.name = "server_error_json";
    fault.count = static_cast<int>(random_.Between(20, 60));
    fault.target_contains = "/deliveries/";
    Incident& stop = Add(
        Kind::kStop, at + random_.Between(absl::Minutes(8), absl::Minutes(40)));
    stop.lasts = absl::Seconds(1);
  }

  // GitHub does not answer a question, or not well. It never refuses one: then
  // the server may give a webhook up.
  void DrawFaultOfQuestions() {
    constexpr std::array<const char*, 14> kNames = {"server_error_html",
                                                    "server_error_json",
                                                    "slow",
                                                    "hang",
                                                    "apply_late",
                                                    "reset_after_apply",
                                                    "reset_before_apply",
                                                    "reset_after_apply",
                                                    "primary_limit_403",
                                                    "primary_limit_429",
                                                    "secondary_limit",
                                                    "secondary_limit_bare",
                                                    "unauthorized",
                                                    "answer"};
    Fault& fault = Add(Kind::kFault, AnyTime()).fault;
    fault.name = kNames[random_.Below(kNames.size())];
    fault.count =
        static_cast<int>(random_.OneIn(3) ? random_.Between(2, 8) : 1);
    fault.seconds = static_cast<int>(
        random_.Between(1, fault.name == "apply_late" ? 10 : 600));
    constexpr const char* kTargets[] = {"", "/hooks", "/deliveries",
                                        "/attempts", "/statuses/"};
    fault.target_contains = kTargets[random_.Below(5)];
    if (fault.name != "answer") return;
    // A list that ends in the middle.
    fault.target_contains = "/deliveries?";
    fault.status = 200;
    fault.body = "[{\"id\": 1, \"guid\": \"a\"";
  }

  void DrawWorld() {
    const bool limited = random_.OneIn(2);
    plan_.pace = DefaultPace(limited ? "https://api.github.com"
                                     : "https://github.example.com/api/v3");
    constexpr int kLimits[] = {5000, 5000, 1000, 200, 60};
    plan_.hourly_limit = kLimits[random_.Below(5)];
    plan_.latency =
        random_.Between(absl::Milliseconds(5), absl::Milliseconds(900));
    plan_.pending_settle = absl::Milliseconds(random_.OneIn(3) ? 0 : 300);
    length_ = random_.Between(absl::Minutes(10), absl::Hours(3));
    const int64_t repositories = random_.Between(1, 4);
    const int64_t commits = random_.Between(1, 5);
    const int64_t contexts = random_.Between(1, 4);
    // Two differ only in a letter beyond ASCII, which has no case.
    constexpr const char* kContexts[] = {"ci/0", "ci/\u00dc", "ci/\u00fc",
                                         "ci/\u65e5\u672c"};
    for (int r = 0; r < repositories; ++r) {
      plan_.repositories.push_back(absl::StrCat("acme/r", r));
      for (int c = 0; c < commits; ++c) {
        const std::string sha = absl::StrFormat("%040x", 16 * (r + 1) + c);
        for (int x = 0; x < contexts; ++x) {
          plan_.statuses.push_back({r, sha, kContexts[x]});
        }
      }
    }
    // Some statuses get many more reports than others.
    if (random_.OneIn(4)) hot_ = 1 + static_cast<int>(random_.Below(2));
    attempts_.resize(plan_.statuses.size());
    // Some statuses have two or three counters, as of two jobs.
    for (size_t i = 0; i < plan_.statuses.size(); ++i) {
      attempts_[i].resize(random_.OneIn(3) ? random_.Between(2, 3) : 1);
    }
    moves_ = random_.OneIn(6);
  }

  void DrawLatency() {
    Add(Kind::kLatency, AnyTime()).lasts = random_.Between(
        absl::Milliseconds(1), absl::Seconds(random_.OneIn(4) ? 14 : 2));
  }

  // The caller draws how long it lasts.
  Incident& DrawStop() {
    Incident& stop = Add(Kind::kStop, AnyTime());
    stop.power_cut = random_.OneIn(2);
    return stop;
  }

  int PickStatus() {
    const auto count = static_cast<int64_t>(plan_.statuses.size());
    const bool hot = hot_ > 0 && !random_.OneIn(4);
    return static_cast<int>(
        random_.Below(hot ? std::min<int64_t>(hot_, count) : count));
  }

  Incident& Add(Kind kind, absl::Duration at) {
    Incident& incident = plan_.incidents.emplace_back();
    incident.kind = kind;
    incident.at = at;
    incident.seed = random_.Next();
    return incident;
  }

  absl::Duration AnyTime() {
    return random_.Between(absl::ZeroDuration(), length_);
  }

  Incident& Say(int status, absl::Duration at) {
    ++report_count_;
    Incident& incident = Add(Kind::kReport, at);
    incident.status = status;
    incident.number = ++numbers_;
    incident.tries = random_.OneIn(20) ? 1 : 12;
    return incident;
  }

  // The same report again, from a farm that is not sure.
  void Repeat(absl::Duration later) {
    ++report_count_;
    Incident again = plan_.incidents.back();
    again.at += later;
    again.seed = random_.Next();
    plan_.incidents.push_back(std::move(again));
  }

  absl::Duration Soon() {
    return random_.Between(absl::Milliseconds(1), absl::Seconds(40));
  }

  // A run of a context on a commit, from its webhook to its end, with what can
  // happen on the way.
  void DrawLife(int status) {
    absl::Duration at = AnyTime();
    if (random_.OneIn(3)) {
      Say(status, at).delivery = ++deliveries_;
      plan_.incidents.back().rerun = random_.OneIn(6);
      if (random_.OneIn(4)) Repeat(Soon());
      at += Soon();
    }
    const bool numbered = !random_.OneIn(4);
    std::vector<int64_t>& series = attempts_[status];
    const int64_t which = random_.Below(static_cast<int64_t>(series.size()));
    int64_t& newest = series[which];
    if (numbered && !random_.OneIn(8)) newest += random_.Between(1, 3);
    int64_t attempt = numbered ? std::max<int64_t>(newest, 1) : 0;
    newest = std::max(newest, attempt);
    if (attempt > 1 && random_.OneIn(12)) --attempt;  // An old run, late.

    const bool dies = random_.OneIn(8);
    const auto say = [&](absl::Duration when) -> Incident& {
      Incident& incident = Say(status, when);
      incident.attempt = attempt;
      if (attempt > 0 && which > 0) {
        incident.series = absl::StrCat("series ", which);
      }
      incident.newest_text_wins = incident.seed % 3 == 0;
      return incident;
    };
    Incident& pending = say(at);
    pending.rerun = random_.OneIn(15);
    if (dies) {
      pending.expires_after =
          random_.Between(absl::Minutes(1), absl::Minutes(20));
    }
    if (pending.seed % 4 == 1) {
      pending.expires_after = absl::InfiniteDuration();
    }
    if (random_.OneIn(6)) Repeat(Soon());
    if (random_.OneIn(8)) say(at + Soon());
    if (dies) return;

    // A result can overtake its pending.
    at += random_.OneIn(12) ? -std::min(at, Soon())
          : random_.OneIn(2)
              ? Soon()
              : random_.Between(absl::Seconds(1), absl::Minutes(15));
    say(at).result = kResults[random_.OneIn(2) ? 0 : random_.Below(7)];
    if (random_.OneIn(6)) Repeat(Soon());
    // Shards of one run end separately.
    while (random_.OneIn(8)) {
      say(at + Soon()).result = kResults[random_.Below(7)];
    }
  }

  void DrawTrouble() {
    for (int move = 0; moves_ && move < 12; ++move) DrawMove();
    const int64_t troubles = reports_ / random_.Between(6, 16);
    for (int64_t i = 0; i < troubles; ++i) {
      switch (random_.Below(12)) {
        case 0:
        case 1:
        case 2:
        case 3:
          DrawFault();
          break;
        case 4:
          DrawLatency();
          break;
        case 5:
          Add(Kind::kUnreachable, AnyTime()).lasts =
              random_.Between(absl::Seconds(1), absl::Minutes(3));
          break;
        case 6:
        case 7: {
          Incident& stop = DrawStop();
          stop.lasts =
              random_.Between(absl::Milliseconds(50), absl::Seconds(30));
          break;
        }
        case 8:
        case 9: {
          constexpr MemoryDisk::Fault kFaults[] = {
              MemoryDisk::Fault::kFull,      MemoryDisk::Fault::kWriteError,
              MemoryDisk::Fault::kSyncError, MemoryDisk::Fault::kKill,
              MemoryDisk::Fault::kPowerCut,  MemoryDisk::Fault::kPowerCut};
          Incident& fault = Add(Kind::kDiskFault, AnyTime());
          fault.disk_fault = kFaults[random_.Below(6)];
          fault.operations =
              static_cast<int>(random_.Below(random_.OneIn(3) ? 200 : 12));
          break;
        }
        case 10:
          DrawRare();
          break;
        case 11: {
          Incident& revive = Add(Kind::kRevive, AnyTime());
          revive.status = PickStatus();
          break;
        }
      }
    }
  }

  // A repository is renamed, and a request that GitHub redirects there is lost.
  void DrawMove() {
    const absl::Duration at = AnyTime();
    const int status = PickStatus();
    Add(Kind::kRename, at).repository = plan_.statuses[status].repository;
    Add(Kind::kLatency, at).lasts =
        random_.Between(absl::Seconds(1), absl::Seconds(5));
    constexpr const char* kLosses[] = {"server_error_html", "hang",
                                       "reset_before_apply", "apply_late"};
    Fault& fault = Add(Kind::kFault, at).fault;
    fault.name = kLosses[random_.Below(4)];
    fault.seconds = static_cast<int>(random_.Between(1, 10));
    fault.target_contains = "/repositories/";
    Incident& result = Say(status, at + absl::Milliseconds(50));
    attempts_[status][0] += 3;
    result.attempt = attempts_[status][0];
    result.result = "success";
    if (random_.OneIn(2)) {
      Add(Kind::kStop, at + random_.Between(absl::Seconds(3), absl::Seconds(9)))
          .lasts = absl::Seconds(1);
    }
  }

  // A repository is renamed, and a new one gets its name and commits. Late
  // webhooks arrive for the old one.
  void DrawAnew() {
    plan_.made_anew = PickRepository();
    const absl::Duration at = random_.Between(absl::Minutes(1), length_ / 2);
    Add(Kind::kAnew, at).repository = plan_.made_anew;
    const auto anew = static_cast<int>(plan_.repositories.size());
    plan_.repositories.push_back("acme/anew");
    const size_t statuses = plan_.statuses.size();
    for (size_t i = 0; i < statuses; ++i) {
      Plan::Status status = plan_.statuses[i];
      if (status.repository != plan_.made_anew) continue;
      const auto former = static_cast<int>(i);
      status.repository = anew;
      plan_.statuses.push_back(status);
      attempts_.push_back({0});
      const auto later = static_cast<int>(plan_.statuses.size()) - 1;
      absl::Duration when = at;
      for (int life = 0; life < 3; ++life) {
        when += random_.Between(absl::Minutes(1), absl::Minutes(8));
        Say(later, when).delivery = ++deliveries_;
        Say(former, when + Soon()).delivery = ++deliveries_;
        Incident& result = Say(later, when + Soon());
        result.attempt = ++attempts_[later].front();
        result.result = kResults[random_.Below(7)];
        Incident& other = Say(former, when + Soon());
        other.attempt = attempts_[former].front() += 3;
        other.result = kResults[random_.Below(7)];
      }
    }
  }

  // The process stops with some reports taken out, and newer ones come while
  // another process posts. Half of the time this is the end of the story, so
  // that no later report repairs what went wrong.
  void DrawFreeze() {
    const absl::Duration at = random_.OneIn(2) ? length_ : AnyTime();
    const absl::Duration takeover =
        random_.Between(absl::Seconds(1), absl::Seconds(8));
    const absl::Duration thaw =
        random_.Between(absl::Minutes(1), absl::Minutes(3));
    Incident& freeze = Add(Kind::kFreeze, at);
    freeze.at_socket = random_.OneIn(2);
    freeze.takeover = takeover;
    freeze.thaw = thaw;
    freeze.lasts = thaw + random_.Between(absl::Minutes(1), absl::Minutes(3));
    for (int i = 0; i < 3; ++i) {
      const int status = PickStatus();
      const auto say = [&](absl::Duration when) {
        Incident& result = Say(status, when);
        result.attempt = ++attempts_[status].front();
        result.result = kResults[random_.Below(7)];
      };
      say(at + random_.Between(absl::ZeroDuration(), takeover));
      if (!random_.OneIn(4)) {
        say(at + random_.Between(takeover + absl::Seconds(5),
                                 thaw - absl::Seconds(15)));
      }
      if (random_.OneIn(2)) say(at + thaw + Soon());
    }
  }

  // The machine sleeps with requests under way for longer than a lease.
  void DrawSleep() {
    const absl::Duration at = AnyTime() + absl::Seconds(10);
    Fault& fault = Add(Kind::kFault, at - absl::Seconds(5)).fault;
    fault.name = "apply_late";
    fault.count = 3;
    fault.seconds = 8;
    for (int i = 0; i < 3; ++i) {
      Say(PickStatus(), at - absl::Seconds(4)).result =
          kResults[random_.Below(7)];
    }
    Add(Kind::kClockSet, at).lasts =
        random_.Between(absl::Seconds(15), absl::Minutes(2));
  }

  // A sync fails, and the process ends. The next one reads data that are not
  // all durable. The power fails while it starts, or soon after.
  void DrawFailedSync() {
    const absl::Duration at = AnyTime();
    Incident& failure = Add(Kind::kDiskFault, at);
    failure.disk_fault = MemoryDisk::Fault::kSyncError;
    failure.operations = static_cast<int>(random_.Below(4));
    const int status = PickStatus();
    attempts_[status][0]++;
    Incident& pending = Say(status, at + absl::Milliseconds(1));
    pending.attempt = attempts_[status][0];
    if (random_.OneIn(3)) {
      Incident& stop = Add(
          Kind::kStop,
          at + random_.Between(absl::Milliseconds(1400), absl::Seconds(14)));
      stop.power_cut = true;
      stop.lasts = absl::Seconds(1);
      return;
    }
    Incident& cut = Add(Kind::kDiskFault, at + absl::Milliseconds(900));
    cut.disk_fault = MemoryDisk::Fault::kPowerCut;
    cut.operations = static_cast<int>(random_.Below(60));
  }

  void DrawRare() {
    switch (random_.Below(8)) {
      case 0:
        if (random_.OneIn(3)) return DrawSleep();
        Add(Kind::kClockSet, AnyTime()).lasts =
            random_.OneIn(2)
                ? random_.Between(-absl::Hours(1), absl::Hours(1))
                : random_.Between(-absl::Minutes(2), absl::Minutes(2));
        return;
      case 1:
        Add(Kind::kRename, AnyTime()).repository = PickRepository();
        return;
      case 2:
        Add(Kind::kUnwritable, AnyTime()).repository = PickRepository();
        plan_.incidents.back().lasts =
            random_.Between(absl::Seconds(10), absl::Minutes(10));
        return;
      case 3:
        Add(Kind::kDiskFull, AnyTime()).lasts =
            random_.Between(absl::Seconds(1), absl::Minutes(2));
        return;
      case 4: {
        Incident& slow = Add(Kind::kDiskSlow, AnyTime());
        slow.lasts = random_.Between(absl::Seconds(5), absl::Minutes(3));
        slow.sync_time = random_.Between(
            absl::Milliseconds(50), absl::Seconds(random_.OneIn(2) ? 6 : 1));
        return;
      }
      default:
        // Few of them end in the one state that loses commits.
        return DrawFailedSync();
    }
  }

  int PickRepository() {
    return static_cast<int>(
        random_.Below(static_cast<int64_t>(plan_.repositories.size())));
  }

  void DrawFault() {
    constexpr std::array<const char*, 22> kNames = {"server_error_html",
                                                    "server_error_json",
                                                    "slow",
                                                    "hang",
                                                    "apply_late",
                                                    "reset_after_apply",
                                                    "reset_before_apply",
                                                    "bad_json",
                                                    "primary_limit_403",
                                                    "primary_limit_429",
                                                    "secondary_limit",
                                                    "secondary_limit_bare",
                                                    "abuse_limit",
                                                    "unauthorized",
                                                    "forbidden",
                                                    "redirect_elsewhere",
                                                    "redirect_loop",
                                                    "answer",
                                                    "apply_late",
                                                    "reset_after_apply",
                                                    "hang",
                                                    "server_error_html"};
    Fault& fault = Add(Kind::kFault, AnyTime()).fault;
    fault.name = kNames[random_.Below(kNames.size())];
    fault.count =
        static_cast<int>(random_.OneIn(4) ? random_.Between(2, 8) : 1);
    fault.seconds =
        static_cast<int>(random_.Between(1, random_.OneIn(3) ? 900 : 60));
    // GitHub drops a request after 10 s.
    if (fault.name == "apply_late")
      fault.seconds = static_cast<int>(random_.Between(1, 10));
    if (random_.OneIn(3)) {
      fault.target_contains =
          absl::StrCat("/repos/", plan_.repositories[PickRepository()], "/");
    }
    if (fault.name == "redirect_elsewhere")
      fault.location = "https://elsewhere.example";
    if (fault.name == "answer") {
      constexpr int kStatuses[] = {404, 410, 422, 451, 503, 400, 408};
      fault.status = kStatuses[random_.Below(7)];
      fault.message = "Something is the matter";
    }
  }

  Random random_;
  const int reports_;
  Plan plan_;
  absl::Duration length_;
  int hot_ = 0;
  bool moves_ = false;  // Repositories are often renamed.
  int report_count_ = 0;
  int numbers_ = 0;
  int deliveries_ = 0;
  // The newest attempts of each status, by series.
  std::vector<std::vector<int64_t>> attempts_;
};

}  // namespace

std::string Incident::Line() const {
  const std::string when = absl::StrCat("at ", absl::FormatDuration(at), " ");
  switch (kind) {
    case Kind::kReport:
      return absl::StrCat(
          when, "report ", number, " of status ", status, ": ",
          result.empty() ? "pending" : result, " attempt ", attempt,
          series.empty() ? "" : absl::StrCat(" of ", series),
          rerun ? ", rerun" : "",
          newest_text_wins ? ", the newest text wins" : "",
          expires_after == absl::InfiniteDuration() ? ", never expires" : "",
          delivery != 0 ? absl::StrCat(", delivery ", delivery) : "",
          ", up to ", tries, " tries");
    case Kind::kFault:
      return absl::StrCat(when, "GitHub: ", fault.name, " x ", fault.count,
                          ", seconds ", fault.seconds, ", status ",
                          fault.status, " ", fault.target_contains);
    case Kind::kLatency:
      return absl::StrCat(when, "GitHub answers after ",
                          absl::FormatDuration(lasts));
    case Kind::kUnreachable:
      return absl::StrCat(when, "no way to GitHub for ",
                          absl::FormatDuration(lasts));
    case Kind::kStop:
      return absl::StrCat(when, power_cut ? "power cut" : "kill", ", back in ",
                          absl::FormatDuration(lasts));
    case Kind::kDiskFault:
      return absl::StrCat(when, "disk fault ", static_cast<int>(disk_fault),
                          " after ", operations, " operations");
    case Kind::kDiskFull:
      return absl::StrCat(when, "disk full for ", absl::FormatDuration(lasts));
    case Kind::kDiskSlow:
      return absl::StrCat(when, "syncs take up to ",
                          absl::FormatDuration(sync_time), " for ",
                          absl::FormatDuration(lasts));
    case Kind::kClockSet:
      return absl::StrCat(when, "clock set by ", absl::FormatDuration(lasts));
    case Kind::kRename:
      return absl::StrCat(when, "repository ", repository, " is renamed");
    case Kind::kAnew:
      return absl::StrCat(when, "repository ", repository,
                          " is renamed, and made anew");
    case Kind::kUnwritable:
      return absl::StrCat(when, "repository ", repository,
                          " cannot be written for ",
                          absl::FormatDuration(lasts));
    case Kind::kRevive:
      return absl::StrCat(when, "status ", status, " is to be tried again");
    case Kind::kFreeze:
      return absl::StrCat(
          when, "the process stops", at_socket ? " at a socket" : "",
          "; another takes over after ", absl::FormatDuration(takeover),
          "; it goes on after ", absl::FormatDuration(thaw),
          "; the other leaves after ", absl::FormatDuration(lasts));
    case Kind::kPush:
      return absl::StrCat(when, "status ", status, "'s commit is the head of ",
                          pull_request == 0
                              ? "a branch"
                              : absl::StrCat("pull request ", pull_request));
    case Kind::kShim:
      return absl::StrCat(when, "the shim behaves as ", static_cast<int>(shim),
                          " for ", absl::FormatDuration(lasts));
    case Kind::kNoise:
      return absl::StrCat(when, count, " unused deliveries of repository ",
                          repository);
  }
  return when;
}

Plan DrawPlan(uint64_t seed, int reports) {
  return Draft(seed, reports).Draw();
}

}  // namespace signalbox
