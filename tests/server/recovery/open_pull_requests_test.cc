#include "server/recovery/open_pull_requests.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/recovery/recovery_room.h"
#include "tests/support/forwarding_outbox.h"

namespace signalbox {
namespace {

// A credential that may not read hooks can still see pull requests.
class ComparingTest : public RecoveryRoomTest {
 protected:
  ComparingTest() { rules().SetAdmin(kToken, "acme/widgets", false); }
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
      outbox_->GetCommit(*ParseRepository(kRepository), *ParseSha(ShaOf(2)));
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
  const int64_t before = gate_->BudgetOf(kCredential).remaining;
  ASSERT_GT(before, 0);
  Run(absl::Minutes(50));
  EXPECT_EQ(gate_->BudgetOf(kCredential).remaining, before);
}

// An outbox whose next answers fail.
class FailingOutbox : public ForwardingOutbox {
 public:
  using ForwardingOutbox::ForwardingOutbox;

  absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                       const Sha& sha) override {
    if (failing_reads > 0 && failing_reads-- > 0) {
      return absl::UnavailableError("the disk is away");
    }
    return ForwardingOutbox::GetCommit(repository, sha);
  }
  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    if (failing_submissions > 0 && failing_submissions-- > 0) {
      Outcome outcome;
      outcome.status = absl::UnavailableError("the disk is away");
      return std::vector<Outcome>(submissions.size(), outcome);
    }
    return ForwardingOutbox::Accept(submissions, now);
  }

  int failing_reads = 0;
  int failing_submissions = 0;
};

// GitHub answers that the list has not changed since.
TEST_F(ComparingTest, WhatTheStoreDidNotTakeIsLookedAtAgain) {
  FailingOutbox failing(outbox_.get());
  failing.failing_reads = 1;
  failing.failing_submissions = 2;
  Open(0);
  Open(1);
  Open(2);
  Open(3);
  StartOn(&failing);
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 4), 1);
  Run(absl::Minutes(6));
  EXPECT_EQ(KnownOf(0, 4), 4);
  recovery_.reset();
}

// GitHub, or a proxy before it, answers with something other than JSON.
TEST_F(ComparingTest, WhatWasNoAnswerIsAskedForAgain) {
  for (int number = 0; number < 150; ++number) Open(number);
  Fault fault;
  fault.name = "answer";
  fault.status = 200;
  fault.body = "<html>";
  fault.target_contains = "page=2";
  rules().AddFault(fault);
  fault.target_contains = ShaOf(0);
  rules().AddFault(fault);
  Start();
  Run(absl::Minutes(4));
  EXPECT_LT(KnownOf(0, 150), 110);
  Run(absl::Minutes(10));
  EXPECT_EQ(KnownOf(0, 150), 150);
}

// Where the server can read a hook, its deliveries show more.
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
