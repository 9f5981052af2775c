#include "server/outbox/posting_rules.h"

#include <gtest/gtest.h>

#include <optional>

#include "absl/time/time.h"
#include "server/github/github_limits.h"

namespace signalbox {
namespace {

const absl::Time kMoment = absl::FromUnixSeconds(1'800'000'000);
constexpr int64_t kNextSequence = 50;

// An entry whose version 2 is in flight.
LeasedEntry LeasedOnce() {
  LeasedEntry entry;
  entry.version = 2;
  entry.change_sequence = 40;
  entry.lease_version = 2;
  entry.lease_epoch = 3;
  entry.lease_number = 7;
  entry.lease_begin_time = kMoment - absl::Seconds(1);
  entry.lease_due_time = kMoment - absl::Minutes(1);
  entry.first_due_time = kMoment - absl::Minutes(2);
  entry.due_time = kMoment + absl::Seconds(15);
  return entry;
}

// A request ended like this.
Settlement EndOf(Settlement::Kind kind) {
  Settlement settlement;
  settlement.version = 2;
  settlement.lease_epoch = 3;
  settlement.lease_number = 7;
  settlement.kind = kind;
  settlement.attempted = Try();
  settlement.attempted->begin_time = kMoment - absl::Milliseconds(500);
  return settlement;
}

TEST(PostingRulesTest, ALeaseIsLostOnceAnotherFollows) {
  const Settlement posted = EndOf(Settlement::Kind::kPosted);
  LeasedEntry entry = LeasedOnce();
  EXPECT_FALSE(IsLost(entry, posted));
  entry.lease_number = 8;
  EXPECT_TRUE(IsLost(entry, posted));
  // A database that lost its last commits gives a number again.
  entry = LeasedOnce();
  entry.lease_epoch = 4;
  EXPECT_TRUE(IsLost(entry, posted));
  entry = LeasedOnce();
  entry.lease_version = 3;
  EXPECT_TRUE(IsLost(entry, posted));
  entry.lease_version = 0;
  EXPECT_TRUE(IsLost(entry, posted));
}

TEST(PostingRulesTest, APostIsShown) {
  LeasedEntry entry = LeasedOnce();
  entry.ambiguous_time = kMoment - absl::Seconds(20);
  Settlement posted = EndOf(Settlement::Kind::kPosted);
  posted.shown = Shown{CommitState::kSuccess, "done", ""};
  posted.status_id = 900;
  EXPECT_TRUE(EndTry(posted, kGitHubLimits, kNextSequence, kMoment, &entry));
  EXPECT_EQ(entry.posting_state, PostingState::kPosted);
  EXPECT_EQ(entry.post_time, kMoment);
  EXPECT_EQ(entry.change_sequence, kNextSequence);
  EXPECT_EQ(entry.due_time, std::nullopt);
  EXPECT_EQ(entry.ambiguous_time, std::nullopt);
  EXPECT_EQ(entry.shown_state, "success");
  EXPECT_EQ(entry.posted_status_id, 900);
  EXPECT_EQ(entry.status_count, 1);
}

// A late request of another process had hidden it.
TEST(PostingRulesTest, APostOfTheSameVersionAgainIsShown) {
  LeasedEntry entry = LeasedOnce();
  entry.posted_version = 2;
  entry.posted_status_id = 800;
  entry.shown_state = "pending";
  Settlement posted = EndOf(Settlement::Kind::kPosted);
  posted.shown = Shown{CommitState::kSuccess, "done", ""};
  posted.status_id = 900;
  EXPECT_TRUE(EndTry(posted, kGitHubLimits, kNextSequence, kMoment, &entry));
  EXPECT_EQ(entry.shown_state, "success");
  EXPECT_EQ(entry.posted_status_id, 900);
  EXPECT_EQ(entry.posted_version, 2);
}

TEST(PostingRulesTest, APostIsCountedOnceIfADeliveryShowedItBefore) {
  LeasedEntry entry = LeasedOnce();
  entry.posted_status_id = 900;
  entry.status_count = 5;
  Settlement posted = EndOf(Settlement::Kind::kPosted);
  posted.status_id = 900;
  EndTry(posted, kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.status_count, 5);
}

TEST(PostingRulesTest, ALaterStatusStaysShown) {
  LeasedEntry entry = LeasedOnce();
  entry.posted_status_id = 901;
  entry.shown_state = "failure";
  Settlement posted = EndOf(Settlement::Kind::kPosted);
  posted.shown = Shown{CommitState::kSuccess, "", ""};
  posted.status_id = 900;
  EndTry(posted, kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.shown_state, "failure");
  EXPECT_EQ(entry.posted_status_id, 901);
}

TEST(PostingRulesTest, ANewerReportStaysDue) {
  LeasedEntry entry = LeasedOnce();
  entry.version = 3;
  Settlement posted = EndOf(Settlement::Kind::kPosted);
  posted.shown = Shown{CommitState::kPending, "", ""};
  EXPECT_FALSE(EndTry(posted, kGitHubLimits, kNextSequence, kMoment, &entry));
  EXPECT_EQ(entry.due_time, entry.first_due_time);
  EXPECT_EQ(entry.change_sequence, 40);
  EXPECT_EQ(entry.posted_version, 2);
  EXPECT_EQ(entry.shown_state, "pending");
}

TEST(PostingRulesTest, NothingIsDueWhileALostPostCanTakeEffect) {
  LeasedEntry entry = LeasedOnce();
  Settlement lost = EndOf(Settlement::Kind::kRetry);
  lost.ambiguous = true;
  lost.reason = "TIMEOUT";
  lost.retry_in = absl::Seconds(1);
  EXPECT_TRUE(EndTry(lost, kGitHubLimits, kNextSequence, kMoment, &entry));
  EXPECT_EQ(entry.posting_state, PostingState::kWaiting);
  EXPECT_EQ(entry.ambiguous_time, lost.attempted->begin_time);
  EXPECT_EQ(entry.due_time,
            lost.attempted->begin_time + kGitHubLimits.ambiguous_wait);
  EXPECT_EQ(entry.status_count, 1);
  EXPECT_EQ(entry.try_count, 1);
}

TEST(PostingRulesTest, ALostReadDoubtsTheOlderPost) {
  LeasedEntry entry = LeasedOnce();
  entry.ambiguous_time = kMoment - absl::Seconds(30);
  Settlement lost = EndOf(Settlement::Kind::kRetry);
  lost.ambiguous = true;
  lost.reading = true;
  lost.retry_in = absl::Seconds(1);
  EndTry(lost, kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.ambiguous_time, kMoment - absl::Seconds(30));
  EXPECT_EQ(entry.due_time, kMoment + absl::Seconds(1));
  EXPECT_EQ(entry.status_count, 0);
}

TEST(PostingRulesTest, AReturnedLeaseLeavesNoTrace) {
  LeasedEntry entry = LeasedOnce();
  Settlement returned = EndOf(Settlement::Kind::kReturned);
  returned.attempted.reset();
  EXPECT_FALSE(EndTry(returned, kGitHubLimits, kNextSequence, kMoment, &entry));
  EXPECT_EQ(entry.due_time, entry.lease_due_time);
  EXPECT_EQ(entry.try_count, 0);
  EXPECT_EQ(entry.change_sequence, 40);
  returned.retry_in = absl::Seconds(3);
  EndTry(returned, kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.due_time, kMoment + absl::Seconds(3));
}

// GitHub refuses the key for the third time.
Settlement RefusedForGood() {
  Settlement refused = EndOf(Settlement::Kind::kAbandoned);
  refused.reason = "NO_COMMIT_FOUND";
  refused.refusal_count = 2;
  return refused;
}

TEST(PostingRulesTest, ARefusalOfTheKeyAbandonsIt) {
  LeasedEntry entry = LeasedOnce();
  entry.refusal_count = 2;
  EndTry(RefusedForGood(), kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.posting_state, PostingState::kAbandoned);
  EXPECT_EQ(entry.posting_reason, "NO_COMMIT_FOUND");
  EXPECT_EQ(entry.due_time, std::nullopt);
}

// RetryPost sets the count of refusals to 0.
TEST(PostingRulesTest, AnEntryMadeDueDuringItsTryIsNotAbandoned) {
  LeasedEntry entry = LeasedOnce();
  EndTry(RefusedForGood(), kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.posting_state, PostingState::kWaiting);
  EXPECT_EQ(entry.due_time, entry.lease_due_time);
}

TEST(PostingRulesTest, AFullKeyIsCountedAsFull) {
  LeasedEntry entry = LeasedOnce();
  entry.status_count = 17;
  Settlement full = EndOf(Settlement::Kind::kAbandoned);
  full.full = true;
  EndTry(full, kGitHubLimits, kNextSequence, kMoment, &entry);
  EXPECT_EQ(entry.status_count, kGitHubLimits.most_statuses);
}

}  // namespace
}  // namespace signalbox
