#include "server/outbox/merge_rules.h"

#include <gtest/gtest.h>

#include <optional>
#include <tuple>

#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

constexpr int64_t kFromId = 1;
constexpr int64_t kToId = 2;

class MergeRulesTest : public testing::Test {
 protected:
  // An entry that holds this report.
  static MergingEntry Holding(const KeyReport& report, int64_t sequence) {
    MergingEntry entry;
    entry.version = 1;
    Hold(report, Judge(nullptr, report), &entry.held);
    entry.report_sequence = sequence;
    return entry;
  }

  MergedEntry Merge(MayCount may_count = MayCount::kBoth) {
    from_.entry_id = kFromId;
    to_.entry_id = kToId;
    return MergeEntries(from_, to_, may_count, kAmbiguousWait, now_);
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  MergingEntry from_ = Holding(ResultOf(Result::kSuccess, 1), 10);
  MergingEntry to_ = Holding(ResultOf(Result::kFailure, 2), 11);
};

TEST_F(MergeRulesTest, JudgeSaysWhichReportCounts) {
  const MergingEntry none;
  const MergingEntry success = Holding(ResultOf(Result::kSuccess, 1), 20);
  const struct {
    const char* what;
    MergingEntry from;
    MergingEntry to;
    int64_t kept;
  } kCases[] = {
      {"a newer run", success, Holding(ResultOf(Result::kFailure, 2), 21),
       kToId},
      {"a newer run came first", success,
       Holding(ResultOf(Result::kFailure, 2), 19), kToId},
      {"a result behind a pending", success, Holding(Pending(0), 19), kFromId},
      {"only from", success, none, kFromId},
      {"only to", none, success, kToId},
      {"neither", none, none, kFromId},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.what);
    from_ = one.from;
    to_ = one.to;
    const MergedEntry merged = Merge();
    EXPECT_EQ(merged.row.entry_id, one.kept);
    EXPECT_EQ(merged.removed_id, one.kept == kFromId ? kToId : kFromId);
    EXPECT_FALSE(merged.supersedes_removed);
    EXPECT_EQ(merged.row.version, one.from.version + one.to.version);
  }
}

TEST_F(MergeRulesTest, TheKeptReportIsDue) {
  MergedEntry merged = Merge();
  EXPECT_EQ(merged.row.posting_state, PostingState::kDue);
  EXPECT_EQ(merged.due_time, now_);
  EXPECT_EQ(merged.row.ambiguous_time, std::nullopt);
  EXPECT_EQ(merged.row.report_sequence, 11);
  // Two entries of which only observations are known have nothing to post.
  from_ = to_ = MergingEntry();
  merged = Merge();
  EXPECT_EQ(merged.row.posting_state, PostingState::kObserved);
  EXPECT_EQ(merged.due_time, std::nullopt);
}

TEST_F(MergeRulesTest, WithoutTheRightOnlyTheNewNameCounts) {
  for (const auto& [may_count, kept, removed] :
       {std::tuple(MayCount::kFrom, kFromId, kToId),
        {MayCount::kTo, kToId, kFromId}}) {
    // Neither Judge nor the order of the reports matters.
    for (const int64_t sequence : {9, 12}) {
      from_.report_sequence = sequence;
      const MergedEntry merged = Merge(may_count);
      EXPECT_EQ(merged.row.entry_id, kept);
      EXPECT_EQ(merged.removed_id, removed);
      EXPECT_TRUE(merged.supersedes_removed);
      // Nor do the runs of the other count.
      EXPECT_EQ(merged.row.held.run.attempt, kept == kFromId ? 1 : 2);
      EXPECT_FALSE(merged.other_runs_changed);
    }
  }
}

