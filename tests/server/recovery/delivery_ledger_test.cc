#include "server/recovery/delivery_ledger.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr absl::Duration kWindow = absl::Hours(71);

class DeliveryLedgerTest : public testing::Test {
 protected:
  explicit DeliveryLedgerTest(DeliveryLedger::Options options = {})
      : options_(options) {}

  // One attempt at a delivery that ended with `code`, a second ago.
  void Note(const std::string& guid, int code, bool redelivery = false) {
    ListedDelivery attempt;
    attempt.id = ++last_id_;
    attempt.guid = guid;
    attempt.delivered_at = now_ - absl::Seconds(1);
    attempt.redelivery = redelivery;
    attempt.status_code = code;
    attempt.event = event_;
    attempt.action = action_;
    ledger_.Note(attempt);
  }

  std::string Next() {
    const auto next = ledger_.Next(now_);
    return next.has_value() ? next->guid : "";
  }

  // Everything that the ledger asks for at this moment.
  std::vector<std::string> AskAll() {
    std::vector<std::string> asked;
    for (std::string guid = Next(); !guid.empty() && asked.size() < 100;
         guid = Next()) {
      ledger_.NoteAsked(guid, now_);
      asked.push_back(guid);
    }
    return asked;
  }

  using Guids = std::vector<std::string>;

  const DeliveryLedger::Options options_;

  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  int64_t last_id_ = 5'000'000'000;
  std::string event_ = "pull_request";
  std::string action_ = "opened";
  DeliveryLedger ledger_{options_};
};

class DeliveryLedgerOfKnownHookTest : public DeliveryLedgerTest {
 protected:
  DeliveryLedgerOfKnownHookTest() : DeliveryLedgerTest({.knows_hook = true}) {}
};

TEST_F(DeliveryLedgerTest, OnlyWhatGotNoAnswerOrA5xxIsMissing) {
  for (const int code : {0, 500, 502, 503, 504, 599}) {
    Note(absl::StrCat("bad", code), code);
  }
  for (const int code : {200, 202, 204, 301, 400, 401, 404, 413, 415, 499}) {
    Note(absl::StrCat("fine", code), code);
  }
  EXPECT_EQ(ledger_.missing_count(), 6);
  for (const std::string& guid : ledger_.Unsettled()) {
    EXPECT_EQ(guid.substr(0, 3), "bad");
  }
}

TEST_F(DeliveryLedgerTest, ADeliveryThatGotThroughLaterIsNotMissing) {
  Note("a", 503);
  Note("a", 202, /*redelivery=*/true);
  EXPECT_EQ(ledger_.missing_count(), 0);
  // The order of the list does not matter.
  ListedDelivery late;
  late.id = 4;
  late.guid = "a";
  late.delivered_at = now_ - absl::Hours(1);
  late.status_code = 503;
  late.event = event_;
  late.action = action_;
  ledger_.Note(late);
  EXPECT_EQ(ledger_.missing_count(), 0);
}

TEST_F(DeliveryLedgerTest, WhatIsNotUsedIsNotMissed) {
  event_ = "star";
  Note("a", 503);
  event_ = "pull_request";
  action_ = "labeled";
  Note("b", 503);
  event_ = "ping";
  action_ = "";
  Note("c", 503);
  EXPECT_EQ(ledger_.missing_count(), 0);
  event_ = "push";
  Note("d", 503);
  EXPECT_EQ(ledger_.missing_count(), 1);
}

TEST_F(DeliveryLedgerTest, WhatTheOutboxHasIsNotMissing) {
  Note("a", 503);
  ledger_.NoteAccepted("a", now_);
  EXPECT_EQ(Next(), "");
}

TEST_F(DeliveryLedgerTest, WhatAnotherServerMayHaveAcceptedIsNotMissing) {
  Note("a", 202);
  EXPECT_EQ(Next(), "");
}

// A store that was lost or restored lacks deliveries that were accepted.
TEST_F(DeliveryLedgerOfKnownHookTest, WhatWasAcceptedAndIsGoneIsMissing) {
  Note("a", 202);
  Note("ignored", 200);
  EXPECT_EQ(AskAll(), Guids{"a"});
}

TEST_F(DeliveryLedgerTest, ReceiversThatAreUpGetAllAtOnceAndThreeTimes) {
  Note("a", 503);
  Note("b", 0);
  now_ += absl::Minutes(1);
  Note("c", 202);
  EXPECT_EQ(AskAll(), (Guids{"a", "b"}));
  for (int tries = 1; tries < 3; ++tries) {
    EXPECT_EQ(AskAll(), Guids());
    now_ += absl::Minutes(2);
    EXPECT_LE(ledger_.NextTime(now_), now_);
    EXPECT_EQ(AskAll(), (Guids{"a", "b"}));
  }
  now_ += absl::Hours(12);
  EXPECT_EQ(AskAll(), Guids());
  EXPECT_EQ(ledger_.NextTime(now_), absl::InfiniteFuture());
}

