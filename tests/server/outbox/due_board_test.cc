#include "server/outbox/due_board.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

class DueBoardTest : public testing::Test {
 protected:
  // When the tests begin.
  static absl::Time Begin() { return absl::FromUnixSeconds(1'780'000'000); }
  static absl::Time At(int seconds) { return Begin() + absl::Seconds(seconds); }

  // The answer at this second. A look finds `stored_`.
  DueWork Find(int second) {
    const absl::StatusOr<DueWork> work = board_.Find(At(second), [this] {
      ++looks_;
      return absl::StatusOr<DueWork>(stored_);
    });
    EXPECT_TRUE(work.ok()) << work.status();
    return work.value_or(DueWork());
  }

  // The same as text: the credentials, "!" after those with results, and when
  // the next thing becomes due.
  std::string Show(int second) {
    const DueWork work = Find(second);
    std::string text;
    for (const DueCredential& due : work.credentials) {
      absl::StrAppend(&text, due.credential, due.has_results ? "! " : " ");
    }
    if (work.next_in == absl::InfiniteDuration()) return text + "never";
    return absl::StrCat(text, second + absl::ToInt64Seconds(work.next_in));
  }

  // A transaction makes an entry due by accepting a report.
  void Accept(const std::string& credential, bool is_result, int second) {
    DueNews news;
    news.accepted[At(second)][credential] = is_result;
    board_.End(news, /*is_durable=*/true);
  }

  // A transaction changes something else.
  void ChangeMore() {
    DueNews news;
    news.changed_more = true;
    board_.End(news, /*is_durable=*/true);
  }

  DueBoard board_;
  DueWork stored_;  // What a look finds.
  int looks_ = 0;   // How many looks there were.
};

TEST_F(DueBoardTest, AnswersFromMemory) {
  stored_ = {{{"acme", false}}, {}, absl::Seconds(60)};
  stored_.questions.emplace_back().id = 7;
  EXPECT_EQ(Show(0), "acme 60");
  EXPECT_EQ(Show(0), "acme 60");
  EXPECT_EQ(Show(59), "acme 60");
  ASSERT_EQ(Find(59).questions.size(), 1u);
  EXPECT_EQ(Find(59).questions[0].id, 7);
  EXPECT_EQ(looks_, 1);
}

// Only the store knows what becomes due then.
TEST_F(DueBoardTest, LooksWhenSomethingUnknownBecomesDue) {
  stored_ = {{}, {}, absl::Seconds(60)};
  Find(0);
  stored_ = {{{"acme", true}}, {}, absl::InfiniteDuration()};
  EXPECT_EQ(Show(60), "acme! never");
  EXPECT_EQ(looks_, 2);
  Find(100'000);
  EXPECT_EQ(looks_, 2);
}

TEST_F(DueBoardTest, LooksAfterTheClockWasSetBack) {
  Find(10);
  Find(20);
  EXPECT_EQ(looks_, 1);
  Find(19);
  EXPECT_EQ(looks_, 2);
  Find(19);
  EXPECT_EQ(looks_, 2);
}

TEST_F(DueBoardTest, KnowsWhatWasAccepted) {
  stored_ = {{{"m", false}}, {}, absl::Seconds(60)};
  Find(0);
  Accept("z", /*is_result=*/true, 1);
  Accept("a", /*is_result=*/false, 1);
  EXPECT_EQ(Show(1), "a m z! 60");
  Accept("m", /*is_result=*/true, 2);
  Accept("z", /*is_result=*/false, 2);
  EXPECT_EQ(Show(2), "a m! z! 60");
  EXPECT_EQ(looks_, 1);
}

TEST_F(DueBoardTest, KnowsWhatIsDueLater) {
  Find(0);
  Accept("b", /*is_result=*/false, 5);
  Accept("a", /*is_result=*/false, 3);
  EXPECT_EQ(Show(1), "3");
  EXPECT_EQ(Show(3), "a 5");
  EXPECT_EQ(Show(7), "a b never");
  EXPECT_EQ(looks_, 1);
}

TEST_F(DueBoardTest, TheStoreMayHaveSomethingSooner) {
  stored_.next_in = absl::Seconds(2);
  Find(0);
  Accept("a", /*is_result=*/false, 5);
  EXPECT_EQ(Show(1), "2");
}

TEST_F(DueBoardTest, ForgetsAfterAnyOtherChange) {
  stored_ = {{{"acme", true}}, {}, absl::InfiniteDuration()};
  Find(0);
  Accept("zoo", /*is_result=*/true, 0);
  ChangeMore();
  stored_ = {};
  EXPECT_EQ(Show(0), "never");
  EXPECT_EQ(looks_, 2);
}

// A change that shares its transaction with reports.
TEST_F(DueBoardTest, ForgetsIfTheNewsAreIncomplete) {
  Find(0);
  DueNews news;
  news.accepted[At(1)]["acme"] = true;
  news.changed_more = true;
  board_.End(news, /*is_durable=*/true);
  Find(0);
  EXPECT_EQ(looks_, 2);
}

// A commit that failed may have happened.
TEST_F(DueBoardTest, ForgetsIfATransactionIsNotCertainlyDurable) {
  Find(0);
  DueNews news;
  news.accepted[At(1)]["acme"] = true;
  board_.End(news, /*is_durable=*/false);
  EXPECT_EQ(Show(1), "never");
  EXPECT_EQ(looks_, 2);
}

TEST_F(DueBoardTest, KeepsWhatIsAcceptedDuringALook) {
  const auto found = board_.Find(At(0), [this] {
    Accept("now", /*is_result=*/true, 0);
    Accept("later", /*is_result=*/false, 3);
    return absl::StatusOr<DueWork>(stored_);
  });
  ASSERT_TRUE(found.ok());
  // The look itself may be older.
  EXPECT_TRUE(found->credentials.empty());
  EXPECT_EQ(Show(0), "now! 3");
  EXPECT_EQ(looks_, 0);
}

// What the look found may be older than the change.
TEST_F(DueBoardTest, KeepsNoLookDuringWhichItForgot) {
  const auto found = board_.Find(At(0), [this] {
    ChangeMore();
    return absl::StatusOr<DueWork>(stored_);
  });
  ASSERT_TRUE(found.ok());
  Find(0);
  EXPECT_EQ(looks_, 1);
}

// Two threads look, and the board forgets only before the second begins.
TEST_F(DueBoardTest, KeepsTheLaterOfTwoLooks) {
  const auto found = board_.Find(At(0), [this] {
    stored_ = {{{"old", true}}, {}, absl::InfiniteDuration()};
    const DueWork old = stored_;
    ChangeMore();
    stored_ = {{{"new", true}}, {}, absl::InfiniteDuration()};
    Find(0);
    return absl::StatusOr<DueWork>(old);
  });
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(Show(0), "new! never");
  EXPECT_EQ(looks_, 1);
}

TEST_F(DueBoardTest, KeepsNoFailedLook) {
  const auto found = board_.Find(At(0), [] {
    return absl::StatusOr<DueWork>(absl::UnavailableError("busy"));
  });
  EXPECT_EQ(found.status().code(), absl::StatusCode::kUnavailable);
  Find(0);
  EXPECT_EQ(looks_, 1);
}

// Nobody looks while the server has no term.
TEST_F(DueBoardTest, KeepsNothingBeforeALook) {
  Accept("acme", /*is_result=*/true, 0);
  EXPECT_EQ(Show(1), "never");
  EXPECT_EQ(Show(1), "never");
  EXPECT_EQ(looks_, 1);
}

TEST_F(DueBoardTest, ForgetsWhatIsTooMuch) {
  Find(0);
  for (int i = 0; i < 9'999; ++i) {
    Accept(absl::StrCat("account-", i % 7), /*is_result=*/false, 10 + i);
    // A time that was noted already takes no more memory.
    Accept(absl::StrCat("account-", i % 7), /*is_result=*/false, 10 + i);
  }
  Find(1);
  EXPECT_EQ(looks_, 1);
  for (int i = 0; i < 2; ++i) {
    Accept("another", /*is_result=*/false, 100'000 + i);
  }
  Find(1);
  EXPECT_EQ(looks_, 2);
}

TEST_F(DueBoardTest, WhatHasBecomeDueIsNotTooMuch) {
  Find(0);
  for (int i = 1; i < 30'000; ++i) {
    Accept("acme", /*is_result=*/false, i);
    Find(i);
  }
  EXPECT_EQ(looks_, 1);
}

}  // namespace
}  // namespace signalbox
