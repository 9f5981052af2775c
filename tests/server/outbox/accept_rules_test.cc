#include "server/outbox/accept_rules.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/error.h"
#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

class AcceptRulesTest : public testing::Test {
 protected:
  AcceptRulesTest() {
    found_.now = now_;
    found_.pending_settle = kSettle;
    found_.limits = kGitHubLimits;
  }

  // An entry that holds this report, which GitHub has accepted.
  EntryRow Holding(const KeyReport& report) {
    EntryRow row;
    row.entry_id = 1;
    row.context = row.context_key = report.context;
    row.version = 1;
    Hold(report, Judge(nullptr, report), &row.held);
    row.report_sequence = 10;
    row.change_sequence = 15;
    row.posting_state = PostingState::kPosted;
    row.is_pending = !report.result.has_value();
    row.first_due_time = now_ - absl::Minutes(1);
    if (row.is_pending) row.expire_time = now_ + absl::Minutes(1);
    return row;
  }

  EntryRow AbandonedFor(const KeyReport& report, std::string reason) {
    EntryRow row = Holding(report);
    row.posting_state = PostingState::kAbandoned;
    row.posting_reason = std::move(reason);
    return row;
  }

  // The entry is new.
  void Begin() { draft_ = Draft(); }

  void Begin(EntryRow row) {
    stored_ = std::move(row);
    draft_ = Draft();
    draft_.row = stored_;
    draft_.stored = &stored_;
  }

  absl::StatusOr<Decided> TryToDecide(const Submission& submission) {
    submission_ = submission;
    sequence_ = 40;
    return DecideEntry(submission_, found_, submission_.contexts.front(),
                       &sequence_, &draft_);
  }

  Decided Decide(const Submission& submission) {
    const absl::StatusOr<Decided> decided = TryToDecide(submission);
    EXPECT_TRUE(decided.ok()) << decided.status();
    return decided.value_or(Decided());
  }

  Disposition DispositionOf(const Submission& submission) {
    return Decide(submission).disposition;
  }

