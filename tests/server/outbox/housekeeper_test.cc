#include "server/outbox/housekeeper.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/wake_up.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/fake_clock.h"
#include "tests/support/forwarding_outbox.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

class FailingOutbox : public ForwardingOutbox {
 public:
  using ForwardingOutbox::ForwardingOutbox;

  absl::StatusOr<int> ExpirePendings(const Term& term, absl::Time now,
                                     int limit) override {
    if (!error.ok()) return error;
    return ForwardingOutbox::ExpirePendings(term, now, limit);
  }

  absl::Status error;
};

class HousekeeperTest : public testing::Test {
 protected:
  HousekeeperTest() {
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = dir_.Path("data");
    options.credential_of = [this](const Repository& repository) {
      return has_credentials_ ? repository.owner : "";
    };
    auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    store_ = *std::move(outbox);
    outbox_ = std::make_unique<FailingOutbox>(store_.get());
    Start();
  }

  void Start() {
    Housekeeper::Options options;
    options.retention = absl::Hours(24);
    options.stopped_credentials = [this] { return stopped_credentials_; };
    held_term_.Set(*TermOf(*store_, clock_.Now()));
    housekeeper_ = std::make_unique<Housekeeper>(
        outbox_.get(), &held_term_, &clock_, options, &became_due_);
  }

  void Say(const KeyReport& report) {
    const Submission submission = Of({report});
    ASSERT_TRUE(store_->Accept({&submission, 1}, clock_.Now()).ok());
  }

  // Runs it as a Worker does, for that long.
  void RunFor(absl::Duration time) {
    const SteadyTime end = clock_.Steady() + time;
    for (int runs = 0;; ++runs) {
      ASSERT_LT(runs, 200000) << "it runs hot";
      const absl::Duration wait = housekeeper_->RunOnce() - clock_.Now();
      runs_that_made_due_ += became_due_.Take() ? 1 : 0;
      if (clock_.Steady() + wait > end) break;
      clock_.Advance(std::max(wait, absl::ZeroDuration()));
    }
    clock_.Advance(end - clock_.Steady());
  }

  CommitState State(const KeyReport& report) {
    const auto commit = store_->GetCommit(report.repository, report.sha);
    return commit.ok() ? commit->statuses.at(0).state : CommitState::kSuccess;
  }

  bool has_credentials_ = false;  // False: no owner has one.
  std::vector<Housekeeper::StoppedCredential> stopped_credentials_;
  FakeClock clock_;
  TempDir dir_;
  std::unique_ptr<Outbox> store_;
  std::unique_ptr<FailingOutbox> outbox_;
  std::unique_ptr<Housekeeper> housekeeper_;
  WakeUp became_due_;
  WakeUp term_over_;
  HeldTerm held_term_{&term_over_};
  int runs_that_made_due_ = 0;
};

TEST_F(HousekeeperTest, ExpiresPendingsInTime) {
  RunFor(absl::Minutes(10));
  KeyReport pending = Pending(1);
  pending.expires_after = absl::Minutes(1);
  Say(pending);
  RunFor(absl::Seconds(59));
  EXPECT_EQ(State(pending), CommitState::kPending);
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(pending), CommitState::kError);
  EXPECT_EQ(runs_that_made_due_, 1);
}

