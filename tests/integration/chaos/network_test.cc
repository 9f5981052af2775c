// Programs stop for a while and networks are bad, under load. Nothing acked may
// be lost, and GitHub must show the newest reports in the end.
//
// SIGNALBOX_CHAOS_SEED sets what is random [the clock's];
// SIGNALBOX_CHAOS_ROUNDS how often a network changes for the worse [15].

#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/integration/chaos/chaos_world.h"

namespace signalbox {
namespace {

using Direction = FaultProxy::Direction;

// A request to GitHub has its effect within 10 s or never. So a proxy must drop
// a request that it holds back longer than this.
constexpr absl::Duration kGitHubGivesUp = absl::Seconds(10);

class NetworkTest : public testing::Test {
 protected:
  void Start(ChaosWorld::Options options) {
    world_ = std::make_unique<ChaosWorld>(std::move(options));
    world_->StartServer(nullptr);
    world_->StartShim();
    load_ = std::make_unique<Load>(world_->LoadOptions(random_()), &history_);
    ASSERT_TRUE(load_->WaitForAcked(200));
  }

  void End() {
    ASSERT_TRUE(load_->WaitForAcked(200));
    load_->Stop();
    world_->CheckEnd(*load_, &history_, absl::Seconds(90));
    world_->ExpectGoodConduct();
  }

  void Pause(Process* process, absl::Duration duration) {
    process->Signal(SIGSTOP);
    absl::SleepFor(duration);
    process->Signal(SIGCONT);
  }

  void OrderFault(const nlohmann::json& fault) {
    httplib::Client client(world_->simulator_url());
    const auto answer =
        client.Post("/_simulator/faults", fault.dump(), "application/json");
    ASSERT_TRUE(answer && answer->status == 201);
  }

  int64_t Random(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  // Makes the network bad, again and again in another way. `lasting`: the
  // longest time for which nothing passes.
  void Trouble(FaultProxy* proxy, absl::Duration lasting) {
    const int64_t rounds = NumberFromEnvironment("SIGNALBOX_CHAOS_ROUNDS", 15);
    for (int64_t round = 0; round < rounds; ++round) {
      const int64_t kind = round < 6 ? round : Random(0, 5);
      switch (kind) {
        case 0:
          proxy->ResetAll();
          break;
        case 1:
          proxy->CutAfter(Direction::kToTarget, Random(0, 20'000));
          break;
        case 2:
          proxy->CutAfter(Direction::kFromTarget, Random(0, 20'000));
          break;
        case 3:
          proxy->Delay(absl::Milliseconds(Random(10, 400)));
          break;
        case 4:
          proxy->Blackhole();
          absl::SleepFor(absl::Milliseconds(
              Random(0, absl::ToInt64Milliseconds(lasting))));
          if (Random(0, 1) == 0) proxy->CloseAll();
          break;
        case 5:
          proxy->Refuse();
          proxy->ResetAll();
          break;
      }
      absl::SleepFor(absl::Milliseconds(Random(50, 600)));
      proxy->Heal();
      absl::SleepFor(absl::Milliseconds(Random(0, 200)));
    }
    EXPECT_GT(proxy->broken_count(), 0);
  }

  std::mt19937_64 random_{ChaosSeed()};
  history::History history_;
  std::unique_ptr<ChaosWorld> world_;
  std::unique_ptr<Load> load_;
};

TEST_F(NetworkTest, FarmsAndShimReachTheServerOverABadNetwork) {
  Start({.proxy_to_server = true});
  Trouble(&world_->to_server(), absl::Seconds(4));
  End();
}

TEST_F(NetworkTest, TheServerReachesGitHubOverABadNetwork) {
  Start({.proxy_to_github = true});
  Trouble(&world_->to_github(), absl::Seconds(4));
  End();
}

// Longer than any request lasts, so all tries under way are ambiguous.
TEST_F(NetworkTest, GitHubIsAwayForLong) {
  Start({.proxy_to_github = true});
  world_->to_github().Blackhole();
  absl::SleepFor(absl::Seconds(15));
  world_->to_github().ResetAll();
  world_->to_github().Heal();
  End();
}

TEST_F(NetworkTest, TheServerStopsForAMoment) {
  Start({});
  for (const int milliseconds : {300, 3000, 1000}) {
    Pause(&world_->server(), absl::Milliseconds(milliseconds));
    ASSERT_TRUE(load_->WaitForAcked(100));
  }
  End();
}

// The deadlines of its posts pass meanwhile, by the clock that they use.
TEST_F(NetworkTest, TheServerStopsForLongerThanItsPostsMayLast) {
  Start({});
  Pause(&world_->server(), absl::Seconds(17));
  End();
}

TEST_F(NetworkTest, TheShimStops) {
  Start({});
  Pause(&world_->shim(), absl::Seconds(5));
  End();
}

TEST_F(NetworkTest, GitHubStops) {
  Start({});
  Pause(&world_->simulator(), kGitHubGivesUp - absl::Seconds(2));
  End();
}

TEST_F(NetworkTest, GitHubHangsOnSomeRequestsAndAppliesOthersUnheard) {
  Start({});
  for (const char* name :
       {"hang", "slow", "reset_after_apply", "reset_before_apply",
        "server_error_html", "hang", "reset_after_apply"}) {
    OrderFault({{"name", name}, {"count", 3}, {"target_contains", "statuses"}});
    absl::SleepFor(absl::Milliseconds(Random(100, 500)));
  }
  End();
}

}  // namespace
}  // namespace signalbox