  void ExpectNothingHappened() {
    EXPECT_EQ(sequence_, 40);
    EXPECT_FALSE(draft_.was_accepted);
    EXPECT_FALSE(draft_.was_revived);
    EXPECT_EQ(draft_.row.version, stored_.version);
    EXPECT_EQ(draft_.row.report_sequence, stored_.report_sequence);
    EXPECT_EQ(draft_.row.change_sequence, stored_.change_sequence);
    EXPECT_EQ(draft_.row.posting_state, stored_.posting_state);
    EXPECT_EQ(draft_.row.first_due_time, stored_.first_due_time);
    EXPECT_EQ(draft_.row.expire_time, stored_.expire_time);
    EXPECT_EQ(draft_.row.held.result, stored_.held.result);
    EXPECT_EQ(draft_.row.observed, nullptr);
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  Circumstances found_;
  EntryRow stored_;
  Draft draft_;
  Submission submission_;  // `draft_` borrows its report.
  int64_t sequence_ = 0;
};

TEST_F(AcceptRulesTest, TheFirstReportIsAccepted) {
  KeyReport pending = Pending(3, "building");
  pending.expires_after = absl::Hours(1);
  found_.reported_as = Repo("old").Canonical();
  Begin();
  const Decided decided = Decide(Of({pending}));
  EXPECT_EQ(decided.disposition, Disposition::kAccepted);
  EXPECT_EQ(sequence_, 41);
  const EntryRow& row = draft_.row;
  EXPECT_EQ(row.version, 1);
  EXPECT_EQ(row.report_sequence, 41);
  EXPECT_EQ(row.change_sequence, 41);
  EXPECT_EQ(row.posting_state, PostingState::kDue);
  EXPECT_EQ(row.held.description, "building");
  EXPECT_EQ(row.held.run.attempt, 3);
  EXPECT_EQ(row.reported_as, Repo("old").Canonical());
  EXPECT_EQ(row.expire_time, now_ + absl::Hours(1));
  EXPECT_EQ(row.expires_after, absl::Hours(1));
  EXPECT_TRUE(row.is_pending);
  EXPECT_TRUE(row.was_accepted);
  EXPECT_TRUE(draft_.was_accepted);
  EXPECT_TRUE(draft_.HasNews());
  EXPECT_TRUE(decided.is_recorded);
  EXPECT_EQ(decided.phase, Phase::kFarmPending);
  EXPECT_EQ(decided.version, 1);
  EXPECT_EQ(decided.sequence, 41);
  EXPECT_EQ(decided.expire_time, now_ + absl::Hours(1));
}

TEST_F(AcceptRulesTest, AReceiptTellsWhenTheHeldReportWasAccepted) {
  const KeyReport held = ResultOf(Result::kSuccess, 3);
  Begin(Holding(held));
  draft_.row.report_time = now_ - absl::Minutes(5);
  const Submission repeat = Of({held});
  const Decided decided = Decide(repeat);
  EXPECT_EQ(ReceiptFor(repeat, "ci/build", draft_.row, decided.disposition)
                .report_time,
            now_ - absl::Minutes(5));
  const Submission news = Of({ResultOf(Result::kFailure, 3)});
  EXPECT_EQ(Decide(news).disposition, Disposition::kAccepted);
  EXPECT_EQ(ReceiptFor(news, "ci/build", draft_.row, Disposition::kAccepted)
                .report_time,
            now_);
  // An entry without a report has nothing to tell.
  Begin();
  EXPECT_EQ(ReceiptFor(news, "ci/build", draft_.row, Disposition::kSuperseded)
                .report_time,
            std::nullopt);
}

TEST_F(AcceptRulesTest, AResultEndsTheExpiry) {
  Begin(Holding(Pending(3)));
  const Decided decided = Decide(Of({ResultOf(Result::kSuccess, 3)}));
  EXPECT_EQ(decided.disposition, Disposition::kAccepted);
  EXPECT_EQ(draft_.row.version, 2);
  EXPECT_EQ(draft_.row.expire_time, std::nullopt);
  EXPECT_EQ(decided.expire_time, std::nullopt);
  EXPECT_FALSE(draft_.row.is_pending);
  EXPECT_FALSE(draft_.row.other_runs_changed);
}

TEST_F(AcceptRulesTest, AnotherSeriesChangesTheOtherRuns) {
  Begin(Holding(Pending(3)));
  EXPECT_EQ(DispositionOf(Of({InSeries("other", Pending(1))})),
            Disposition::kAccepted);
  EXPECT_TRUE(draft_.row.other_runs_changed);
  ASSERT_EQ(draft_.row.held.other_runs.size(), 1u);
  EXPECT_EQ(draft_.row.held.other_runs[0].attempt, 3);
}

TEST_F(AcceptRulesTest, ALateReportIsOnlyRecorded) {
  Begin(Holding(ResultOf(Result::kFailure, 3)));
  const Decided decided = Decide(Of({Pending(3)}));
  EXPECT_EQ(decided.disposition, Disposition::kSuperseded);
  ExpectNothingHappened();
  EXPECT_TRUE(draft_.HasNews());
  EXPECT_TRUE(decided.is_recorded);
  EXPECT_EQ(decided.phase, Phase::kFarmPending);
  EXPECT_EQ(decided.version, 0);
  EXPECT_EQ(decided.sequence, -40);
  EXPECT_EQ(decided.expire_time, std::nullopt);
}

TEST_F(AcceptRulesTest, ARepeatedResultChangesNothing) {
  Begin(Holding(ResultOf(Result::kFailure, 3)));
  const Decided decided = Decide(Of({ResultOf(Result::kFailure, 3)}));
  EXPECT_EQ(decided.disposition, Disposition::kUnchanged);
  ExpectNothingHappened();
  EXPECT_FALSE(decided.is_recorded);
  EXPECT_FALSE(draft_.HasNews());
}

TEST_F(AcceptRulesTest, ARepeatedPendingOnlyRenewsItsExpiry) {
  KeyReport pending = Pending(3);
  pending.expires_after = absl::Hours(2);
  Begin(Holding(pending));
  stored_.expire_time = now_ + absl::Hours(2);
  EXPECT_EQ(DispositionOf(Of({pending})), Disposition::kUnchanged);
  ExpectNothingHappened();
  EXPECT_EQ(draft_.row.expires_after, absl::Hours(2));
  EXPECT_TRUE(draft_.row.was_renewed);
  EXPECT_FALSE(draft_.HasNews());
}

TEST_F(AcceptRulesTest, TheNewestPendingSaysWhetherItExpires) {
  KeyReport never = Pending(3);
  never.expires_after = absl::InfiniteDuration();
  Begin(Holding(Pending(3)));
  EXPECT_EQ(DispositionOf(Of({never})), Disposition::kUnchanged);
  EXPECT_EQ(draft_.row.expire_time, std::nullopt);
  EXPECT_TRUE(draft_.row.was_renewed);

  Begin(draft_.row);
  EXPECT_EQ(DispositionOf(Of({Pending(3)})), Disposition::kUnchanged);
  EXPECT_EQ(draft_.row.expire_time, now_ + absl::Hours(6));
  EXPECT_EQ(draft_.row.expires_after, absl::Hours(6));

  Begin();
  const Decided decided = Decide(Of({never}));
  EXPECT_EQ(decided.disposition, Disposition::kAccepted);
  EXPECT_EQ(decided.expire_time, std::nullopt);
  EXPECT_EQ(draft_.row.expire_time, std::nullopt);
}

TEST_F(AcceptRulesTest, AWaitingEntryKeepsItsPlace) {
  const absl::Time before = now_ - absl::Minutes(1);
  const struct {
    const char* what;
    bool was_pending;
    PostingState state;
    bool is_pending;
    bool awaits_answer;
    absl::Time wanted;
  } kCases[] = {
      {"due", false, PostingState::kDue, false, false, before},
      {"waiting", false, PostingState::kWaiting, false, false, before},
      {"posted", false, PostingState::kPosted, false, false, now_},
      {"abandoned", false, PostingState::kAbandoned, false, false, now_},
      {"due pending", true, PostingState::kDue, true, false, before},
      {"posted pending", true, PostingState::kPosted, true, false,
       now_ + kSettle},
      {"a result behind a due pending", true, PostingState::kDue, false, false,
       now_},
      {"a pending behind a due result", false, PostingState::kDue, true, false,
       now_ + kSettle},
      {"an old name", false, PostingState::kDue, false, true,
       now_ + kAmbiguousWait},
      {"a pending by an old name", true, PostingState::kPosted, true, true,
       now_ + kAmbiguousWait},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.what);
    EntryRow row =
        Holding(one.was_pending ? Pending(3) : ResultOf(Result::kSuccess, 3));
    row.posting_state = one.state;
    found_.awaits_answer = one.awaits_answer;
    Begin(row);
    EXPECT_EQ(
        DispositionOf(
            Of({one.is_pending ? Pending(4) : ResultOf(Result::kFailure, 4)})),
        Disposition::kAccepted);
    EXPECT_EQ(draft_.row.first_due_time, one.wanted);
    EXPECT_EQ(draft_.row.posting_state, PostingState::kDue);
  }
}