// While the server was down, farms could not renew their pendings.
TEST_F(HousekeeperTest, NothingExpiresForTenMinutesAfterAStart) {
  Say(Pending(1));
  clock_.Advance(absl::Hours(24));
  Start();
  RunFor(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(State(Pending(1)), CommitState::kPending);
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

TEST_F(HousekeeperTest, NothingExpiresForTenMinutesAfterTheClockJumped) {
  RunFor(absl::Minutes(11));
  Say(Pending(1));
  clock_.Jump(absl::Hours(10));
  RunFor(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(State(Pending(1)), CommitState::kPending);
  // Setting the clock back counts as a jump, too.
  clock_.Jump(-absl::Hours(2));
  RunFor(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_EQ(State(Pending(1)), CommitState::kPending);
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

TEST_F(HousekeeperTest, AClockThatIsCorrectedByAMinuteHasNotJumped) {
  RunFor(absl::Minutes(11));
  Say(Pending(1));
  RunFor(absl::Hours(6) - absl::Seconds(30));
  clock_.Jump(absl::Minutes(1));
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

TEST_F(HousekeeperTest, ManyExpireAtOnce) {
  std::vector<Submission> submissions;
  for (int i = 0; i < 450; ++i) {
    KeyReport report = Pending(1);
    report.sha = *ParseSha(absl::StrCat(1000 + i, std::string(36, 'a')));
    submissions.push_back(Of({report}));
  }
  ASSERT_TRUE(store_->Accept(submissions, clock_.Now()).ok());
  RunFor(absl::Hours(7));
  EXPECT_EQ(*AsHolder(*store_, &Outbox::ExpirePendings, clock_.Now(), 1), 0);
  EXPECT_EQ(runs_that_made_due_, 5);
}

TEST_F(HousekeeperTest, ForgetsWhatNobodyTouches) {
  std::vector<Submission> submissions;
  for (int i = 0; i < 100; ++i) {
    KeyReport report = ResultOf(Result::kSuccess, 1);
    report.sha = *ParseSha(absl::StrCat(1000 + i, std::string(36, 'a')));
    submissions.push_back(Of({report}));
  }
  ASSERT_TRUE(store_->Accept(submissions, clock_.Now()).ok());
  LeaseRequest request;
  request.lease_time = absl::Seconds(20);
  for (;;) {
    const auto lease = signalbox::TakeDue(*store_, request, clock_.Now());
    ASSERT_TRUE(lease.ok());
    if (!lease->has_value()) break;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    ASSERT_TRUE(signalbox::Settle(*store_, settlement, clock_.Now()).ok());
  }
  RunFor(absl::Hours(24) - absl::Seconds(1));
  EXPECT_EQ(store_->ListCommits(std::nullopt, 0, 1000)->size(), 100u);
  RunFor(absl::Hours(1) + absl::Seconds(2));
  EXPECT_EQ(store_->ListCommits(std::nullopt, 0, 1000)->size(), 0u);
}

TEST_F(HousekeeperTest,
       WhatAStoppedCredentialHoldsIsAbandonedAfterTheRetention) {
  has_credentials_ = true;
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  Say(report);
  RunFor(absl::Hours(48));
  stopped_credentials_ = {{report.repository.owner, "CREDENTIAL_REJECTED"}};
  KeyReport young = report;
  young.context = "ci/young";
  Say(young);
  RunFor(absl::Hours(2));
  const auto commit = store_->GetCommit(report.repository, report.sha);
  ASSERT_TRUE(commit.ok()) << commit.status();
  ASSERT_EQ(commit->statuses.size(), 2u);
  for (const StatusView& status : commit->statuses) {
    const bool is_young = status.context == "ci/young";
    EXPECT_EQ(status.posting.state,
              is_young ? PostingState::kDue : PostingState::kAbandoned);
    EXPECT_EQ(status.posting.reason, is_young ? "" : "CREDENTIAL_REJECTED");
  }
}

// GitHub has refused it for a week.
TEST_F(HousekeeperTest, WhatIsParkedForTooLongIsAbandoned) {
  has_credentials_ = true;
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  Say(report);
  for (const int days : {0, 8}) {
    clock_.Advance(absl::Hours(24 * days));
    LeaseRequest request;
    request.credential = report.repository.owner;
    request.may_probe = true;
    request.lease_time = absl::Seconds(20);
    const auto lease = signalbox::TakeDue(*store_, request, clock_.Now());
    ASSERT_TRUE(lease.ok() && lease->has_value()) << days;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = Settlement::Kind::kParked;
    settlement.reason = "REPOSITORY_NOT_FOUND";
    settlement.attempted = Try();
    ASSERT_TRUE(signalbox::Settle(*store_, settlement, clock_.Now()).ok());
  }
  RunFor(absl::Minutes(2));
  const auto commit = store_->GetCommit(report.repository, report.sha);
  ASSERT_TRUE(commit.ok());
  EXPECT_EQ(commit->statuses.at(0).posting.state, PostingState::kAbandoned);
}

// It may have made entries due.
TEST_F(HousekeeperTest, TheLastBatchOfAChoreCounts) {
  std::vector<Submission> submissions;
  // A batch moves about 100 commits, and the rename does the first one.
  for (int i = 0; i < 150; ++i) {
    for (const char* name : {"acme/old", "acme/new"}) {
      KeyReport report = Pending(1);
      report.repository = Repo(name);
      report.sha = *ParseSha(
          absl::StrCat(1000 + i, std::string(36, name[5] == 'o' ? 'a' : 'b')));
      submissions.push_back(Of({report}));
    }
  }
  ASSERT_TRUE(store_->Accept(submissions, clock_.Now()).ok());
  ASSERT_TRUE(RenameRepository(*store_, Repo("acme/old"), Repo("acme/new"), 7,
                               clock_.Now())
                  .ok());
  housekeeper_->RunOnce();
  EXPECT_TRUE(became_due_.is_requested());
  EXPECT_FALSE(*AsHolder(*store_, &Outbox::DoChores, clock_.Now()));
}

TEST_F(HousekeeperTest, WithoutATermItChangesNothing) {
  Say(Pending(1));
  RunFor(absl::Minutes(11));
  const Term term = held_term_.Get();
  held_term_.Set(Term());
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(housekeeper_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(State(Pending(1)), CommitState::kPending);
  held_term_.Set(term);
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

// Another process took the term over, and this one had not noticed.
TEST_F(HousekeeperTest, ItsTermIsOverOnceTheStoreRefusesItsWork) {
  Say(Pending(1));
  RunFor(absl::Hours(6) - absl::Seconds(1));
  const auto term = store_->Claim(*store_->Look(), "another", "", clock_.Now());
  ASSERT_TRUE(term.ok()) << term.status();
  RunFor(absl::Minutes(2));
  EXPECT_EQ(State(Pending(1)), CommitState::kPending);
  EXPECT_FALSE(held_term_.exists());
  EXPECT_TRUE(term_over_.is_requested());
  held_term_.Set(*term);
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

TEST_F(HousekeeperTest, AStoreThatFailsIsAskedAgain) {
  Say(Pending(1));
  for (const absl::Status& error :
       {absl::UnavailableError("busy"), absl::ResourceExhaustedError("full"),
        absl::InternalError("damaged")}) {
    outbox_->error = error;
    RunFor(absl::Hours(4));
  }
  outbox_->error = absl::OkStatus();
  RunFor(absl::Seconds(11));
  EXPECT_EQ(State(Pending(1)), CommitState::kError);
}

}  // namespace
}  // namespace signalbox
