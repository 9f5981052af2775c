#include "server/github/request_gate.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signalbox {
namespace {

constexpr char kCredential[] = "github.com/acme";

// Records its calls.
class NotingCredentials : public Credentials {
 public:
  std::string Find(const Repository&) const override { return kCredential; }
  absl::StatusOr<Token> Get(absl::string_view, absl::Time) override {
    return Token();
  }
  void NoteRefused(absl::string_view credential, const Token&,
                   absl::string_view reason, absl::Time) override {
    told.push_back(std::string(credential) + " refused " + std::string(reason));
  }
  void NoteAccepted(absl::string_view credential, const Token&) override {
    told.push_back(std::string(credential) + " accepted");
  }
  std::vector<CredentialState> States() const override { return {}; }

  void NoteAnswer(absl::string_view, absl::Time time,
                  absl::Duration duration) override {
    if (notes_answers) told.push_back("answer");
    github_time = time;
    limited_for = duration;
  }

  std::vector<std::string> told;
  bool notes_answers = false;
  absl::Time github_time;
  absl::Duration limited_for;
};

class RequestGateTest : public testing::Test {
 protected:
  RequestGateTest() {
    token_.api_url = "https://api.github.com";
    PaceOptions pace;
    pace.per_minute = 0;
    limiter_.SetPace(kCredential, pace);
    limiter_.SetPace("github.com/other", pace);
  }

  bool Enter(const std::string& credential = kCredential) {
    return gate_.Admit(credential, token_, /*pending=*/false, now_).when <=
           now_;
  }

  void Leave(Action action, std::string reason = "", int status = 200,
             bool proves_token = false) {
    GitHubReply reply;
    HttpResponse answer;
    answer.status = status;
    reply.answer = answer;
    reply.verdict.action = action;
    reply.verdict.reason = std::move(reason);
    gate_.Leave(kCredential, token_, reply, proves_token, Now());
  }

