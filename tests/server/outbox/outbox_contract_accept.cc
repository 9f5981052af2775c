// What accepting means: by Judge, as a whole, in order.

#include <string>
#include <tuple>

#include "common/error.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(OutboxContract, AReportOfAnUnknownKeyIsAccepted) {
  KeyReport report = ResultOf(Result::kTimedOut, 7, "took 2 h");
  report.target_url = "https://ci.example.com/7";
  const Receipt receipt = Accept(report);
  EXPECT_EQ(receipt.disposition, Disposition::kAccepted);
  EXPECT_GT(receipt.sequence, 0);
  EXPECT_EQ(receipt.context, "ci/build");

  const StatusView status = Status();
  EXPECT_EQ(status.context, "ci/build");
  EXPECT_EQ(status.phase, Phase::kNumberedResult);
  EXPECT_EQ(status.state, CommitState::kError);
  EXPECT_EQ(status.result, Result::kTimedOut);
  EXPECT_EQ(status.description, "took 2 h");
  EXPECT_EQ(status.target_url, "https://ci.example.com/7");
  EXPECT_EQ(status.attempt, 7);
  EXPECT_EQ(status.sequence, receipt.sequence);
  EXPECT_EQ(status.report_time, Now());
  EXPECT_EQ(status.expire_time, std::nullopt);
  EXPECT_EQ(status.posting.state, PostingState::kDue);
  EXPECT_EQ(status.posting.post_time, std::nullopt);
}

// The table of Judge, played through the store: every report after every other.
TEST_P(OutboxContract, DecidesByJudge) {
  std::vector<KeyReport> reports = {WebhookPending(),
                                    Pending(1),
                                    Pending(1, "other"),
                                    Pending(2),
                                    Pending(0),
                                    ResultOf(Result::kSuccess, 1),
                                    ResultOf(Result::kFailure, 1),
                                    ResultOf(Result::kSuccess, 2),
                                    ResultOf(Result::kSuccess, 0),
                                    ResultOf(Result::kError, 0),
                                    InSeries("s", Pending(1)),
                                    InSeries("s", ResultOf(Result::kError, 1))};
  reports.push_back(Pending());
  reports.back().rerun = true;
  Submission all;
  for (size_t first = 0; first < reports.size(); ++first) {
    for (size_t second = 0; second < reports.size(); ++second) {
      SCOPED_TRACE(testing::Message() << first << ", " << second);
      const std::string context =
          "ci/" + std::to_string(first) + "/" + std::to_string(second);
      const KeyReport one = On(reports[first], "widgets", 'a', context);
      const KeyReport two = On(reports[second], "widgets", 'a', context);
      Held held;
      Hold(one, Judge(nullptr, one), &held);
      const Judgement wanted = Judge(&held, two);

      const Receipt before = Accept(one);
      EXPECT_EQ(before.disposition, Disposition::kAccepted);
      const Outcome outcome = Accept({Of({two})}).front();
      ASSERT_TRUE(outcome.status.ok()) << outcome.status;
      ASSERT_EQ(outcome.receipts.size(), 1u);
      EXPECT_EQ(outcome.receipts[0].disposition, wanted.disposition);
      if (wanted.disposition == Disposition::kAccepted) {
        EXPECT_EQ(outcome.receipts[0].sequence, before.sequence + 1);
      } else {
        EXPECT_EQ(outcome.receipts[0].sequence, before.sequence);
      }
    }
  }
}

// Only the server knows that a run is over, so a third report must show it.
TEST_P(OutboxContract, KeepsThatARunIsOver) {
  Accept(ResultOf(Result::kFailure, 1));
  KeyReport rerun = Pending();
  rerun.rerun = true;
  EXPECT_EQ(Accept(rerun).disposition, Disposition::kAccepted);
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 1)).disposition,
            Disposition::kSuperseded);
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 2)).disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, KeysDoNotRegardCase) {
  const Receipt first = Accept(ResultOf(Result::kSuccess, 1));
  KeyReport again = ResultOf(Result::kSuccess, 1);
  again.repository = Repo("ACME/Widgets");
  again.sha = ShaOf('A');
  again.context = "CI/Build";
  const Receipt second = Accept(again);
  EXPECT_EQ(second.disposition, Disposition::kUnchanged);
  EXPECT_EQ(second.sequence, first.sequence);
  EXPECT_EQ(second.context, "CI/Build");
  EXPECT_EQ(Commit("Acme/WIDGETS").repository.name, "widgets");
  EXPECT_EQ(Status().context, "ci/build");
}