// GitHub counts every attempt, also those that others asked for.
TEST_F(DeliveryLedgerTest, RedeliveriesOfOthersCount) {
  Note("a", 503);
  Note("a", 503, /*redelivery=*/true);
  Note("a", 503, /*redelivery=*/true);
  Note("up", 202);
  now_ += absl::Hours(1);
  EXPECT_EQ(AskAll(), Guids{"a"});
  // The list now shows the attempt just asked for, which is not one more.
  Note("a", 503, /*redelivery=*/true);
  now_ += absl::Hours(12);
  EXPECT_EQ(AskAll(), Guids());
}

// An attempt that was asked for comes back in the list: one try, not two.
TEST_F(DeliveryLedgerTest, ATryThatIsListedIsStillOneTry) {
  Note("a", 503);
  Note("up", 202);
  for (int tries = 0; tries < 3; ++tries) {
    ASSERT_EQ(AskAll(), Guids{"a"}) << tries;
    now_ += absl::Seconds(10);
    Note("a", 503, /*redelivery=*/true);
    Note("up", 202);
    now_ += absl::Minutes(5);
  }
  EXPECT_EQ(AskAll(), Guids());
}

TEST_F(DeliveryLedgerTest, ReceiversThatAreDownAreProbed) {
  Note("a", 503);
  Note("b", 503);
  EXPECT_EQ(AskAll(), Guids{"a"});
  EXPECT_EQ(ledger_.NextTime(now_), now_ + absl::Minutes(5));
  now_ += absl::Minutes(5);
  EXPECT_EQ(AskAll(), Guids{"b"});
  now_ += absl::Minutes(5);
  EXPECT_EQ(AskAll(), Guids());
  now_ += absl::Minutes(20);
  EXPECT_EQ(AskAll(), Guids{"a"});
  now_ += absl::Minutes(5);
  EXPECT_EQ(AskAll(), Guids{"b"});
  now_ += absl::Hours(5);
  EXPECT_EQ(AskAll(), Guids());
  now_ += absl::Hours(1);
  EXPECT_EQ(AskAll(), Guids{"a"});
}

TEST_F(DeliveryLedgerTest, AProbeThatGetsThroughLetsTheRestFollow) {
  for (const char* guid : {"a", "b", "c"}) Note(guid, 0);
  EXPECT_EQ(AskAll(), Guids{"a"});
  now_ += absl::Seconds(2);
  ledger_.NoteAccepted("a", now_);
  EXPECT_EQ(AskAll(), (Guids{"b", "c"}));
}

// One of them fails for its own reason.
TEST_F(DeliveryLedgerTest, OneThatFailsAgainDoesNotStopTheOthersForGood) {
  Note("a", 0);
  Note("b", 0);
  EXPECT_EQ(AskAll(), Guids{"a"});
  now_ += absl::Seconds(10);
  Note("a", 500, /*redelivery=*/true);
  now_ += absl::Minutes(5);
  EXPECT_EQ(AskAll(), Guids{"b"});
}

// A 500 is about one delivery. Deliveries that were really missed do not wait,
// and go first.
TEST_F(DeliveryLedgerTest, A500IsNoSignOfAReceiverThatIsDown) {
  Note("missed", 503);
  Note("missed2", 0);
  now_ += absl::Minutes(1);
  Note("up", 202);
  now_ += absl::Minutes(1);
  for (const char* guid : {"odd1", "odd2", "odd3"}) Note(guid, 500);
  EXPECT_EQ(AskAll(), (Guids{"missed", "missed2", "odd1", "odd2", "odd3"}));
  // A delivery that gets 500s is not tried every few minutes.
  now_ += absl::Minutes(5);
  for (const char* guid : {"odd1", "odd2", "odd3"}) Note(guid, 500, true);
  EXPECT_EQ(AskAll(), (Guids{"missed", "missed2"}));
  now_ += absl::Minutes(31);
  EXPECT_EQ(AskAll(), (Guids{"missed", "missed2", "odd1", "odd2", "odd3"}));
}

TEST_F(DeliveryLedgerTest, WhatIsAnswered4xxIsNoSignOfAReceiverThatIsDown) {
  Note("a", 503);
  Note("b", 503);
  now_ += absl::Minutes(1);
  Note("foreign", 403);
  EXPECT_EQ(AskAll(), (Guids{"a", "b"}));
}