// An observed entry holds no report, so it has no place to keep.
TEST_F(AcceptRulesTest, TheFirstReportOfAnObservedEntryIsDueNow) {
  EntryRow row;
  row.entry_id = 1;
  row.posting_state = PostingState::kObserved;
  Begin(row);
  Decide(Of({ResultOf(Result::kSuccess)}));
  EXPECT_EQ(draft_.row.first_due_time, now_);
  EXPECT_EQ(draft_.row.version, 1);
}

TEST_F(AcceptRulesTest, ARepeatRevivesWhatGitHubMayAcceptNow) {
  const KeyReport result = ResultOf(Result::kSuccess, 3);
  const struct {
    const char* reason;
    bool is_revived;
  } kCases[] = {{"PERMISSION_MISSING", true},
                {"NO_COMMIT_FOUND", true},
                {"STATUS_LIMIT_REACHED", false},
                {"INVALID_SHA", false},
                {"CONTEXT_REFUSED", false}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.reason);
    Begin(AbandonedFor(result, one.reason));
    const Decided decided = Decide(Of({result}));
    EXPECT_EQ(decided.disposition, Disposition::kUnchanged);
    EXPECT_FALSE(decided.is_recorded);
    EXPECT_FALSE(draft_.HasNews());
    if (!one.is_revived) {
      ExpectNothingHappened();
      continue;
    }
    EXPECT_TRUE(draft_.was_revived);
    EXPECT_TRUE(draft_.row.was_revived);
    EXPECT_EQ(draft_.row.posting_state, PostingState::kDue);
    EXPECT_EQ(draft_.row.first_due_time, now_);
    EXPECT_EQ(draft_.row.change_sequence, 41);
    EXPECT_EQ(draft_.row.report_sequence, 10);
    EXPECT_EQ(draft_.row.version, 1);
  }
}