TEST_P(OutboxContract, OfAContextOnlyAsciiLettersHaveNoCase) {
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  std::string wide;
  while (wide.size() < 3 * 255) wide += "\u20ac";
  for (const std::string& context :
       {std::string("CI \u00bb GR\u00dcN"), wide}) {
    EXPECT_EQ(Accept(On(report, "widgets", 'a', context)).disposition,
              Disposition::kAccepted);
  }
  EXPECT_EQ(
      Accept(On(report, "widgets", 'a', "ci \u00bb gr\u00dcn")).disposition,
      Disposition::kUnchanged);
  EXPECT_EQ(
      Accept(On(report, "widgets", 'a', "ci \u00bb gr\u00fcn")).disposition,
      Disposition::kAccepted);
  // Ordered by their bytes.
  std::vector<std::string> contexts;
  for (const StatusView& status : Commit("widgets").statuses) {
    contexts.push_back(status.context);
  }
  EXPECT_EQ(contexts, (std::vector<std::string>{"CI \u00bb GR\u00dcN",
                                                "ci \u00bb gr\u00fcn", wide}));
}

TEST_P(OutboxContract, KeysDifferByEachOfTheirParts) {
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  Accept(report);
  for (const KeyReport& other :
       {On(report, "gadgets"), On(report, "other/widgets"),
        On(report, "github.example.com/acme/widgets"),
        On(report, "widgets", 'b'), On(report, "widgets", 'a', "ci/lint")}) {
    EXPECT_EQ(Accept(other).disposition, Disposition::kAccepted);
  }
  KeyReport longer = report;
  longer.sha = *ParseSha(std::string(64, 'a'));
  EXPECT_EQ(Accept(longer).disposition, Disposition::kAccepted);
  EXPECT_EQ(outbox().GetCommit(Repo("widgets"), longer.sha)->sha, longer.sha);
}

TEST_P(OutboxContract, SequencesRiseByOneInOrder) {
  const std::vector<Outcome> outcomes =
      Accept({Of({Pending(1), On(Pending(1), "widgets", 'a', "ci/lint")}),
              Of({On(Pending(1), "gadgets")})});
  const int64_t first = outcomes[0].receipts[0].sequence;
  EXPECT_EQ(outcomes[0].receipts[1].sequence, first + 1);
  EXPECT_EQ(outcomes[1].receipts[0].sequence, first + 2);
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 1)).sequence, first + 3);
}