  Moment Now() const {
    return {absl::FromUnixSeconds(1'780'000'000) + now_.reading(), now_};
  }

  SteadyTime now_{absl::Hours(1)};
  Token token_;
  RateLimiter limiter_;
  NotingCredentials credentials_;
  RequestGate gate_{&limiter_, &credentials_};
};

TEST_F(RequestGateTest, QuestionsAndProbesTakeAPartOfThePace) {
  EXPECT_EQ(gate_.QuestionGap(kCredential), absl::ZeroDuration());
  EXPECT_EQ(gate_.ProbeGap(kCredential), absl::ZeroDuration());
  limiter_.SetPace(kCredential, PaceOptions());
  EXPECT_EQ(gate_.QuestionGap(kCredential), absl::Seconds(3));
  EXPECT_EQ(gate_.ProbeGap(kCredential), absl::Milliseconds(7500));
  EXPECT_EQ(gate_.QuestionGap("github.com/app:Iv23abc"),
            absl::Milliseconds(750));
}

TEST_F(RequestGateTest, OneRequestOfACredentialAtATime) {
  EXPECT_TRUE(Enter());
  EXPECT_FALSE(Enter());
  EXPECT_TRUE(Enter("github.com/other"));
  Leave(Action::kDone);
  EXPECT_TRUE(Enter());
  gate_.Return(kCredential, token_);
  EXPECT_TRUE(Enter());
}

TEST_F(RequestGateTest, AHostThatIsDownIsSpared) {
  for (int i = 0; i < kFailuresToPauseHost; ++i) {
    ASSERT_TRUE(Enter());
    Leave(Action::kRetryAmbiguous, "SERVER_ERROR", 502);
  }
  const RequestGate::Answer answer =
      gate_.Admit("github.com/other", token_, false, now_);
  EXPECT_GT(answer.when, now_);
  EXPECT_EQ(answer.reason, "HOST_DOWN");
  // Waiting for the host does not use up the credential's pace.
  now_ += absl::Hours(1);
  EXPECT_TRUE(Enter());
}

TEST_F(RequestGateTest, CredentialsLearnHowTheirTokensDid) {
  const auto leave = [this](Action action, bool proves_token = false) {
    EXPECT_TRUE(Enter());
    Leave(action, "R", 200, proves_token);
    return std::exchange(credentials_.told, {});
  };
  using Told = std::vector<std::string>;
  const Told accepted = {"github.com/acme accepted"};
  const Told refused = {"github.com/acme refused R"};
  EXPECT_EQ(leave(Action::kDone), accepted);
  EXPECT_EQ(leave(Action::kHold), accepted);
  EXPECT_EQ(leave(Action::kReauthenticate), refused);
  EXPECT_EQ(leave(Action::kStop), refused);
  EXPECT_EQ(leave(Action::kAbandon), Told());
  EXPECT_EQ(leave(Action::kAbandon, /*proves_token=*/true), accepted);
  EXPECT_EQ(leave(Action::kRetryAmbiguous, /*proves_token=*/true), Told());
}

// Two threads can read the clock in one order and call in the other.
TEST_F(RequestGateTest, WhoIsALittleBehindDoesNoHarm) {
  PaceOptions paced;
  paced.per_minute = 60;
  paced.burst = 1;
  paced.max_in_flight = 8;
  limiter_.SetPace(kCredential, paced);
  EXPECT_TRUE(Enter());
  now_ -= absl::Milliseconds(5);
  const RequestGate::Answer answer =
      gate_.Admit(kCredential, token_, false, now_);
  EXPECT_EQ(answer.when, now_ + absl::Milliseconds(5) + absl::Seconds(1));
  EXPECT_EQ(answer.reason, "PACE");
}

// Otherwise the caller would not send the request, nor free its slot.
TEST_F(RequestGateTest, WhoIsALittleBehindSeesThatItsRequestIsBooked) {
  PaceOptions pace;
  pace.per_minute = 0;
  pace.max_in_flight = 2;
  limiter_.SetPace(kCredential, pace);
  EXPECT_TRUE(Enter());
  now_ -= absl::Milliseconds(5);
  EXPECT_TRUE(Enter());
  EXPECT_FALSE(Enter());
}

// A question, such as a listing for recovery, can take 12 s.
TEST_F(RequestGateTest, AQuestionLeavesTheSlotToPosts) {
  EXPECT_LE(gate_.AdmitQuestion(kCredential, token_, now_).when, now_);
  EXPECT_TRUE(Enter());
  EXPECT_FALSE(Enter());
  GitHubReply reply;
  HttpResponse answer;
  answer.status = 200;
  reply.answer = answer;
  reply.verdict.action = Action::kDone;
  gate_.LeaveQuestion(kCredential, token_, reply, false, Now());
  EXPECT_FALSE(Enter());  // The post is still under way.
  // And a question waits for it.
  EXPECT_GT(gate_.AdmitQuestion(kCredential, token_, now_).when, now_);
  Leave(Action::kDone);
  EXPECT_LE(gate_.AdmitQuestion(kCredential, token_, now_).when, now_);
  gate_.LeaveQuestion(kCredential, token_, reply, false, Now());
  EXPECT_TRUE(Enter());
  EXPECT_FALSE(Enter());
}

// After a limit one request is admitted at a time, be it a post or a question.
TEST_F(RequestGateTest, AQuestionThatProbesALimitIsAlone) {
  ASSERT_TRUE(Enter());
  Leave(Action::kWait, "RATE_LIMITED", 429);
  now_ += absl::Hours(2);
  EXPECT_LE(gate_.AdmitQuestion(kCredential, token_, now_).when, now_);
  EXPECT_FALSE(Enter());
}

TEST_F(RequestGateTest, AHostHasABoundOfRequests) {
  const auto credential = [](int i) { return absl::StrCat("github.com/o", i); };
  for (int i = 0; i < kMaxRequestsPerHost; ++i) {
    ASSERT_LE(gate_.Admit(credential(i), token_, false, now_).when, now_) << i;
  }
  const RequestGate::Answer more =
      gate_.Admit("github.com/more", token_, false, now_);
  EXPECT_EQ(more.when, SteadyTime::InfiniteFuture());
  EXPECT_EQ(more.reason, kHostFull);
  gate_.Return(credential(7), token_);
  EXPECT_LE(gate_.Admit("github.com/more", token_, false, now_).when, now_);
}

// Our own queue is not a failure of GitHub.
TEST_F(RequestGateTest, WaitingForAConnectionIsNoVoteAgainstTheHost) {
  for (int i = 0; i < 2 * kFailuresToPauseHost; ++i) {
    ASSERT_TRUE(Enter());
    Leave(Action::kRetry, std::string(kNoConnection), 0);
  }
  EXPECT_TRUE(Enter());
}

TEST_F(RequestGateTest, TellsWhatWasFreed) {
  EXPECT_TRUE(Enter());
  EXPECT_TRUE(gate_.TakeFreed().credentials.empty());
  Leave(Action::kDone);
  EXPECT_EQ(gate_.TakeFreed().credentials, std::set<std::string>{kCredential});
  EXPECT_TRUE(gate_.TakeFreed().credentials.empty());
  for (int i = 0; i < kFailuresToPauseHost; ++i) {
    ASSERT_TRUE(Enter());
    Leave(Action::kRetryAmbiguous, "SERVER_ERROR", 502);
  }
  EXPECT_FALSE(gate_.TakeFreed().hosts);
  // When a probe ends, everything that waits for the host can go on.
  now_ += absl::Hours(1);
  ASSERT_TRUE(Enter());
  Leave(Action::kDone);
  EXPECT_TRUE(gate_.TakeFreed().hosts);
}

TEST_F(RequestGateTest, TellsTheBudget) {
  EXPECT_EQ(gate_.BudgetOf(kCredential).limit, 0);
  EXPECT_FALSE(gate_.Knows(kCredential));
  ASSERT_TRUE(Enter());
  GitHubReply reply;
  HttpResponse answer;
  answer.status = 200;
  answer.headers = {{"x-ratelimit-limit", "5000"},
                    {"x-ratelimit-remaining", "4999"},
                    {"x-ratelimit-reset", "7200"}};
  reply.answer = answer;
  reply.verdict.github_time = Now().wall;
  gate_.Leave(kCredential, token_, reply, false, Now());
  EXPECT_TRUE(gate_.Knows(kCredential));
  EXPECT_EQ(gate_.BudgetOf(kCredential).limit, 5000);
  EXPECT_EQ(gate_.BudgetOf(kCredential).remaining, 4999);
  EXPECT_EQ(gate_.BudgetOf(kCredential).reset_time,
            absl::FromUnixSeconds(7200));
}

// The reset time is to be compared with a wall clock: GitHub's or, if the
// answer has no Date, the server's.
TEST_F(RequestGateTest, AnAnswerWithoutADateCountsFromTheWallClock) {
  ASSERT_TRUE(Enter());
  GitHubReply reply;
  HttpResponse answer;
  answer.status = 403;
  reply.answer = answer;
  reply.verdict.action = Action::kWait;
  reply.verdict.reset_time = Now().wall + absl::Minutes(10);
  gate_.Leave(kCredential, token_, reply, /*proves_token=*/false, Now());
  EXPECT_EQ(gate_.BlockedUntil(kCredential),
            now_ + absl::Minutes(10) + absl::Seconds(1));
}

// An App learns GitHub's clock and its limits from it.
TEST_F(RequestGateTest, TellsTheCredentialWhatTheAnswerSaid) {
  GitHubReply reply;
  HttpResponse answer;
  answer.status = 403;
  reply.answer = answer;
  reply.verdict.action = Action::kWait;
  reply.verdict.retry_after = absl::Seconds(30);
  reply.verdict.github_time = Now().wall + absl::Hours(1);
  credentials_.notes_answers = true;
  ASSERT_TRUE(Enter());
  gate_.Leave(kCredential, token_, reply, /*proves_token=*/false, Now());
  EXPECT_EQ(credentials_.github_time, Now().wall + absl::Hours(1));
  EXPECT_EQ(credentials_.limited_for, absl::Seconds(31));
  now_ += absl::Minutes(1);
  ASSERT_TRUE(Enter());
  Leave(Action::kReauthenticate, "CLOCK_SKEW");
  EXPECT_EQ(credentials_.limited_for, absl::ZeroDuration());
  EXPECT_EQ(credentials_.told,
            (std::vector<std::string>{"answer", "answer",
                                      "github.com/acme refused CLOCK_SKEW"}));
}

}  // namespace
}  // namespace signalbox
