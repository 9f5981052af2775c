#include "server/github/questions.h"

#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/github/waiting_times.h"
#include "tests/server/github/questions_fixture.h"

namespace signalbox {
namespace {

class QuestionsTest : public QuestionsFixture {
 protected:
  QuestionsTest() {
    for (int i = 0; i < 5; ++i) {
      rules().AddRepository(absl::StrCat("acme/app", i), 0);
    }
  }

  struct Answer {
    GitHubReply reply;
    absl::Time time;
    bool freed = false;  // Its end woke the gate's waiters.
  };

  void Ask(const std::string& name, Question question) {
    questions_->Ask(std::move(question),
                    [this, name](const GitHubReply& reply) {
                      order_.push_back(name);
                      answers_[name] = {reply, clock_.Now(), freed_.Take()};
                    });
  }

  Question About(const std::string& path) {
    Question question;
    question.credential = kCredential;
    question.request.path = path;
    return question;
  }

  std::string ReasonOf(const std::string& name) {
    return answers_.contains(name) ? answers_[name].reply.verdict.reason
                                   : "not answered";
  }

  std::vector<std::string> order_;
  std::map<std::string, Answer> answers_;
};

TEST_F(QuestionsTest, AreAnsweredInOrder) {
  Ask("a", About("/repos/acme/app0"));
  Ask("b", About("/repos/acme/app1"));
  Ask("c", About("/repos/acme/nothing"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(order_, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(absl::StrContains(answers_["a"].reply.answer->body, "acme/app0"));
  EXPECT_TRUE(absl::StrContains(answers_["b"].reply.answer->body, "acme/app1"));
  EXPECT_EQ(ReasonOf("c"), "REPOSITORY_NOT_FOUND");
  EXPECT_EQ(rules().max_in_flight(), 1);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(answers_[name].freed);
}

TEST_F(QuestionsTest, AnAnswerMayAskMore) {
  questions_->Ask(About("/repos/acme/app0"), [this](const GitHubReply&) {
    Ask("b", About("/repos/acme/app1"));
  });
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ReasonOf("b"), "READ");
}

TEST_F(QuestionsTest, APersonGoesFirstAndWithoutTheGap) {
  limiter_.SetPace(kCredential, PaceOptions());  // 80 a minute: 3 s.
  const absl::Time begin = clock_.Now();
  Ask("a", About("/repos/acme/app0"));
  Ask("b", About("/repos/acme/app1"));
  RunFor(absl::Seconds(1));
  Question urgent = About("/repos/acme/app2");
  urgent.urgent = true;
  Ask("u", urgent);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(order_, (std::vector<std::string>{"a", "u", "b"}));
  EXPECT_LT(answers_["u"].time - begin, absl::Seconds(2));
  EXPECT_GE(answers_["b"].time - begin, absl::Seconds(3));
}

TEST_F(QuestionsTest, TroublesAreWaitedFor) {
  Fail("server_error_json", 3);
  Ask("a", About("/repos/acme/app0"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ReasonOf("a"), "not answered");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ReasonOf("a"), "READ");
}

TEST_F(QuestionsTest, ALimitIsObeyedAndKeptOnDisk) {
  Fail("secondary_limit", 1, 120);
  Ask("a", About("/repos/acme/app0"));
  RunFor(absl::Seconds(100));
  EXPECT_EQ(ReasonOf("a"), "not answered");
  const auto pauses = outbox_->Pauses(clock_.Now());
  ASSERT_EQ(pauses->size(), 1u);
  EXPECT_EQ(pauses->at(0).credential, kCredential);
  EXPECT_GT(pauses->at(0).left, absl::ZeroDuration());
  EXPECT_LE(pauses->at(0).left, absl::Seconds(30));
  RunFor(absl::Seconds(30));
  EXPECT_EQ(ReasonOf("a"), "READ");
}

TEST_F(QuestionsTest, PatienceEnds) {
  Fail("server_error_json", -1);
  Question question = About("/repos/acme/app0");
  question.patience = absl::Seconds(20);
  const absl::Time begin = clock_.Now();
  Ask("a", question);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ReasonOf("a"), "SERVER_ERROR");
  EXPECT_EQ(answers_["a"].reply.verdict.action, Action::kRetry);
  EXPECT_FALSE(IsRefused(answers_["a"].reply.verdict));
  EXPECT_LE(answers_["a"].time - begin, absl::Seconds(21));
  // When nobody waits, the server sends nothing.
  const int requests = rules().request_count();
  RunFor(absl::Minutes(10));
  EXPECT_EQ(rules().request_count(), requests);
}

// A limit is not a refusal, although GitHub answers it with 403.
TEST_F(QuestionsTest, ALimitThatOutlastsThePatienceIsNoRefusal) {
  Fail("secondary_limit", 1, 45 * 60);
  Ask("a", About("/repos/acme/app0"));
  RunFor(absl::Minutes(31));
  EXPECT_EQ(ReasonOf("a"), "SECONDARY_RATE_LIMITED");
  EXPECT_EQ(answers_["a"].reply.verdict.action, Action::kRetry);
  EXPECT_FALSE(IsRefused(answers_["a"].reply.verdict));
}

TEST_F(QuestionsTest, OnlyWhatWouldBeRefusedAgainIsRefused) {
  for (const Action action :
       {Action::kDone, Action::kRetry, Action::kRetryAmbiguous,
        Action::kReauthenticate, Action::kStop, Action::kWait}) {
    Verdict verdict;
    verdict.action = action;
    verdict.http_status = 403;
    EXPECT_FALSE(IsRefused(verdict)) << static_cast<int>(action);
  }
  for (const Action action : {Action::kAbandon, Action::kRetryBriefly}) {
    Verdict verdict;
    verdict.action = action;
    EXPECT_TRUE(IsRefused(verdict)) << static_cast<int>(action);
  }
}

TEST_F(QuestionsTest, AStoppedCredentialIsNotWaitedFor) {
  Fail("unauthorized", -1);
  Ask("a", About("/repos/acme/app0"));
  Ask("b", About("/repos/acme/app1"));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ReasonOf("a"), "CREDENTIAL_REFUSED");
  EXPECT_EQ(ReasonOf("b"), "CREDENTIAL_REFUSED");
  EXPECT_EQ(answers_["b"].reply.verdict.action, Action::kStop);
  EXPECT_LE(rules().request_count(), 3);

  // The first question after the time of a probe is the probe, and gets an
  // answer if the token is good again.
  rules().ClearFaults();
  RunFor(kStoppedCredentialProbe);
  Ask("c", About("/repos/acme/app0"));
  RunFor(absl::Seconds(5));
  EXPECT_EQ(ReasonOf("c"), "READ");
}

TEST_F(QuestionsTest, WithoutACredentialThatIsTheAnswer) {
  Question question = About("/repos/other/app");
  question.credential = "github.com/other";
  Ask("a", question);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ReasonOf("a"), "NO_CREDENTIAL");
  EXPECT_EQ(rules().request_count(), 0);
}

// Questions may not use the reserve.
TEST_F(QuestionsTest, TheReserveIsLeftAlone) {
  GitHubRules::Options options;
  options.tokens = {kToken};
  options.base_url = "https://api.github.com";
  options.hourly_limit = 20;
  github_ = std::make_unique<FakeGitHub>(options, &clock_);
  client_ = std::make_unique<GitHubClient>(github_.get(), "signalbox/1");
  MakeQuestions();
  rules().AddRepository("acme/app0", 0);
  for (int i = 0; i < 30; ++i) {
    Ask(absl::StrCat("q", i), About("/repos/acme/app0"));
  }
  RunFor(absl::Minutes(5));
  EXPECT_EQ(rules().request_count(), 18);
}

TEST_F(QuestionsTest, TooManyAreRefused) {
  Questions::Options options;
  options.max_waiting = 3;
  questions_ = std::make_unique<Questions>(
      options, credentials_.get(), client_.get(), gate_.get(), &metrics_,
      &clock_, &wake_up_, &freed_);
  for (const char* name : {"a", "b", "c", "d"}) {
    Ask(name, About("/repos/acme/app0"));
  }
  questions_->RunOnce();
  EXPECT_EQ(ReasonOf("d"), "NOT_ASKED");
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ReasonOf("c"), "READ");
}

// Another server of the same store may ask meanwhile.
TEST_F(QuestionsTest, WithoutATermTheyWait) {
  const Term term = held_term_.Get();
  held_term_.Set(Term());
  Question brief = About("/repos/acme/app0");
  brief.patience = absl::Seconds(5);
  Ask("brief", brief);
  Ask("a", About("/repos/acme/app0"));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(rules().request_count(), 0);
  EXPECT_EQ(ReasonOf("brief"), "NOT_ASKED");
  held_term_.Set(term);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ReasonOf("a"), "READ");
}

TEST_F(QuestionsTest, NothingIsAskedAnyMoreOnceClosed) {
  Ask("a", About("/repos/acme/app0"));
  questions_->Close();
  RunFor(absl::Minutes(1));
  EXPECT_EQ(rules().request_count(), 0);
}

}  // namespace
}  // namespace signalbox
