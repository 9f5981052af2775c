#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/simulation/explorer.h"
#include "tests/simulation/memory_disk.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/shrink.h"

namespace signalbox {
namespace {

constexpr int kReports = 200;

TEST(SimulationTest, TheSameSeedHasTheSameHistory) {
  for (const uint64_t seed : {3, 4, 5, 6}) {
    const Plan plan = DrawPlan(seed, kReports);
    EXPECT_EQ(Simulate(plan).fingerprint,
              Simulate(DrawPlan(seed, kReports)).fingerprint);
  }
  EXPECT_NE(Simulate(DrawPlan(3, kReports)).fingerprint,
            Simulate(DrawPlan(6, kReports)).fingerprint);
}

// A simulation in which nothing happens would find nothing.
TEST(SimulationTest, MuchHappensAndMuchGoesWrong) {
  history::Checked checked;
  std::set<std::string> faults;
  int64_t fault_count = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const SimulationResult result = Simulate(DrawPlan(seed, kReports));
    for (const history::Violation& violation : result.findings.violations) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.invariant << " "
                    << violation.what;
    }
    checked += result.findings.checked;
    fault_count += result.FaultCount();
    for (const auto& [name, count] : result.faults) {
      if (count > 0) faults.insert(name);
    }
  }
  EXPECT_GT(checked.acked, 20 * kReports / 2);
  EXPECT_GT(checked.posts, 500);
  EXPECT_GT(checked.crashes, 50);
  EXPECT_GT(fault_count, checked.acked / 20);
  for (const char* fault :
       {"kill", "power cut", "stopped at a write or sync", "disk full",
        "disk slow", "clock set", "repository renamed", "the process froze",
        "answer lost", "call lost", "call arrives twice", "GitHub: no answer",
        "GitHub: 502", "GitHub: 403", "GitHub: 401", "the shim does not work",
        "webhook sent again"}) {
    EXPECT_TRUE(faults.contains(fault)) << fault;
  }
}

// GitHub refuses a status until it is abandoned. Somebody retries it, and the
// process ends in that commit. If the retry took effect, GitHub may refuse it
// as often as before.
TEST(SimulationTest, ARetryWhoseAnswerIsLostMayHaveTakenEffect) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Plan plan;
    plan.seed = seed;
    plan.pace = DefaultPace("https://github.example.com/api/v3");
    plan.latency = absl::Milliseconds(20);
    plan.repositories = {"acme/r"};
    plan.statuses = {{0, std::string(40, 'a'), "ci/0"}};
    const auto add = [&plan](Incident::Kind kind,
                             absl::Duration at) -> Incident& {
      plan.incidents.emplace_back();
      plan.incidents.back().kind = kind;
      plan.incidents.back().at = at;
      return plan.incidents.back();
    };
    Fault& fault = add(Incident::Kind::kFault, absl::ZeroDuration()).fault;
    fault.name = "answer";
    fault.status = 422;
    fault.message = "Something is the matter";
    fault.target_contains = "/statuses/";
    fault.count = 100;
    Incident& report = add(Incident::Kind::kReport, absl::Seconds(1));
    report.number = 1;
    report.result = "success";
    report.attempt = 1;
    report.tries = 12;
    add(Incident::Kind::kDiskFault, absl::Minutes(30)).disk_fault =
        MemoryDisk::Fault::kKillAtSync;
    add(Incident::Kind::kRevive, absl::Minutes(30) + absl::Milliseconds(1));
    add(Incident::Kind::kLatency, absl::Minutes(60)).lasts =
        absl::Milliseconds(20);
    const SimulationResult result = Simulate(plan);
    EXPECT_EQ(result.findings.checked.crashes, 1);
    for (const history::Violation& violation : result.findings.violations) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.invariant << " "
                    << violation.what;
    }
  }
}

