#include "server/poster/post_order.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace signalbox {
namespace {

Moment At(double seconds) {
  const absl::Duration since = absl::Seconds(seconds);
  return {absl::FromUnixSeconds(1'700'000'000) + since, SteadyTime(since)};
}

Lease LeaseIn(const std::string& name) {
  Lease lease;
  lease.repository = *ParseRepository("github.com/acme/" + name);
  return lease;
}

void Post(PostOrder* order, const Lease& lease, Stage stage) {
  order->NoteTaken(lease, stage);
  order->NoteBegun(lease, stage, At(0), absl::Seconds(7));
}

TEST(PostOrderTest, ResultsGoFirst) {
  const PostOrder order;
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(0)), Stage::kResults);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, false, At(0)), Stage::kPendings);
  EXPECT_EQ(order.FirstStage(Stage::kPendings, true, At(0)), Stage::kPendings);
}

TEST(PostOrderTest, OneSlotIn20IsForAPendingThatIsLongDue) {
  PostOrder order;
  for (int i = 0; i < 19; ++i) {
    EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(0)), Stage::kResults);
    Post(&order, LeaseIn("a"), Stage::kResults);
  }
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(0)), Stage::kLongDue);
  LeaseRequest request;
  order.Fill(Stage::kLongDue, At(0), &request);
  EXPECT_TRUE(request.pendings);
  EXPECT_EQ(request.due_for, absl::Seconds(60));
  Post(&order, LeaseIn("a"), Stage::kLongDue);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(0)), Stage::kResults);
}

TEST(PostOrderTest, ASearchForLongDueIsNotRepeatedBeforeItCanSucceed) {
  PostOrder order;
  for (int i = 0; i < 19; ++i) Post(&order, LeaseIn("a"), Stage::kResults);
  // The next pending has been due for 20 s.
  EXPECT_EQ(order.StageAfter(Stage::kLongDue, absl::Seconds(20), At(0)),
            Stage::kResults);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(39)), Stage::kResults);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(40)), Stage::kLongDue);
  // At the earliest after 5 s.
  EXPECT_EQ(order.StageAfter(Stage::kLongDue, absl::Seconds(59), At(40)),
            Stage::kResults);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(44)), Stage::kResults);
  EXPECT_EQ(order.FirstStage(Stage::kLongDue, true, At(45)), Stage::kLongDue);
}

TEST(PostOrderTest, ABacklogIsTakenInGrowingBatches) {
  PostOrder order;
  order.NoteAnswer(true);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
  order.NoteFound(1, 1);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 1);
  order.NoteFound(2, 2);
  order.NoteFound(4, 4);
  order.NoteFound(8, 8);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 7);
  EXPECT_EQ(order.MoreToTake(Stage::kPendings), 7);
  EXPECT_EQ(order.MoreToTake(Stage::kLongDue), 0);
  // Only one more request may be in flight.
  order.NoteFound(1, 1);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 7);
  order.NoteFound(8, 3);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 2);
  order.NoteFound(3, 0);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
}

TEST(PostOrderTest, BatchesGrowOnlyWhileGitHubAcceptsPosts) {
  PostOrder order;
  order.NoteFound(1, 1);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
  order.NoteAnswer(true);
  order.NoteFound(1, 1);
  order.NoteFound(2, 2);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 3);
  order.NoteAnswer(false);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
  order.NoteFound(4, 4);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
}

// The slot of a pending that is long due is not passed over.
TEST(PostOrderTest, ABatchEndsBeforeThePendingsSlot) {
  PostOrder order;
  order.NoteAnswer(true);
  order.NoteFound(8, 8);
  for (int i = 0; i < 17; ++i) Post(&order, LeaseIn("a"), Stage::kResults);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 1);
  Post(&order, LeaseIn("a"), Stage::kResults);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 0);
  // None was found for it.
  Post(&order, LeaseIn("a"), Stage::kResults);
  EXPECT_EQ(order.MoreToTake(Stage::kResults), 7);
}

TEST(PostOrderTest, PendingsFollowResults) {
  PostOrder order;
  EXPECT_EQ(order.StageAfter(Stage::kResults, absl::ZeroDuration(), At(0)),
            Stage::kPendings);
  EXPECT_EQ(order.StageAfter(Stage::kPendings, absl::ZeroDuration(), At(0)),
            std::nullopt);
}

TEST(PostOrderTest, EachClassHasItsOwnRoundOfRepositories) {
  PostOrder order;
  Post(&order, LeaseIn("a"), Stage::kResults);
  Post(&order, LeaseIn("b"), Stage::kPendings);
  LeaseRequest results;
  order.Fill(Stage::kResults, At(0), &results);
  EXPECT_FALSE(results.pendings);
  EXPECT_EQ(results.after_repository, LeaseIn("a").repository.Canonical());
  LeaseRequest pendings;
  order.Fill(Stage::kPendings, At(0), &pendings);
  EXPECT_EQ(pendings.after_repository, LeaseIn("b").repository.Canonical());
}

TEST(PostOrderTest, ProbesKeepTheirGapAndTakeNoTurn) {
  PostOrder order;
  LeaseRequest request;
  order.Fill(Stage::kResults, At(0), &request);
  EXPECT_TRUE(request.may_probe);
  Lease probe = LeaseIn("parked");
  probe.is_probe = true;
  Post(&order, probe, Stage::kResults);
  order.Fill(Stage::kResults, At(6), &request);
  EXPECT_FALSE(request.may_probe);
  EXPECT_TRUE(request.after_repository.empty());
  order.Fill(Stage::kResults, At(7), &request);
  EXPECT_TRUE(request.may_probe);
}

}  // namespace
}  // namespace signalbox