// A farm that repeats its report without a pause does not make posts without a
// pause.
TEST_F(AcceptRulesTest, RevivalsAreTenSecondsApart) {
  const KeyReport result = ResultOf(Result::kSuccess, 3);
  Begin(AbandonedFor(result, "PERMISSION_MISSING"));
  draft_.row.first_due_time = now_ - absl::Seconds(3);
  Decide(Of({result}));
  EXPECT_EQ(draft_.row.first_due_time, now_ + absl::Seconds(7));
  found_.awaits_answer = true;
  Begin(AbandonedFor(result, "PERMISSION_MISSING"));
  Decide(Of({result}));
  EXPECT_EQ(draft_.row.first_due_time, now_ + kAmbiguousWait);
}

TEST_F(AcceptRulesTest, ADamagedEntryTakesAnyReport) {
  EntryRow damaged =
      AbandonedFor(ResultOf(Result::kFailure, 9), std::string(kRowDamaged));
  Begin(damaged);
  Submission submission = Of({Pending(3)});
  submission.if_sequence = 0;
  EXPECT_EQ(DispositionOf(submission), Disposition::kAccepted);
  EXPECT_EQ(draft_.row.version, 2);
  EXPECT_EQ(draft_.row.held.run.attempt, 3);
  EXPECT_TRUE(draft_.row.held.other_runs.empty());
}

TEST_F(AcceptRulesTest, IfSequenceRefusesOnlyWhatWouldBeAccepted) {
  const struct {
    const char* what;
    KeyReport report;
    int64_t if_sequence;
    absl::StatusCode wanted;
  } kCases[] = {
      {"older", Pending(4), 9, absl::StatusCode::kAborted},
      {"none", Pending(4), 0, absl::StatusCode::kAborted},
      {"the same", Pending(4), 10, absl::StatusCode::kOk},
      {"of a post", Pending(4), 15, absl::StatusCode::kOk},
      {"repeat", ResultOf(Result::kFailure, 3), 0, absl::StatusCode::kOk},
      {"late", Pending(2), 0, absl::StatusCode::kOk},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.what);
    Begin(Holding(ResultOf(Result::kFailure, 3)));
    Submission submission = Of({one.report});
    submission.if_sequence = one.if_sequence;
    const absl::StatusOr<Decided> decided = TryToDecide(submission);
    EXPECT_EQ(decided.status().code(), one.wanted);
    if (decided.ok()) continue;
    EXPECT_EQ(ReasonOf(decided.status()), "CHANGED");
    ExpectNothingHappened();
    EXPECT_FALSE(draft_.HasNews());
  }
  Begin();
  Submission first = Of({Pending(4)});
  first.if_sequence = 0;
  EXPECT_EQ(DispositionOf(first), Disposition::kAccepted);
}

TEST_F(AcceptRulesTest, OnlyALaterStatusOfGitHubsIsObserved) {
  Submission observed = Of({ResultOf(Result::kFailure)});
  observed.observed = Observed{7, "codecov"};
  Begin();
  const Decided decided = Decide(observed);
  EXPECT_EQ(decided.disposition, Disposition::kAccepted);
  EXPECT_FALSE(decided.is_recorded);
  EXPECT_EQ(draft_.row.posting_state, PostingState::kObserved);
  EXPECT_EQ(draft_.row.shown_status_id, 7);
  EXPECT_EQ(draft_.row.observed, &submission_);
  EXPECT_EQ(draft_.row.change_sequence, 41);
  EXPECT_EQ(draft_.row.version, 0);
  EXPECT_FALSE(draft_.was_accepted);
  EXPECT_TRUE(draft_.HasNews());

  EntryRow row = Holding(ResultOf(Result::kSuccess, 3));
  row.shown_status_id = 6;
  Begin(row);
  EXPECT_EQ(DispositionOf(observed), Disposition::kAccepted);
  EXPECT_EQ(draft_.row.posting_state, PostingState::kPosted);
  EXPECT_EQ(draft_.row.report_sequence, 10);
  row.shown_status_id = 7;
  Begin(row);
  EXPECT_EQ(DispositionOf(observed), Disposition::kUnchanged);
  ExpectNothingHappened();
  EXPECT_FALSE(draft_.HasNews());
}

