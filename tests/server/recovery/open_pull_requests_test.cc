#include "server/recovery/open_pull_requests.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/server/recovery/recovery_room.h"

namespace signalbox {
namespace {

// A credential that may not read hooks can still see pull requests.
class ComparingTest : public RecoveryRoomTest {
 protected:
  ComparingTest() { rules().SetAdmin(kToken, "acme/widgets", false); }

  void Open(int number, absl::Duration age = absl::Hours(1)) {
    PullRequest pull;
    pull.number = number + 1;
    pull.head_sha = ShaOf(number);
    pull.created_at = pull.updated_at = clock_.Now() - age;
    rules().AddCommit(kRepository, pull.head_sha);
    rules().AddPullRequest(kRepository, pull);
  }
};

TEST_F(ComparingTest, HeadsThatNobodyToldOfArePending) {
  Open(0);
  Open(1);
  Start();
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 2), 2);
  Open(2, absl::ZeroDuration());
  EXPECT_FALSE(IsKnown(2));
  Run(absl::Minutes(6));
  EXPECT_TRUE(IsKnown(2));
  const auto commit =
      outbox_->GetCommit(*ParseRepository(kRepository), ShaOf(2));
  ASSERT_TRUE(commit.ok());
  ASSERT_EQ(commit->statuses.size(), 1u);
  EXPECT_EQ(commit->statuses[0].context, "ci/build");
  EXPECT_EQ(commit->statuses[0].phase, Phase::kWebhookPending);
}

TEST_F(ComparingTest, WhatIsOldOrShownAlreadyIsLeftAlone) {
  Open(0, absl::Hours(24 * 4));
  Open(1);
  SimulatedRequest post;
  post.method = "POST";
  post.target = absl::StrCat("/repos/acme/widgets/statuses/", ShaOf(1));
  post.headers = {{"User-Agent", "other"},
                  {"Authorization", absl::StrCat("Bearer ", kToken)}};
  post.body = R"({"state":"success","context":"CI/Build"})";
  ASSERT_EQ(rules().Handle(post, clock_.Now()).status, 201);
  rules().pull_requests().Find(1, 2)->is_open = true;
  Open(2);
  rules().pull_requests().Find(1, 3)->is_open = false;
  Start();
  Run(absl::Minutes(30));
  EXPECT_EQ(KnownOf(0, 3), 0);
}

TEST_F(ComparingTest, ItCanBeSwitchedOff) {
  Open(0);
  options_.compare = false;
  Start();
  Run(absl::Minutes(30));
  EXPECT_FALSE(IsKnown(0));
}

TEST_F(ComparingTest, WhatDidNotChangeCostsNoBudget) {
  Open(0);
  Start();
  Run(absl::Minutes(4));
  const int64_t before = gate_->BudgetOf(kLane).remaining;
  ASSERT_GT(before, 0);
  Run(absl::Minutes(50));
  EXPECT_EQ(gate_->BudgetOf(kLane).remaining, before);
}

// Where the hook can be read, deliveries tell more.
TEST_F(RecoveryRoomTest, ComparesOnlyWhereNoHookCanBeRead) {
  PullRequest pull;
  pull.number = 1;
  pull.head_sha = ShaOf(0);
  pull.updated_at = clock_.Now();
  rules().AddPullRequest(kRepository, pull);
  Start();
  Run(absl::Minutes(30));
  EXPECT_FALSE(IsKnown(0));
}

}  // namespace
}  // namespace signalbox