TEST_P(OutboxContract, ContextsOfOneSubmissionSeeEachOther) {
  const std::vector<Receipt> receipts =
      Receipts(Of({Pending(1), On(Pending(1), "widgets", 'a', "CI/Build")}));
  EXPECT_EQ(receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(receipts[1].disposition, Disposition::kUnchanged);
  EXPECT_EQ(receipts[1].sequence, receipts[0].sequence);
  EXPECT_EQ(HistoryOf(Pending()).reports.size(), 1u);
}

TEST_P(OutboxContract, ReportsOfOneBatchSeeEachOther) {
  const std::vector<Receipt> receipts = InTurn(
      {Pending(1), Pending(1), ResultOf(Result::kSuccess, 1), Pending(1)});
  EXPECT_EQ(receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(receipts[1].disposition, Disposition::kUnchanged);
  EXPECT_EQ(receipts[1].sequence, receipts[0].sequence);
  EXPECT_EQ(receipts[2].disposition, Disposition::kAccepted);
  EXPECT_EQ(receipts[2].sequence, receipts[0].sequence + 1);
  EXPECT_EQ(receipts[3].disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipts[3].sequence, receipts[2].sequence);
  EXPECT_EQ(Status().state, CommitState::kSuccess);
  EXPECT_EQ(HistoryOf(Pending()).reports.size(), 3u);
  EXPECT_EQ(TakeResult()->version, 2);
}

TEST_P(OutboxContract, SubmissionsOfOneBatchSeeEachOther) {
  const std::vector<Outcome> outcomes =
      Accept({Of({ResultOf(Result::kSuccess, 1)}), Of({Pending(1)}),
              Of({ResultOf(Result::kFailure, 1)}),
              Of({ResultOf(Result::kSuccess, 1)})});
  EXPECT_EQ(outcomes[0].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(outcomes[1].receipts[0].disposition, Disposition::kSuperseded);
  EXPECT_EQ(outcomes[2].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(outcomes[3].receipts[0].disposition, Disposition::kSuperseded);
}

TEST_P(OutboxContract, ARefusedSubmissionLeavesNoTrace) {
  const Receipt held = Accept(ResultOf(Result::kSuccess, 1));
  const KeyReport lint = On(Pending(1), "widgets", 'a', "ci/lint");
  Submission submission = Of({lint, Pending(1)});
  submission.report.sha = Sha();
  submission.delivery = Delivery{"id", std::string(32, 'd'), "push", ""};
  const Outcome outcome = Accept({submission}).front();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(outcome.receipts, IsEmpty());

  EXPECT_EQ(Status().result, Result::kSuccess);
  EXPECT_FALSE(outbox().GetHistory(lint.Key()).ok());
  EXPECT_EQ(HistoryOf(Pending()).reports.size(), 1u);
  clock_.Advance(kSettle);
  EXPECT_FALSE(TakePending().has_value());
  // The refusal used up neither sequences nor the delivery.
  submission.report.sha = lint.sha;
  submission.contexts.pop_back();
  const Receipt next = Receipts(submission).front();
  EXPECT_EQ(next.disposition, Disposition::kAccepted);
  EXPECT_EQ(next.sequence, held.sequence + 1);
}

TEST_P(OutboxContract, ARefusalDoesNotHarmTheRestOfTheBatch) {
  KeyReport refused = Pending(1);
  refused.sha = Sha();
  const std::vector<Outcome> outcomes =
      Accept({Of({On(Pending(1), "widgets", 'b')}), Of({refused}),
              Of({On(Pending(1), "widgets", 'c')})});
  EXPECT_TRUE(outcomes[0].status.ok());
  EXPECT_FALSE(outcomes[1].status.ok());
  EXPECT_TRUE(outcomes[2].status.ok());
  EXPECT_EQ(outcomes[2].receipts[0].sequence,
            outcomes[0].receipts[0].sequence + 1);
  EXPECT_EQ(Status("widgets", 'b').attempt, 1);
  EXPECT_EQ(Status("widgets", 'c').attempt, 1);
}

// Of two results of one run the worse one stands, in any order.
TEST_P(OutboxContract, ABetterResultOfTheSameRunIsOnlyRecorded) {
  const Receipt held = Accept(ResultOf(Result::kFailure, 1, "3 failed"));
  const Receipt better = Accept(ResultOf(Result::kSuccess, 1, "all is well"));
  EXPECT_EQ(better.disposition, Disposition::kSuperseded);
  EXPECT_EQ(better.sequence, held.sequence);
  EXPECT_EQ(Status().description, "3 failed");
  const History history = HistoryOf(Pending());
  ASSERT_EQ(history.reports.size(), 2u);
  EXPECT_EQ(history.reports[1].disposition, Disposition::kSuperseded);
  EXPECT_EQ(history.reports[1].result, Result::kSuccess);
}

// As at GitHub. Several texts in a row need one post.
TEST_P(OutboxContract, TheNewestTextIsPostedIfTheReportSaysSo) {
  Accept(ResultOf(Result::kSuccess, 0, "1 of 3"));
  for (const char* const text : {"2 of 3", "3 of 3"}) {
    EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 0, text)).disposition,
              Disposition::kUnchanged);
    EXPECT_EQ(Accept(Newest(ResultOf(Result::kSuccess, 0, text))).disposition,
              Disposition::kAccepted);
  }
  EXPECT_EQ(Status().description, "3 of 3");
  EXPECT_EQ(HistoryOf(Pending()).reports.size(), 3u);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->wanted.description, "3 of 3");
  Settle(*lease, Settlement::Kind::kPosted);
  EXPECT_EQ(Accept(Newest(ResultOf(Result::kSuccess, 0, "3 of 3"))).disposition,
            Disposition::kUnchanged);
  EXPECT_FALSE(TakeResult().has_value());
}

TEST_P(OutboxContract, AWorseResultOfTheSameRunReplacesIt) {
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_EQ(Accept(ResultOf(Result::kFailure, 1)).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Status().state, CommitState::kFailure);
  EXPECT_EQ(TakeResult()->wanted.state, CommitState::kFailure);
}

// A small number of another counter is not an old one.
TEST_P(OutboxContract, NumbersOfTwoSeriesAreNotCompared) {
  Accept(InSeries("jenkins:app", Pending(300)));
  EXPECT_EQ(Accept(InSeries("jenkins:nightly", ResultOf(Result::kSuccess, 12)))
                .disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Status().state, CommitState::kSuccess);
  EXPECT_EQ(Status().series, "jenkins:nightly");
  EXPECT_EQ(Status().attempt, 12);
}