// A process stops with a report taken out, another one takes over and posts a
// newer report, and the first one goes on. If its request waits at the socket,
// nothing can keep it from GitHub, so it must be repaired.
TEST(SimulationTest, AProcessThatGoesOnAfterAnotherTookOverDoesNoHarm) {
  for (const bool at_socket : {false, true}) {
    SCOPED_TRACE(at_socket);
    Plan plan;
    plan.seed = 1;
    plan.pace = DefaultPace("https://github.example.com/api/v3");
    plan.latency = absl::Milliseconds(20);
    plan.repositories = {"acme/r"};
    plan.statuses = {{0, std::string(40, 'a'), "ci/0"}};
    const auto add = [&plan](Incident::Kind kind,
                             absl::Duration at) -> Incident& {
      plan.incidents.emplace_back();
      plan.incidents.back().kind = kind;
      plan.incidents.back().at = at;
      return plan.incidents.back();
    };
    const auto say = [&add](int number, absl::Duration at) {
      Incident& report = add(Incident::Kind::kReport, at);
      report.number = number;
      report.attempt = number;
      report.result = "success";
      report.tries = 12;
    };
    say(1, absl::Seconds(1));
    Incident& freeze = add(Incident::Kind::kFreeze, absl::Seconds(10));
    freeze.at_socket = at_socket;
    freeze.takeover = absl::Seconds(2);
    freeze.thaw = absl::Minutes(1);
    freeze.lasts = absl::Minutes(3);
    say(2, absl::Milliseconds(10'500));
    say(3, absl::Seconds(40));
    const SimulationResult result = Simulate(plan);
    for (const history::Violation& violation : result.findings.violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.what;
    }
    std::vector<std::string> applied;
    for (const history::Event& event : result.events) {
      const auto* const one = std::get_if<history::Applied>(&event);
      if (one != nullptr) applied.push_back(one->content.description);
    }
    std::vector<std::string> expected = {"report 1", "report 2", "report 3"};
    if (at_socket) {
      expected.push_back("report 2");
      expected.push_back("report 3");
    }
    EXPECT_EQ(applied, expected);
  }
}

// A webhook comes while the shim is away, and the server dies before it can
// look for the webhook. The next process finds it at GitHub.
TEST(SimulationTest, AWebhookThatWasMissedIsRecovered) {
  for (const auto hooked : {Plan::Hooked::kDelivered, Plan::Hooked::kPulled}) {
    SCOPED_TRACE(static_cast<int>(hooked));
    Plan plan;
    plan.seed = 1;
    plan.pace = DefaultPace("https://api.github.com");
    plan.latency = absl::Milliseconds(20);
    plan.repositories = {"acme/r"};
    plan.statuses = {{0, std::string(40, 'a'), Webhooks::kContext}};
    plan.hides_commits = false;
    plan.hooked = hooked;
    const auto add = [&plan](Incident::Kind kind,
                             absl::Duration at) -> Incident& {
      plan.incidents.emplace_back();
      plan.incidents.back().kind = kind;
      plan.incidents.back().at = at;
      return plan.incidents.back();
    };
    Incident& shim = add(Incident::Kind::kShim, absl::ZeroDuration());
    shim.shim = Webhooks::Shim::kIsAway;
    shim.lasts = absl::Minutes(20);
    add(Incident::Kind::kPush, absl::Minutes(10)).pull_request = 1;
    add(Incident::Kind::kStop, absl::Minutes(10) + absl::Seconds(1)).lasts =
        absl::Minutes(30);
    const SimulationResult result = Simulate(plan);
    for (const history::Violation& violation : result.findings.violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.what;
    }
    int applied = 0;
    for (const history::Event& event : result.events) {
      applied += std::holds_alternative<history::Applied>(event) ? 1 : 0;
    }
    // The pending, and its expiry six hours later.
    EXPECT_EQ(applied, 2);
  }
}

// Leaving incidents out of a plan does not change the others.
TEST(SimulationTest, APlanIsDrawnFromItsSeedAlone) {
  const Plan plan = DrawPlan(7, kReports);
  EXPECT_GE(plan.incidents.size(), static_cast<size_t>(kReports));
  EXPECT_TRUE(std::is_sorted(
      plan.incidents.begin(), plan.incidents.end(),
      [](const Incident& a, const Incident& b) { return a.at < b.at; }));
  EXPECT_EQ(plan.incidents.back().Line(),
            DrawPlan(7, kReports).incidents.back().Line());
}

TEST(ShrinkTest, LeavesWhatIsNeededToFail) {
  const Plan plan = DrawPlan(6, 40);
  ASSERT_GT(plan.incidents.size(), 30u);
  const uint64_t first = plan.incidents[7].seed;
  const uint64_t second = plan.incidents[25].seed;
  int runs = 0;
  const Plan shrunk = Shrink(plan, [&](const Plan& shorter) {
    ++runs;
    const auto has = [&](uint64_t seed) {
      return std::any_of(shorter.incidents.begin(), shorter.incidents.end(),
                         [&](const Incident& i) { return i.seed == seed; });
    };
    return has(first) && has(second);
  });
  ASSERT_EQ(shrunk.incidents.size(), 2u);
  EXPECT_EQ(shrunk.incidents[0].seed, first);
  EXPECT_EQ(shrunk.incidents[1].seed, second);
  EXPECT_LT(runs, 200);
}

TEST(ExplorerTest, GoesThroughASmallWorldWhole) {
  for (const int jobs : {1, 2}) {
    ExplorerScope scope;
    scope.keys = 1;
    scope.reports = 2;
    scope.crashes = 1;
    scope.losses = 1;
    scope.jobs = jobs;
    const ExplorerResult result = Explore(scope);
    EXPECT_EQ(result.violation, "");
    EXPECT_TRUE(result.is_complete);
    EXPECT_GT(result.states, 200);
    EXPECT_GT(result.transitions, result.states);
    EXPECT_GT(result.ends, 1);
  }
}

TEST(ExplorerTest, SaysWhenItsMemoryWasTooSmall) {
  ExplorerScope scope;
  scope.most_states = 20;
  EXPECT_FALSE(Explore(scope).is_complete);
}

}  // namespace
}  // namespace signalbox