// Judge would supersede this pending, because the entry holds a result.
TEST_F(AcceptRulesTest, CircumstancesGoBeforeJudge) {
  constexpr Disposition kAccepted = Disposition::kAccepted;
  constexpr Disposition kUnchanged = Disposition::kUnchanged;
  constexpr Disposition kSuperseded = Disposition::kSuperseded;
  const struct {
    const char* what;
    bool is_known;
    bool asks_rerun;
    bool is_overtaken;
    bool for_history;
    bool is_observed;
    Disposition wanted;
  } kCases[] = {
      {"new", false, false, false, false, false, kSuperseded},
      {"repeat", true, false, false, false, false, kUnchanged},
      {"rerun", true, true, false, false, false, kAccepted},
      {"rerun of an old head", true, true, true, false, false, kUnchanged},
      {"old head", false, false, true, false, false, kSuperseded},
      {"history", false, false, false, true, false, kSuperseded},
      {"repeated history", true, false, false, true, false, kUnchanged},
      {"observed", false, false, false, false, true, kAccepted},
      {"observed of an old head", false, false, true, false, true, kSuperseded},
      {"repeatedly observed", true, false, false, false, true, kUnchanged},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.what);
    found_.is_known = one.is_known;
    found_.asks_rerun = one.asks_rerun;
    found_.is_overtaken = one.is_overtaken;
    Submission submission = Of({WebhookPending()});
    submission.for_history = one.for_history;
    if (one.is_observed) submission.observed = Observed{7, "codecov"};
    Begin(Holding(ResultOf(Result::kFailure, 3)));
    const Decided decided = Decide(submission);
    EXPECT_EQ(decided.disposition, one.wanted);
    EXPECT_EQ(found_.IsRepeat(), one.wanted == kUnchanged);
    if (one.wanted != kAccepted) ExpectNothingHappened();
    EXPECT_EQ(decided.is_recorded,
              one.wanted != kUnchanged && !(one.is_observed && sequence_ > 40));
  }
}

// An event of the server's own can be a rerun that Judge would accept.
TEST_F(AcceptRulesTest, WhatIsForTheHistoryIsNeverAccepted) {
  KeyReport rerun = WebhookPending();
  rerun.rerun = true;
  Submission submission = Of({rerun});
  submission.for_history = true;
  Begin(Holding(ResultOf(Result::kFailure, 3)));
  EXPECT_EQ(DispositionOf(submission), Disposition::kSuperseded);
  ExpectNothingHappened();
}

TEST_F(AcceptRulesTest, APendingWithoutAResultBecomesAnError) {
  KeyReport pending = InSeries("jenkins", Pending(3, "building"));
  pending.target_url = "https://ci.example.com/3";
  EntryRow row = Holding(pending);
  row.expires_after = absl::Hours(6);
  sequence_ = 40;
  ExpireEntry(now_, &sequence_, &row);
  EXPECT_EQ(row.version, 2);
  EXPECT_EQ(row.held.phase, Phase::kExpired);
  EXPECT_EQ(row.held.result, std::nullopt);
  EXPECT_EQ(row.held.description, "No result within 6 h");
  EXPECT_EQ(row.held.target_url, "https://ci.example.com/3");
  EXPECT_EQ(row.report_sequence, 41);
  EXPECT_EQ(row.change_sequence, 41);
  EXPECT_EQ(sequence_, 41);
  // It is posted at once, and among the results.
  EXPECT_EQ(row.posting_state, PostingState::kDue);
  EXPECT_FALSE(row.is_pending);
  EXPECT_EQ(row.first_due_time, now_);
  EXPECT_EQ(row.expire_time, std::nullopt);
  // The result may still come.
  EXPECT_EQ(row.held.run.series, "jenkins");
  EXPECT_EQ(row.held.run.attempt, 3);
  EXPECT_EQ(row.held.run.state, RunState::kRunning);
}