TEST_P(OutboxContract, EachSeriesKeepsItsNewestRun) {
  Accept(InSeries("a", ResultOf(Result::kFailure, 7)));
  Accept(InSeries("b", Pending(1)));
  Accept(InSeries("c", ResultOf(Result::kSuccess, 1)));
  for (const auto& [series, attempt, wanted] :
       {std::tuple("a", 6, Disposition::kSuperseded),
        {"a", 7, Disposition::kSuperseded},
        {"b", 1, Disposition::kSuperseded},
        {"c", 1, Disposition::kSuperseded}}) {
    EXPECT_EQ(Accept(InSeries(series, Pending(attempt))).disposition, wanted)
        << series;
  }
  // In a run that ended a better result is late. Another run's first is not.
  EXPECT_EQ(Accept(InSeries("a", ResultOf(Result::kSuccess, 7))).disposition,
            Disposition::kSuperseded);
  EXPECT_EQ(Accept(InSeries("b", ResultOf(Result::kError, 1))).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("c", ResultOf(Result::kFailure, 1))).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("a", Pending(8))).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Status().series, "a");
}

TEST_P(OutboxContract, ARerunEndsTheRunsOfEverySeries) {
  Accept(InSeries("a", Pending(7)));
  Accept(InSeries("b", ResultOf(Result::kFailure, 1)));
  KeyReport rerun = Pending();
  rerun.rerun = true;
  EXPECT_EQ(Accept(rerun).disposition, Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("a", ResultOf(Result::kError, 7))).disposition,
            Disposition::kSuperseded);
  EXPECT_EQ(Accept(InSeries("b", ResultOf(Result::kError, 1))).disposition,
            Disposition::kSuperseded);
  EXPECT_EQ(Accept(InSeries("a", Pending(8))).disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, TheSeriesAcceptedLastAreKept) {
  std::vector<KeyReport> reports;
  for (size_t i = 0; i <= kMostSeries; ++i) {
    reports.push_back(InSeries(std::to_string(i), Pending(5)));
  }
  InTurn(reports);
  EXPECT_EQ(Accept(InSeries("1", Pending(4))).disposition,
            Disposition::kSuperseded);
  EXPECT_EQ(Accept(InSeries("0", Pending(4))).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("1", Pending(4))).disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, ReportsOfOneBatchSeeEachOthersSeries) {
  const std::vector<Receipt> receipts =
      InTurn({InSeries("a", Pending(2)), InSeries("b", Pending(1)),
              InSeries("a", Pending(1)), InSeries("c", Pending(1)),
              InSeries("b", ResultOf(Result::kError, 1))});
  EXPECT_EQ(receipts[2].disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipts[4].disposition, Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("c", ResultOf(Result::kError, 1))).disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, TheHistoryTellsTheSeries) {
  Accept(InSeries("a", Pending(2)));
  Accept(InSeries("b", ResultOf(Result::kSuccess, 1)));
  Accept(InSeries("a", Pending(1)));
  const History history = HistoryOf(Pending());
  ASSERT_EQ(history.reports.size(), 3u);
  EXPECT_EQ(history.reports[0].series, "a");
  EXPECT_EQ(history.reports[1].series, "b");
  EXPECT_EQ(history.reports[2].series, "a");
  EXPECT_EQ(history.reports[2].disposition, Disposition::kSuperseded);
  EXPECT_EQ(history.status.series, "b");
  const auto changes = outbox().ChangesAfter(ChangeCursor(0), 10);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 2u);
  EXPECT_EQ(changes->at(0).status.series, "a");
  EXPECT_EQ(changes->at(1).status.series, "b");
}

TEST_P(OutboxContract, ReportsOfNoShaAreRefused) {
  KeyReport bad = Pending(1);
  bad.sha = Sha();
  const Outcome outcome = Accept({Of({bad})}).front();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(outcome.status), "INVALID_SUBMISSION");
  EXPECT_EQ(outcome.status.message(),
            "sha: \"\" is not a full SHA (40 or 64 hexadecimal digits)");
}

TEST_P(OutboxContract, NoSubmissionsAndNoReportsAreNothing) {
  EXPECT_THAT(Accept(std::vector<Submission>()), IsEmpty());
  EXPECT_THAT(Receipts(Of({})), IsEmpty());
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
}

