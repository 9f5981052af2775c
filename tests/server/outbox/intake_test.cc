#include "server/outbox/intake.h"

#include <atomic>
#include <thread>

#include "common/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/wake_up.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/fake_clock.h"
#include "tests/support/forwarding_outbox.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Answers all reports with `disposition`, or fails with `error`. A report's
// sequence is its place in the order of arrival.
class FakeOutbox : public ForwardingOutbox {
 public:
  FakeOutbox() : ForwardingOutbox(nullptr) {}

  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    batches.push_back(submissions.size());
    times.push_back(now);
    if (meanwhile) meanwhile();
    if (!error.ok()) return error;
    std::vector<Outcome> outcomes;
    for (const Submission& submission : submissions) {
      Outcome outcome;
      ++count;
      for (const std::string& context : submission.contexts) {
        Receipt& receipt = outcome.receipts.emplace_back();
        receipt.context = context;
        receipt.sequence = count;
        receipt.disposition = disposition;
      }
      outcome.made_due = disposition == Disposition::kAccepted;
      outcomes.push_back(outcome);
    }
    return outcomes;
  }

  absl::StatusOr<bool> TidyUp() override {
    ++tidied;
    return tidied < steps;
  }

  int tidied = 0;
  int steps = 1;  // How often there is something to tidy up.
  absl::Status error;
  Disposition disposition = Disposition::kAccepted;
  std::function<void()> meanwhile;
  std::vector<size_t> batches;
  std::vector<absl::Time> times;
  int64_t count = 0;
};

constexpr absl::Duration kTidyUpAfter = absl::Milliseconds(50);

class IntakeTest : public testing::Test {
 protected:
  void Make(Intake::Options options = {}) {
    intake_ = std::make_unique<Intake>(&outbox_, &clock_, options, &wake_up_,
                                       &became_due_);
  }

  void Submit(int count = 1) {
    for (int i = 0; i < count; ++i) {
      intake_->Submit(Of({Pending(1)}), [this](auto outcome) {
        if (outcome.ok()) {
          sequences_.push_back(outcome->receipts.at(0).sequence);
        } else {
          reasons_.push_back(ReasonOf(outcome.status()));
        }
      });
    }
  }

  FakeClock clock_;
  FakeOutbox outbox_;
  WakeUp wake_up_;
  WakeUp became_due_;
  std::vector<int64_t> sequences_;
  std::vector<std::string> reasons_;
  std::unique_ptr<Intake> intake_;
};

TEST_F(IntakeTest, AnswersWhenItIsCommitted) {
  Make();
  Submit(3);
  EXPECT_THAT(sequences_, IsEmpty());
  EXPECT_THAT(outbox_.batches, IsEmpty());
  EXPECT_TRUE(wake_up_.is_requested());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  EXPECT_THAT(outbox_.batches, ElementsAre(3));
  EXPECT_THAT(outbox_.times, ElementsAre(clock_.Now()));
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3));
  EXPECT_TRUE(became_due_.is_requested());
}

