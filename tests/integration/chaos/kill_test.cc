// The server is killed again and again, while farms, webhooks and people report
// and while it starts. It must lose nothing that it acked.
//
// Short unless the environment says otherwise:
//   SIGNALBOX_CHAOS_ROUNDS   kills [5]; half as many more come at a start
//   SIGNALBOX_CHAOS_REPORTS  acked reports, at least [3000]
//   SIGNALBOX_CHAOS_KEYS     statuses in the database beforehand [1000]
//   SIGNALBOX_CHAOS_SEED     of all that is random [the clock's]
//   SIGNALBOX_CHAOS_JSON     a file to which the figures go, a line of JSON
// The figures that the project wants to keep come from
//   SIGNALBOX_CHAOS_ROUNDS=2000 SIGNALBOX_CHAOS_REPORTS=250000
//   SIGNALBOX_CHAOS_KEYS=100000

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/bench/percentile.h"
#include "tests/integration/chaos/chaos_world.h"

namespace signalbox {
namespace {

// Rounds between two checks of the server and GitHub.
constexpr int64_t kRoundsPerGeneration = 25;
constexpr absl::Duration kReadyTarget = absl::Seconds(2);

struct Figures {
  uint64_t seed = 0;
  int64_t keys = 0;
  int64_t rounds = 0;
  int64_t kills_at_start = 0;
  int64_t shim_kills = 0;
  int64_t violations = 0;
  history::Checked checked;
  std::vector<double> ready_ms;

  std::string Line() const {
    nlohmann::ordered_json line = {
        {"suite", "kill"},
        {"seed", seed},
        {"keys_before", keys},
        {"kills", rounds},
        {"kills_at_start", kills_at_start},
        {"shim_kills", shim_kills},
        {"acked", checked.acked},
        {"recorded", checked.recorded},
        {"statuses", checked.statuses},
        {"applied_at_github", checked.posts},
        {"violations", violations},
        {"ready_ms_p50", Percentile(ready_ms, 0.5)},
        {"ready_ms_p99", Percentile(ready_ms, 0.99)},
        {"ready_ms_max", Percentile(ready_ms, 1)},
    };
    return line.dump();
  }
};

TEST(KillTest, LosesNothingAcked) {
  Figures figures;
  figures.seed = ChaosSeed();
  figures.keys = NumberFromEnvironment("SIGNALBOX_CHAOS_KEYS", 1000);
  const int64_t rounds = NumberFromEnvironment("SIGNALBOX_CHAOS_ROUNDS", 5);
  const int64_t reports =
      NumberFromEnvironment("SIGNALBOX_CHAOS_REPORTS", 3000);
  ASSERT_GT(rounds, 0);
  std::mt19937_64 random(figures.seed);

  ChaosWorld world({});
  world.StartServer(nullptr);
  world.StartShim();
  world.Fill(figures.keys);
  while (figures.rounds < rounds && !HasFailure()) {
    history::History history;
    Load load(world.LoadOptions(random()), &history);
    const int64_t last =
        std::min(rounds, figures.rounds + kRoundsPerGeneration);
    while (figures.rounds < last && !HasFailure()) {
      const int64_t wanted = reports / rounds;
      EXPECT_TRUE(load.WaitForAcked(
          wanted / 2 + static_cast<int64_t>(random() % (wanted + 1)) + 1));
      absl::SleepFor(absl::Microseconds(random() % 30'000));
      if (figures.rounds % 3 == 1) {
        world.KillShim();
        world.StartShim();
        ++figures.shim_kills;
      }
      world.KillServer(&history);
      ++figures.rounds;
      // Now and then kills it as it starts: its first steps take longest.
      while (random() % 3 == 0) {
        const double ready =
            figures.ready_ms.empty() ? 50 : figures.ready_ms.back();
        const double part = static_cast<double>(random() % 1000) / 1000;
        world.KillServerWhileItStarts(absl::Milliseconds(ready * part * 1.2),
                                      &history);
        ++figures.kills_at_start;
      }
      figures.ready_ms.push_back(
          absl::ToDoubleMilliseconds(world.StartServer(&history)));
    }
    const bool is_last = figures.rounds >= rounds;
    const int64_t missing = reports - figures.checked.acked - load.acked();
    if (is_last && missing > 0) {
      EXPECT_TRUE(load.WaitForAcked(missing));
    }
    load.Stop();
    const history::Findings found = world.CheckEnd(load, &history);
    figures.checked += found.checked;
    figures.violations += static_cast<int64_t>(found.violations.size());
  }
  world.CheckFilled();
  world.ExpectGoodConduct();

  EXPECT_GE(figures.checked.acked, reports);
  EXPECT_EQ(figures.checked.crashes, figures.rounds + figures.kills_at_start);
  EXPECT_GT(figures.checked.posts, 0);
  EXPECT_LE(Percentile(figures.ready_ms, 0.5),
            absl::ToDoubleMilliseconds(kReadyTarget));
  std::printf("%s\n", figures.Line().c_str());
  if (const char* const file = std::getenv("SIGNALBOX_CHAOS_JSON")) {
    std::ofstream(file, std::ios::app) << figures.Line() << "\n";
  }
}

}  // namespace
}  // namespace signalbox