TEST_P(OutboxContract, AnUnchangedPendingOnlyRenewsItsExpiry) {
  const absl::Time start = Now();
  KeyReport pending = Pending(1, "building");
  pending.expires_after = absl::Hours(1);
  const Receipt first = Accept(pending);
  EXPECT_EQ(Status().expire_time, start + absl::Hours(1));
  clock_.Advance(absl::Minutes(10));
  const Receipt again = Accept(pending);
  EXPECT_EQ(again.disposition, Disposition::kUnchanged);
  EXPECT_EQ(again.sequence, first.sequence);

  const StatusView status = Status();
  EXPECT_EQ(status.expire_time, start + absl::Minutes(70));
  EXPECT_EQ(status.report_time, start);
  EXPECT_EQ(status.sequence, first.sequence);
  EXPECT_EQ(HistoryOf(pending).reports.size(), 1u);
  EXPECT_EQ(TakePending()->version, 1);
}

TEST_P(OutboxContract, AnUnchangedPendingThatIsPostedIsNotPostedAgain) {
  Accept(Pending(1));
  clock_.Advance(kSettle);
  Settle(*TakePending(), Settlement::Kind::kPosted);
  Accept(Pending(1));
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(TakePending().has_value());
}

TEST_P(OutboxContract, AReceiptTellsWhatIsHeld) {
  const absl::Time start = Now();
  KeyReport pending = Pending(1, "building");
  pending.expires_after = absl::Hours(1);
  const Receipt first = Accept(pending);
  EXPECT_EQ(first.expire_time, start + absl::Hours(1));
  EXPECT_EQ(first.state, CommitState::kPending);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Accept(pending).expire_time, start + absl::Minutes(70));

  // The receipt of a late report describes the newer one, from another
  // transaction and from the same one.
  KeyReport late = Pending(0, "late");
  late.from_webhook = true;
  Receipt receipt = Accept(late);
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.expire_time, start + absl::Minutes(70));
  EXPECT_EQ(receipt.state, CommitState::kPending);
  const std::vector<Outcome> outcomes =
      Accept({Of({ResultOf(Result::kCancelled, 2)}), Of({Pending(1)})});
  EXPECT_EQ(outcomes[0].receipts[0].expire_time, std::nullopt);
  EXPECT_EQ(outcomes[0].receipts[0].state, CommitState::kError);
  EXPECT_EQ(outcomes[1].receipts[0].disposition, Disposition::kSuperseded);
  EXPECT_EQ(outcomes[1].receipts[0].expire_time, std::nullopt);
  EXPECT_EQ(outcomes[1].receipts[0].state, CommitState::kError);
}

TEST_P(OutboxContract, AReceiptTellsTheNewestRunOfTheSeries) {
  Receipt receipt = Accept(Pending(4));
  EXPECT_EQ(receipt.newest_attempt, 4);
  EXPECT_EQ(receipt.newest_result, std::nullopt);
  Accept(ResultOf(Result::kSuccess, 5));
  receipt = Accept(ResultOf(Result::kFailure, 4));
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.newest_attempt, 5);
  EXPECT_EQ(receipt.newest_result, Result::kSuccess);
  // The worse of two results of one run.
  EXPECT_EQ(Accept(ResultOf(Result::kFailure, 5)).newest_result,
            Result::kFailure);
  receipt = Accept(ResultOf(Result::kSuccess, 5));
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.newest_attempt, 5);
  EXPECT_EQ(receipt.newest_result, Result::kFailure);
  // Another series has its own numbers. An unnumbered report has none.
  KeyReport other = ResultOf(Result::kSuccess, 2);
  other.series = "other";
  EXPECT_EQ(Accept(other).newest_attempt, 2);
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 3)).newest_attempt, 5);
  EXPECT_EQ(Accept(ResultOf(Result::kSkipped, 0)).newest_attempt, 0);
}