TEST_F(IntakeTest, TidiesUpInAQuietMoment) {
  Make();
  Submit();
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  clock_.Advance(kTidyUpAfter - absl::Milliseconds(1));
  // Another report puts it off.
  Submit();
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  clock_.Advance(kTidyUpAfter - absl::Milliseconds(1));
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + absl::Milliseconds(1));
  EXPECT_EQ(outbox_.tidied, 0);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(intake_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(outbox_.tidied, 1);
  EXPECT_EQ(intake_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(outbox_.tidied, 1);
}

TEST_F(IntakeTest, ReportsComeBeforeTheRestOfTidyingUp) {
  Make();
  outbox_.steps = 3;
  Submit();
  clock_.Advance(intake_->RunOnce() - clock_.Now());
  EXPECT_EQ(intake_->RunOnce(), clock_.Now());
  EXPECT_EQ(outbox_.tidied, 1);
  Submit();
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  EXPECT_EQ(outbox_.tidied, 1);
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
  clock_.Advance(kTidyUpAfter);
  EXPECT_EQ(intake_->RunOnce(), clock_.Now());
  EXPECT_EQ(intake_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(outbox_.tidied, 3);
}

TEST_F(IntakeTest, WakesAgainOnceItWasEmpty) {
  Make();
  Submit();
  EXPECT_TRUE(wake_up_.Take());
  Submit();
  EXPECT_FALSE(wake_up_.Take());
  intake_->RunOnce();
  Submit();
  EXPECT_TRUE(wake_up_.Take());
}

TEST_F(IntakeTest, DoesNothingWithoutSubmissions) {
  Make();
  EXPECT_EQ(intake_->RunOnce(), absl::InfiniteFuture());
  EXPECT_THAT(outbox_.batches, IsEmpty());
  EXPECT_FALSE(became_due_.is_requested());
}

TEST_F(IntakeTest, WhatArrivesDuringACommitIsTheNextBatch) {
  Make();
  outbox_.meanwhile = [this] {
    if (outbox_.batches.size() == 1) Submit(5);
  };
  Submit();
  EXPECT_TRUE(wake_up_.Take());
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  EXPECT_THAT(outbox_.batches, ElementsAre(1, 5));
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_TRUE(wake_up_.is_requested());
}

TEST_F(IntakeTest, BatchesAreBounded) {
  Make({.max_batch = 4, .max_waiting = 100});
  Submit(10);
  intake_->RunOnce();
  EXPECT_THAT(outbox_.batches, ElementsAre(4, 4, 2));
  EXPECT_EQ(sequences_.size(), 10u);
}

TEST_F(IntakeTest, TooManyWaitingAreRefused) {
  Make({.max_batch = 4, .max_waiting = 2});
  Submit(4);
  EXPECT_THAT(reasons_, ElementsAre("INTAKE_FULL", "INTAKE_FULL"));
  intake_->RunOnce();
  EXPECT_EQ(sequences_.size(), 2u);
  Submit();
  intake_->RunOnce();
  EXPECT_EQ(sequences_.size(), 3u);
}

// One call with a hundred contexts is a hundred reports.
TEST_F(IntakeTest, ATransactionIsBoundedInReports) {
  Make({.max_batch = 100, .max_batch_reports = 10});
  for (const int reports : {4, 4, 4, 25, 1, 9, 1}) {
    intake_->Submit(Of(std::vector<KeyReport>(reports, Pending(1))),
                    [](auto outcome) { EXPECT_TRUE(outcome.ok()); });
  }
  intake_->RunOnce();
  EXPECT_THAT(outbox_.batches, ElementsAre(2, 1, 1, 2, 1));
}

// A submission for everything reported of a commit can hold 1,000 contexts.
TEST_F(IntakeTest, ATransactionRunsFewWholeCommitsAgain) {
  Make();
  for (int i = 0; i < 3; ++i) {
    Submission submission = Of({Pending(1)});
    submission.with_all_reported = true;
    intake_->Submit(std::move(submission),
                    [](auto outcome) { EXPECT_TRUE(outcome.ok()); });
  }
  intake_->RunOnce();
  EXPECT_THAT(outbox_.batches, ElementsAre(1, 1, 1));
}

TEST_F(IntakeTest, WhatWaitsIsBoundedInBytes) {
  Make({.max_waiting_bytes = 100'000});
  KeyReport large = Pending(1);
  large.description = std::string(30'000, 'x');
  absl::Status refusal;  // Outlives the lambda: RunOnce calls back, too.
  const auto submit = [&] {
    refusal = absl::OkStatus();
    intake_->Submit(Of({large}),
                    [&](auto outcome) { refusal = outcome.status(); });
    return ReasonOf(refusal);
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(submit(), "");
    EXPECT_EQ(submit(), "INTAKE_FULL");
    intake_->RunOnce();
  }
  // A submission larger than the whole bound must have a way in.
  large.description = std::string(200'000, 'x');
  EXPECT_EQ(submit(), "");
  EXPECT_EQ(submit(), "INTAKE_FULL");
  intake_->RunOnce();
}

// Each of these fields can be as long as a request.
TEST_F(IntakeTest, TheBoundCountsAllThatASubmissionHolds) {
  const std::string large(60'000, 'x');
  const std::vector<std::function<void(Submission*)>> holders = {
      [&](Submission* held) { held->report.target_url = large; },
      [&](Submission* held) { held->report.series = large; },
      [&](Submission* held) { held->contexts.push_back(large); },
      [&](Submission* held) { held->delivery.emplace().id = large; },
      [&](Submission* held) { held->change.emplace().title = large; },
      [&](Submission* held) { held->change.emplace().clone_url = large; },
      [&](Submission* held) {
        held->observed = Observed{1, large};
      },
  };
  for (const auto& hold : holders) {
    Make({.max_waiting_bytes = 100'000});
    std::vector<std::string> refusals;
    for (int i = 0; i < 2; ++i) {
      Submission submission = Of({Pending(1)});
      hold(&submission);
      intake_->Submit(std::move(submission), [&](auto outcome) {
        refusals.push_back(ReasonOf(outcome.status()));
      });
    }
    EXPECT_THAT(refusals, ElementsAre("INTAKE_FULL"));
    intake_->RunOnce();
  }
}

// A post must not wait until a thousand callers have their answers.
TEST_F(IntakeTest, ThePosterIsWokenBeforeCallersAreAnswered) {
  Make();
  bool was_woken = false;
  intake_->Submit(Of({Pending(1)}),
                  [&](auto) { was_woken = became_due_.is_requested(); });
  intake_->RunOnce();
  EXPECT_TRUE(was_woken);
}

TEST_F(IntakeTest, RefusalsCanBeRepeated) {
  Make({.max_batch = 4, .max_waiting = 0});
  absl::Status status;
  intake_->Submit(Of({Pending(1)}),
                  [&](auto outcome) { status = outcome.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(wake_up_.is_requested());
  intake_->Close();
  intake_->Submit(Of({Pending(1)}),
                  [&](auto outcome) { status = outcome.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "SHUTTING_DOWN");
}

// A caller that always has more must not keep the worker from stopping.
TEST_F(IntakeTest, OneRunIsBounded) {
  Make({.max_batch = 2, .max_waiting = 8});
  outbox_.meanwhile = [this] { Submit(2); };
  Submit(2);
  EXPECT_EQ(intake_->RunOnce(), clock_.Now());
  EXPECT_THAT(outbox_.batches, ElementsAre(2, 2, 2, 2));
  outbox_.meanwhile = nullptr;
  EXPECT_EQ(intake_->RunOnce(), clock_.Now() + kTidyUpAfter);
  EXPECT_EQ(sequences_.size(), 10u);
}

TEST_F(IntakeTest, AnErrorOfTheStoreIsEverybodysOfTheBatch) {
  Make({.max_batch = 2, .max_waiting = 100});
  outbox_.error =
      Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", "full");
  outbox_.meanwhile = [this] {
    if (outbox_.batches.size() == 2) outbox_.error = absl::OkStatus();
  };
  Submit(3);
  intake_->RunOnce();
  EXPECT_THAT(reasons_, ElementsAre("DISK_FULL", "DISK_FULL"));
  EXPECT_THAT(sequences_, ElementsAre(1));
  EXPECT_TRUE(became_due_.is_requested());
}

TEST_F(IntakeTest, TellsOnlyOfWhatWasAccepted) {
  Make();
  for (const Disposition disposition :
       {Disposition::kUnchanged, Disposition::kSuperseded}) {
    outbox_.disposition = disposition;
    Submit();
    intake_->RunOnce();
    EXPECT_FALSE(became_due_.is_requested());
  }
  outbox_.disposition = Disposition::kAccepted;
  Submit();
  intake_->RunOnce();
  EXPECT_TRUE(became_due_.is_requested());
}

// No caller waits for ever for a disk that hangs.
TEST_F(IntakeTest, WhatWaitsTooLongIsAnsweredOnceAndCommittedAllTheSame) {
  Make({.max_batch = 2});
  const absl::Status error =
      Error(absl::StatusCode::kDeadlineExceeded, "SERVER_TOO_SLOW", "x");
  Submit(3);
  clock_.Advance(absl::Seconds(1));
  Submit(2);
  intake_->AnswerOverdue(absl::Seconds(2), error);
  EXPECT_THAT(reasons_, IsEmpty());
  outbox_.meanwhile = [&] {
    if (outbox_.batches.size() > 1) return;
    clock_.Advance(absl::Seconds(1));
    intake_->AnswerOverdue(absl::Seconds(2), error);
    EXPECT_THAT(reasons_, ElementsAre("SERVER_TOO_SLOW", "SERVER_TOO_SLOW",
                                      "SERVER_TOO_SLOW"));
  };
  intake_->RunOnce();
  EXPECT_EQ(reasons_.size(), 3u);
  EXPECT_THAT(sequences_, ElementsAre(4, 5));
  EXPECT_EQ(outbox_.count, 5);
}

// A stream waits for its answers, and reads no further meanwhile.
TEST_F(IntakeTest, WhatHasNoDeadlineIsAnsweredByTheStoreAlone) {
  Make();
  int answers = 0;
  intake_->Submit(
      Of({Pending(1)}), [&](auto) { ++answers; }, Intake::Deadline::kNone);
  Submit();
  clock_.Advance(absl::Hours(1));
  intake_->AnswerOverdue(absl::Seconds(2),
                         Error(absl::StatusCode::kDeadlineExceeded, "X", "x"));
  EXPECT_EQ(answers, 0);
  EXPECT_THAT(reasons_, ElementsAre("X"));
  intake_->RunOnce();
  EXPECT_EQ(answers, 1);
}

TEST_F(IntakeTest, WhatWaitsIsCommittedAfterClose) {
  Make();
  Submit(2);
  intake_->Close();
  Submit(1);
  EXPECT_THAT(reasons_, ElementsAre("SHUTTING_DOWN"));
  intake_->RunOnce();
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
}

TEST_F(IntakeTest, NobodyIsForgottenAtTheEnd) {
  Make();
  Submit(2);
  intake_.reset();
  EXPECT_THAT(reasons_, ElementsAre("SHUTTING_DOWN", "SHUTTING_DOWN"));
  EXPECT_THAT(outbox_.batches, IsEmpty());
}

// An answered caller often has the next report at hand.
TEST_F(IntakeTest, AnAnswerMaySubmit) {
  Make();
  intake_->Submit(Of({Pending(1)}), [this](auto) { Submit(); });
  intake_->RunOnce();
  EXPECT_EQ(sequences_.size(), 1u);
}

TEST_F(IntakeTest, ManyThreadsMaySubmit) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::atomic<int> answered = 0;
  std::atomic<int> left = kThreads;
  Make();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        intake_->Submit(Of({Pending(1)}), [&](auto) { ++answered; });
      }
      --left;
    });
  }
  while (left > 0) intake_->RunOnce();
  for (std::thread& thread : threads) thread.join();
  intake_->RunOnce();
  EXPECT_EQ(answered, kThreads * kEach);
  EXPECT_EQ(outbox_.count, kThreads * kEach);
}

}  // namespace
}  // namespace signalbox