// Until a try with an unknown end can have no effect any more, nothing is sent.
TEST_F(MergeRulesTest, ATryWithAnUnknownEndDelaysTheEntry) {
  const absl::Time early = now_ - absl::Seconds(9);
  const absl::Time late = now_ - absl::Seconds(4);
  from_.ambiguous_time = late;
  to_.ambiguous_time = early;
  MergedEntry merged = Merge();
  EXPECT_EQ(merged.row.ambiguous_time, late);
  EXPECT_EQ(merged.due_time, late + kAmbiguousWait);

  to_.ambiguous_time.reset();
  from_.ambiguous_time = now_ - absl::Hours(1);
  EXPECT_EQ(Merge().due_time, now_);

  // A try in flight ends for its own row only. That of the removed row ends for
  // none.
  to_.lease_version = 1;
  merged = Merge();
  EXPECT_EQ(merged.row.ambiguous_time, now_ - absl::Hours(1));
  EXPECT_EQ(merged.due_time, now_);
  from_.lease_version = 1;
  merged = Merge();
  EXPECT_EQ(merged.row.ambiguous_time, now_);
  EXPECT_EQ(merged.due_time, now_ + kAmbiguousWait);
}

TEST_F(MergeRulesTest, TheNewestKnowledgeAboutGitHubStays) {
  from_.shown_status_id = 8;
  from_.shown_state = "pending";
  from_.shown_description = "building";
  from_.shown_target_url = "https://ci.example.com/1";
  from_.status_count = 3;
  to_.shown_status_id = 7;
  to_.shown_state = "success";
  to_.status_count = 2;
  MergedEntry merged = Merge();
  EXPECT_EQ(merged.row.entry_id, kToId);
  EXPECT_EQ(merged.row.shown_status_id, 8);
  EXPECT_EQ(merged.row.shown_state, "pending");
  EXPECT_EQ(merged.row.shown_description, "building");
  EXPECT_EQ(merged.row.shown_target_url, "https://ci.example.com/1");
  EXPECT_EQ(merged.row.status_count, 5);
  to_.shown_status_id = 9;
  EXPECT_EQ(Merge().row.shown_state, "success");
}

// As if the later report arrived now.
TEST_F(MergeRulesTest, ARepeatedPendingRenewsTheExpiry) {
  from_ = Holding(Pending(3), 10);
  from_.expire_time = now_ + absl::Hours(1);
  from_.expires_after = absl::Hours(2);
  to_ = Holding(Pending(3), 11);
  MergedEntry merged = Merge();
  EXPECT_EQ(merged.row.entry_id, kFromId);
  EXPECT_EQ(merged.row.expire_time, std::nullopt);
  EXPECT_EQ(merged.row.expires_after, std::nullopt);
  to_.expire_time = now_ + absl::Hours(5);
  to_.expires_after = absl::Hours(6);
  merged = Merge();
  EXPECT_EQ(merged.row.expire_time, to_.expire_time);
  EXPECT_EQ(merged.row.expires_after, to_.expires_after);

  // A late pending renews nothing, nor does an expiry.
  to_.held.run.attempt = 2;
  EXPECT_EQ(Merge().row.expire_time, from_.expire_time);
  to_ = Holding(Pending(3), 11);
  to_.held.phase = Phase::kExpired;
  merged = Merge();
  EXPECT_EQ(merged.row.entry_id, kToId);
  EXPECT_EQ(merged.row.expire_time, std::nullopt);
}

TEST_F(MergeRulesTest, TheRunsOfBothAreKnown) {
  MergedEntry merged = Merge();
  EXPECT_EQ(merged.row.held.run.attempt, 2);
  EXPECT_TRUE(merged.row.held.other_runs.empty());
  EXPECT_FALSE(merged.other_runs_changed);
  from_ = Holding(InSeries("other", ResultOf(Result::kSuccess, 5)), 10);
  merged = Merge();
  EXPECT_EQ(merged.row.entry_id, kToId);
  EXPECT_EQ(merged.row.held.run.attempt, 2);
  ASSERT_EQ(merged.row.held.other_runs.size(), 1u);
  EXPECT_EQ(merged.row.held.other_runs[0].series, "other");
  EXPECT_EQ(merged.row.held.other_runs[0].attempt, 5);
  EXPECT_TRUE(merged.other_runs_changed);
}

}  // namespace
}  // namespace signalbox