// Compare and set: a report is refused if a newer one was accepted.
TEST_P(OutboxContract, IfSequenceRefusesWhatComesBehindANewerReport) {
  const auto accept = [this](const KeyReport& report, int64_t if_sequence) {
    Submission submission = Of({report});
    submission.if_sequence = if_sequence;
    return Accept({submission}).front();
  };
  EXPECT_TRUE(accept(Pending(1), 0).status.ok());
  const int64_t pending = Status().sequence;
  const Outcome refused = accept(Pending(2), 0);
  EXPECT_TRUE(absl::IsAborted(refused.status)) << refused.status;
  EXPECT_EQ(ReasonOf(refused.status), "CHANGED");
  EXPECT_THAT(refused.receipts, IsEmpty());
  EXPECT_EQ(Status().attempt, 1);
  EXPECT_EQ(HistoryOf(Pending(1)).reports.size(), 1u);

  // A post is not a report. Its sequence works as well.
  clock_.Advance(kSettle);
  Settle(*Take(Request(true)), Settlement::Kind::kPosted);
  const int64_t posted = Status().sequence;
  EXPECT_GT(posted, pending);
  EXPECT_TRUE(accept(Pending(2), pending).status.ok());
  EXPECT_TRUE(
      absl::IsAborted(accept(ResultOf(Result::kSuccess, 2), posted).status));
  clock_.Advance(kSettle);
  Settle(*Take(Request(true)), Settlement::Kind::kPosted);
  EXPECT_TRUE(
      accept(ResultOf(Result::kSuccess, 2), Status().sequence).status.ok());

  // An expiry is the server's own report.
  Accept(Pending(3));
  const int64_t last = Status().sequence;
  clock_.Advance(absl::Hours(7));
  EXPECT_EQ(Expire(), 1);
  EXPECT_TRUE(absl::IsAborted(accept(Pending(4), last).status));
  EXPECT_TRUE(accept(Pending(4), Status().sequence).status.ok());

  // Repeated and late reports get the same answers as without the condition.
  EXPECT_EQ(accept(Pending(4), 0).receipts.front().disposition,
            Disposition::kUnchanged);
  EXPECT_EQ(
      accept(ResultOf(Result::kSuccess, 1), 0).receipts.front().disposition,
      Disposition::kSuperseded);
}

TEST_P(OutboxContract, AResultDoesNotExpire) {
  Accept(Pending(1));
  EXPECT_NE(Status().expire_time, std::nullopt);
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_EQ(Status().expire_time, std::nullopt);
  KeyReport rerun = Pending();
  rerun.rerun = true;
  Accept(rerun);
  EXPECT_EQ(Status().expire_time, Now() + absl::Hours(6));
}

TEST_P(OutboxContract, HistoryTellsEveryReportThatWasNotARepeat) {
  Submission submission = Of({Pending(2, "on")});
  submission.report.target_url = "https://ci.example.com/2";
  submission.caller = "linux-farm";
  submission.delivery = Delivery{"id-1", "", "push", ""};
  const Receipt pending = Receipts(submission).front();
  const absl::Time start = Now();
  clock_.Advance(absl::Seconds(1));
  Accept(Pending(1, "late"));
  clock_.Advance(absl::Seconds(1));
  const Receipt result = Accept(ResultOf(Result::kCancelled, 2));
  Accept(ResultOf(Result::kCancelled, 2));

  const std::vector<RecordedReport> reports = HistoryOf(Pending()).reports;
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].sequence, pending.sequence);
  EXPECT_EQ(reports[0].accept_time, start);
  EXPECT_EQ(reports[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(reports[0].state, CommitState::kPending);
  EXPECT_EQ(reports[0].result, std::nullopt);
  EXPECT_EQ(reports[0].attempt, 2);
  EXPECT_EQ(reports[0].description, "on");
  EXPECT_EQ(reports[0].target_url, "https://ci.example.com/2");
  EXPECT_EQ(reports[0].caller, "linux-farm");
  EXPECT_EQ(reports[0].delivery_id, "id-1");

  EXPECT_EQ(reports[1].sequence, 0);
  EXPECT_EQ(reports[1].disposition, Disposition::kSuperseded);
  EXPECT_EQ(reports[1].accept_time, start + absl::Seconds(1));
  EXPECT_EQ(reports[1].attempt, 1);
  EXPECT_EQ(reports[1].description, "late");
  EXPECT_EQ(reports[1].caller, "");

  EXPECT_EQ(reports[2].sequence, result.sequence);
  EXPECT_EQ(reports[2].state, CommitState::kError);
  EXPECT_EQ(reports[2].result, Result::kCancelled);
}

// Texts are data, and come back unchanged.
TEST_P(OutboxContract, KeepsTextsAsTheyAre) {
  constexpr char kBytes[] = "'; DROP TABLE entry; --\0\n\xff\xe2\x80\xa6";
  const std::string text =
      std::string(kBytes, sizeof(kBytes) - 1) + std::string(4000, 'x');
  Accept(ResultOf(Result::kFailure, 1, text));
  EXPECT_EQ(Status().description, text);
  EXPECT_EQ(HistoryOf(Pending()).reports[0].description, text);
  EXPECT_EQ(TakeResult()->wanted.description, text);
}

}  // namespace
}  // namespace signalbox