// A request to GitHub without an answer is not a try, unless a list shows it as
// one.
TEST_F(DeliveryLedgerTest, ARequestThatWasNotAnsweredIsNoTryOfItsOwn) {
  Note("a", 503);
  Note("up", 202);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Next(), "a") << i;
    ledger_.NoteAmbiguous("a", now_);
    EXPECT_EQ(Next(), "");
    now_ += absl::Minutes(1);
    ledger_.NoteListed(now_ - absl::Seconds(30));
    EXPECT_EQ(Next(), "");
    now_ += absl::Minutes(5);
    ledger_.NoteListed(now_);
  }
  EXPECT_LE(ledger_.Cursor(now_), now_ - absl::Minutes(50));
  ledger_.NoteAmbiguous("a", now_);
  now_ += absl::Minutes(5);
  Note("a", 503, /*redelivery=*/true);
  Note("up", 202);
  ledger_.NoteListed(now_);
  now_ += absl::Minutes(2);
  EXPECT_EQ(AskAll(), Guids{"a"});
  now_ += absl::Minutes(2);
  EXPECT_EQ(AskAll(), Guids{"a"});
  now_ += absl::Hours(7);
  EXPECT_EQ(AskAll(), Guids());
}

// The shim answers 503 if the server refuses it, for its token or a missing
// right. The shim is up, so others get through.
TEST_F(DeliveryLedgerTest, WhatTheServerDoesNotTakeHoldsUpNoOthers) {
  Note("missed1", 0);
  Note("missed2", 502);
  now_ += absl::Seconds(10);
  Note("up", 202);
  now_ += absl::Seconds(10);
  for (const char* guid : {"foreign1", "foreign2"}) Note(guid, 503);
  EXPECT_EQ(AskAll(), (Guids{"missed1", "missed2", "foreign1"}));
  now_ += absl::Minutes(2);
  EXPECT_EQ(AskAll(), (Guids{"missed1", "missed2"}));
  now_ += absl::Minutes(3);
  EXPECT_EQ(AskAll(), (Guids{"foreign2", "missed1", "missed2"}));
  // A receiver that is down does not take these either.
  now_ += absl::Minutes(10);
  Note("other", 0);
  EXPECT_EQ(AskAll(), Guids{"other"});
}

TEST_F(DeliveryLedgerTest, GitHubForgetsAfterThreeDays) {
  const absl::Time begin = now_;
  Note("a", 503);
  now_ += absl::Seconds(1);
  Note("b", 503);
  now_ += kWindow + absl::Seconds(2);
  Note("up", 202);
  EXPECT_EQ(Next(), "");
  const DeliveryLedger::Lost lost = ledger_.Forget(now_, now_);
  EXPECT_EQ(lost.count, 2);
  EXPECT_EQ(lost.oldest, begin - absl::Seconds(1));
  EXPECT_EQ(ledger_.missing_count(), 0);
}

TEST_F(DeliveryLedgerTest, WhatGitHubRefusesIsNotAskedForAgain) {
  Note("a", 503);
  Note("up", 202);
  ledger_.NoteRefused("a");
  now_ += absl::Hours(1);
  EXPECT_EQ(Next(), "");
}

// After a restart listing begins at the cursor. Nothing before it is open.
TEST_F(DeliveryLedgerTest, TheMarkStaysBeforeWhatIsOpen) {
  const absl::Time begin = now_;
  Note("a", 503);
  now_ += absl::Hours(2);
  Note("up", 202);
  EXPECT_LE(ledger_.Cursor(now_), begin);
  EXPECT_EQ(ledger_.Forget(now_, now_).count, 0);
  EXPECT_EQ(ledger_.missing_count(), 1);
  ledger_.NoteAccepted("a", now_);
  EXPECT_GT(ledger_.Cursor(now_), begin);
  EXPECT_LT(ledger_.Cursor(now_), now_);
  EXPECT_EQ(ledger_.Forget(now_, now_).count, 0);
  // An abandoned delivery must not hold the cursor for days.
  Note("b", 503);
  Note("up2", 202);
  for (int i = 0; i < 3; ++i) {
    now_ += absl::Minutes(2);
    ASSERT_EQ(AskAll(), Guids{"b"});
  }
  now_ += absl::Hours(1);
  EXPECT_GT(ledger_.Cursor(now_), now_ - absl::Minutes(10));
  EXPECT_EQ(ledger_.Forget(now_, now_).count, 1);
}

TEST_F(DeliveryLedgerTest, MemoryDoesNotGrowWithTime) {
  for (int day = 0; day < 100; ++day) {
    for (int i = 0; i < 50; ++i) {
      Note(absl::StrCat(day, "/", i), i % 10 == 0 ? 503 : 202);
    }
    AskAll();
    now_ += absl::Hours(24);
    ledger_.Forget(now_, now_);
    EXPECT_LE(ledger_.Unsettled().size(), 20u);
  }
}

}  // namespace
}  // namespace signalbox