TEST_F(AcceptRulesTest, AnExpirySaysHowLongItWaited) {
  const struct {
    absl::Duration waited;
    const char* words;
  } kCases[] = {
      {absl::ZeroDuration(), "0 s"},
      {absl::Milliseconds(999), "0 s"},
      {absl::Seconds(59), "59 s"},
      {absl::Seconds(60), "1 min"},
      {absl::Minutes(90), "1 h 30 min"},
      {absl::Hours(24) + absl::Seconds(1), "1 d 1 s"},
      {absl::Hours(30 * 24), "30 d"},
  };
  for (const auto& one : kCases) {
    EntryRow row = Holding(Pending(3));
    row.expires_after = one.waited;
    ExpireEntry(now_, &sequence_, &row);
    EXPECT_EQ(row.held.description,
              std::string("No result within ") + one.words);
  }
}

TEST_F(AcceptRulesTest, AReceiptTellsWhatIsHeld) {
  const Submission numbered = Of({Pending(3)});
  Receipt receipt =
      ReceiptFor(numbered, "CI/Build", EntryRow(), Disposition::kUnchanged);
  EXPECT_EQ(receipt.context, "CI/Build");
  EXPECT_EQ(receipt.sequence, 0);
  EXPECT_EQ(receipt.state, std::nullopt);
  EXPECT_EQ(receipt.newest_attempt, 0);

  const EntryRow row = Holding(ResultOf(Result::kTimedOut, 5));
  receipt = ReceiptFor(numbered, "ci/build", row, Disposition::kSuperseded);
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.sequence, 10);
  EXPECT_EQ(receipt.state, CommitState::kError);
  EXPECT_EQ(receipt.newest_attempt, 5);
  EXPECT_EQ(receipt.newest_result, Result::kTimedOut);

  const EntryRow pending = Holding(Pending(5));
  receipt =
      ReceiptFor(Of({Pending()}), "ci/build", pending, Disposition::kUnchanged);
  EXPECT_EQ(receipt.expire_time, pending.expire_time);
  EXPECT_EQ(receipt.newest_attempt, 0);  // The report has no number.

  Submission observed = Of({Pending()});
  observed.observed = Observed{7, "codecov"};
  receipt = ReceiptFor(observed, "ci/build", row, Disposition::kUnchanged);
  EXPECT_EQ(receipt.sequence, 15);
}

TEST_F(AcceptRulesTest, ACommitCountsTheReportsThatItsEntriesHold) {
  const std::optional<KeyReport> none;
  const KeyReport pending = Pending(3);
  const KeyReport success = ResultOf(Result::kSuccess, 3);
  const KeyReport failure = ResultOf(Result::kFailure, 3);
  const struct {
    std::optional<KeyReport> before;
    KeyReport after;
    int64_t statuses;
    int64_t pendings;
    int64_t failures;
  } kCases[] = {
      {none, pending, 1, 1, 0},     {none, success, 1, 0, 0},
      {none, failure, 1, 0, 1},     {pending, success, 0, -1, 0},
      {pending, failure, 0, -1, 1}, {pending, pending, 0, 0, 0},
      {failure, pending, 0, 1, -1}, {success, failure, 0, 0, 1},
  };
  for (const auto& one : kCases) {
    if (one.before.has_value()) {
      Begin(Holding(*one.before));
    } else {
      Begin();
    }
    draft_.row = Holding(one.after);
    CommitCounts counts = {10, 20, 30, 40};
    CountAccepted(draft_, 77, &counts);
    EXPECT_EQ(counts.newest_sequence, 77);
    EXPECT_EQ(counts.status_count, 20 + one.statuses);
    EXPECT_EQ(counts.pending_count, 30 + one.pendings);
    EXPECT_EQ(counts.failed_count, 40 + one.failures);
  }
  // An entry that held only what was observed was not counted.
  Begin(EntryRow());
  draft_.row = Holding(success);
  CommitCounts counts;
  CountAccepted(draft_, 77, &counts);
  EXPECT_EQ(counts.status_count, 1);
}

