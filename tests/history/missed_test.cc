#include "tests/history/missed.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"

namespace signalbox::history {
namespace {

const absl::Time kBegin = absl::FromUnixSeconds(1'780'000'000);

// Two heads of pull request 7, and the webhooks about them. By default GitHub
// sends each webhook a minute after the one before, and none arrives.
class MissedTest : public testing::Test {
 protected:
  static StatusName NameOf(int head) {
    return {"acme/app", std::string(40, static_cast<char>('a' + head)), "ci/0"};
  }

  Attempted Attempt(int head, int http_status, bool is_redelivery = false) {
    now_ += absl::Minutes(1);
    Attempted attempted;
    attempted.time = now_;
    attempted.delivery_id = absl::StrCat("delivery ", head);
    attempted.name = NameOf(head);
    attempted.pull_request = 7;
    attempted.updated_time = kBegin + absl::Minutes(head);
    attempted.http_status = http_status;
    attempted.is_redelivery = is_redelivery;
    return attempted;
  }

  // The server has the head's webhook on disk.
  void Hear(int head, Answered::How how = Answered::How::kAccepted) {
    now_ += absl::Minutes(1);
    Called called;
    called.call = ++calls_;
    called.time = now_;
    called.caller = "shim";
    called.name = NameOf(head);
    called.content.state = "pending";
    called.delivery_id = absl::StrCat("delivery ", head);
    events_.emplace_back(called);
    Recorded row;
    row.name = called.name;
    row.sequence = how == Answered::How::kAccepted ? ++sequence_ : 0;
    row.time = now_;
    row.how = how;
    row.content = called.content;
    row.caller = called.caller;
    row.delivery_id = called.delivery_id;
    ends_.emplace_back(row);
    if (how != Answered::How::kAccepted) return;
    ends_.emplace_back(Held{called.name, called.content, 0, "posted", ""});
    ends_.emplace_back(Showed{called.name, called.content});
  }

  // The invariants that were broken, one per violation.
  std::vector<std::string> Broken() {
    std::vector<Event> events = events_;
    events.emplace_back(Calm{now_});
    events.insert(events.end(), ends_.begin(), ends_.end());
    std::vector<std::string> broken;
    for (const Violation& violation : CheckHistory(events).violations) {
      broken.push_back(violation.invariant);
    }
    return broken;
  }

  using Invariants = std::vector<std::string>;

  absl::Time now_ = kBegin;
  int64_t calls_ = 0;
  int64_t sequence_ = 0;
  std::vector<Event> events_;
  std::vector<Event> ends_;
};

TEST_F(MissedTest, AWebhookThatNobodyRecoversIsAViolation) {
  ends_.emplace_back(Attempt(0, 503));
  EXPECT_EQ(Broken(), Invariants{"I27"});
}

TEST_F(MissedTest, AWebhookIsRecoveredOnceItsStatusHasAReport) {
  ends_.emplace_back(Attempt(0, 0));
  ends_.emplace_back(Attempt(0, 202, /*is_redelivery=*/true));
  Hear(0);
  EXPECT_EQ(Broken(), Invariants());
}

// Also if the answer came, the server must have it.
TEST_F(MissedTest, AnAnswerAloneIsNoRecovery) {
  ends_.emplace_back(Attempt(0, 202));
  EXPECT_EQ(Broken(), Invariants{"I27"});
}

TEST_F(MissedTest, TheServerMayGiveUpAfterThreeRedeliveries) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    ends_.emplace_back(Attempt(0, 500, /*is_redelivery=*/attempt > 0));
  }
  EXPECT_EQ(Broken(), Invariants{"I27"});
  ends_.emplace_back(Attempt(0, 500, /*is_redelivery=*/true));
  EXPECT_EQ(Broken(), Invariants());
}

TEST_F(MissedTest, AReceiverMayRefuseAWebhook) {
  ends_.emplace_back(Attempt(0, 400));
  EXPECT_EQ(Broken(), Invariants());
}

TEST_F(MissedTest, AnOldHeadNeedsNoPending) {
  ends_.emplace_back(Attempt(0, 0));
  ends_.emplace_back(Attempt(1, 202));
  Hear(1);
  EXPECT_EQ(Broken(), Invariants());
  Hear(0, Answered::How::kSuperseded);
  EXPECT_EQ(Broken(), Invariants());
}

TEST_F(MissedTest, AnOldHeadTakesNoEffectAfterANewerOne) {
  ends_.emplace_back(Attempt(0, 202));
  ends_.emplace_back(Attempt(1, 202));
  Hear(1);
  Hear(0);
  EXPECT_EQ(Broken(), Invariants{"I27"});
}

TEST_F(MissedTest, ANewHeadIsNotOvertaken) {
  ends_.emplace_back(Attempt(0, 202));
  ends_.emplace_back(Attempt(1, 202));
  Hear(0);
  Hear(1, Answered::How::kSuperseded);
  EXPECT_EQ(Broken(), (Invariants{"I3", "I27"}));
}

}  // namespace
}  // namespace signalbox::history