TEST_F(AcceptRulesTest, AllReportedContextsAreThoseThatTheCallerMayReport) {
  Submission submission;
  submission.contexts = {"CI/Build", "ci/expected"};
  const std::vector<std::string> reported = {"ci/build", "farm/B", "farm/c"};
  EXPECT_EQ(WithReported(submission, reported),
            (std::vector<std::string>{"CI/Build", "ci/expected", "farm/B",
                                      "farm/c"}));
  submission.may_report_context = [](absl::string_view context) {
    return context == "farm/c";
  };
  EXPECT_EQ(WithReported(submission, reported),
            (std::vector<std::string>{"CI/Build", "ci/expected", "farm/c"}));
}

TEST_F(AcceptRulesTest, AHeadHasANumberAndATime) {
  Submission submission;
  EXPECT_FALSE(HasHead(submission));
  submission.change = CodeChange();
  submission.change->pull_request_number = 12;
  EXPECT_FALSE(HasHead(submission));
  submission.change->updated_time = now_;
  EXPECT_TRUE(HasHead(submission));
  submission.change->pull_request_number = 0;
  EXPECT_FALSE(HasHead(submission));
}

TEST_F(AcceptRulesTest, OnlyALaterHeadOvertakes) {
  const absl::Duration second = absl::Seconds(1);
  const struct {
    char sha;
    absl::Time updated;
    absl::Time newest;
    HeadOrder wanted;
  } kCases[] = {
      {'b', now_, now_ - second, HeadOrder::kNewest},
      {'b', now_ - second, now_ - second, HeadOrder::kNewest},
      {'b', now_ - 2 * second, now_ - second, HeadOrder::kOvertaken},
      {'a', now_ - 2 * second, now_ - second, HeadOrder::kRepeated},
      // A time in the future counts as now, for the new head and for the old.
      {'b', now_, now_ + absl::Hours(1), HeadOrder::kNewest},
      {'b', now_ + absl::Hours(1), now_ + absl::Hours(2), HeadOrder::kNewest},
      {'b', now_ - second, now_ + absl::Hours(1), HeadOrder::kOvertaken},
      // The store keeps microseconds.
      {'b', now_ - second, now_ - second + absl::Nanoseconds(900),
       HeadOrder::kNewest},
  };
  for (const auto& one : kCases) {
    CodeChange change;
    change.updated_time = one.updated;
    EXPECT_EQ(OrderOf(change, ShaOf(one.sha), KnownHead{one.newest, ShaOf('a')},
                      now_),
              one.wanted)
        << one.sha << " " << one.updated << " " << one.newest;
  }
}

TEST_F(AcceptRulesTest, NotEveryRedeliveryAsksForARerun) {
  Submission submission = Of({WebhookPending()});
  EXPECT_FALSE(MayAskRerun(submission, submission.contexts));
  submission.redelivery_is_rerun = true;
  EXPECT_TRUE(MayAskRerun(submission, submission.contexts));
  EXPECT_FALSE(MayAskRerun(submission, {}));
  submission.observed = Observed{7, "codecov"};
  EXPECT_FALSE(MayAskRerun(submission, submission.contexts));

  EXPECT_FALSE(ComesAgain(std::nullopt, now_));
  EXPECT_FALSE(ComesAgain(now_ - absl::Milliseconds(9999), now_));
  EXPECT_TRUE(ComesAgain(now_ - absl::Seconds(10), now_));

  EXPECT_FALSE(IsPending(EntryRow()));
  EXPECT_TRUE(IsPending(Holding(WebhookPending())));
  EXPECT_FALSE(IsPending(Holding(ResultOf(Result::kSuccess))));
  EntryRow expired = Holding(Pending(3));
  expired.held.phase = Phase::kExpired;
  EXPECT_FALSE(IsPending(expired));
}

TEST_F(AcceptRulesTest, ANumberIsTrustedFromADeliveryAndFromGitHub) {
  Submission submission = Of({Pending(3)});
  submission.report.repository_id = 7;
  submission.caller = "farm";
  EXPECT_EQ(submission.TrustedNumber(), 0);
  EXPECT_EQ(submission.NumberBy(), "farm");
  submission.from_github = true;
  EXPECT_EQ(submission.TrustedNumber(), 7);
  EXPECT_EQ(submission.NumberBy(), "");
  submission.from_github = false;
  submission.delivery = Delivery();
  EXPECT_EQ(submission.TrustedNumber(), 7);
}

}  // namespace
}  // namespace signalbox
