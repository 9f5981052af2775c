#ifndef SIGNALBOX_TESTS_SERVER_GITHUB_QUESTIONS_FIXTURE_H_
#define SIGNALBOX_TESTS_SERVER_GITHUB_QUESTIONS_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/github_limits.h"
#include "server/github/questions.h"
#include "server/github/request_gate.h"
#include "server/github/static_credentials.h"
#include "server/outbox/held_term.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {

constexpr char kCredential[] = "github.com/acme";
constexpr char kToken[] = "acme-token";

// The part of a server that asks GitHub questions, with FakeGitHub and a real
// store, on a virtual clock. Only the account acme has a credential:
// kCredential with the token kToken. At the end of each test, the server must
// have done nothing that GitHub asks its clients not to do.
class QuestionsFixture : public testing::Test {
 protected:
  QuestionsFixture() {
    GitHubRules::Options options;
    options.tokens = {kToken};
    options.base_url = "https://api.github.com";
    github_ = std::make_unique<FakeGitHub>(options, &clock_);
    client_ = std::make_unique<GitHubClient>(github_.get(), "signalbox/1");

    StaticCredential acme;
    acme.api_url = "https://api.github.com";
    acme.accounts = {"acme"};
    acme.token = Secret(kToken);
    UseCredentials(*MakeStaticCredentials({acme}));
  }

  ~QuestionsFixture() override { github_->rules().ClearFaults(); }

  void TearDown() override {
    const GitHubRules::Misbehaviour& counted = rules().misbehaviour();
    for (const auto& [name, count] : counted.All()) EXPECT_EQ(count, 0) << name;
  }

  // Replaces the credentials, and everything that uses them: store, gate and
  // questions. A test that needs other credentials calls this first.
  void UseCredentials(std::unique_ptr<Credentials> credentials) {
    questions_.reset();
    outbox_.reset();
    credentials_ = std::move(credentials);
    gate_ = std::make_unique<RequestGate>(&limiter_, credentials_.get());
    PaceOptions pace;
    pace.per_minute = 0;
    limiter_.SetPace(kCredential, pace);
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = dir_.path() + "/data";
    options.credential_of = [this](const Repository& repository) {
      return credentials_->Find(repository);
    };
    outbox_ = *OpenSqliteOutbox(options);
    held_term_.Set(*TermOf(*outbox_, clock_.Now()));
    MakeQuestions();
  }

  // Replaces the questions, as a restart of the server does.
  void MakeQuestions() {
    Questions::Options options;
    options.store_pause = [this](const std::string& credential,
                                 absl::Duration pause_for, absl::Time now) {
      return outbox_->SetPause(credential, pause_for, now);
    };
    options.may_ask = [this] { return held_term_.exists(); };
    questions_ = std::make_unique<Questions>(
        options, credentials_.get(), client_.get(), gate_.get(), &metrics_,
        &clock_, &wake_up_, &freed_);
  }

  GitHubRules& rules() { return github_->rules(); }

  // Runs the questions for `time` on the virtual clock, and delivers GitHub's
  // answers when they are due. `also` is the RunOnce of another part that shall
  // run with them: it returns when it next wants to run.
  void RunFor(absl::Duration time,
              const std::function<absl::Time()>& also = nullptr) {
    const absl::Time end = clock_.Now() + time;
    for (int runs = 0;; ++runs) {
      ASSERT_LT(runs, 200'000) << "it runs hot";
      wake_up_.Take();
      // An answer can lead to the next question at once.
      absl::Time wanted = questions_->RunOnce();
      if (also) wanted = std::min(wanted, also());
      github_->DeliverDue();
      const absl::Time now = clock_.Now();
      if (wake_up_.is_requested() || wanted <= now) continue;
      const absl::Time next = std::min(wanted, github_->NextDelivery());
      if (next > end) {
        clock_.Advance(end - now);
        return;
      }
      clock_.Advance(next - now);
    }
  }

  // Orders a fault at GitHub. `where` is a part of the target; the other
  // parameters are members of Fault.
  void Fail(const std::string& name, int count = 1, int seconds = 60,
            const std::string& where = "") {
    Fault fault;
    fault.name = name;
    fault.count = count;
    fault.seconds = seconds;
    fault.target_contains = where;
    rules().AddFault(fault);
  }

  FakeClock clock_;
  Metrics metrics_;
  WakeUp wake_up_;
  WakeUp freed_;  // Questions requests it when a request has ended.
  TempDir dir_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<GitHubClient> client_;
  std::unique_ptr<Credentials> credentials_;
  RateLimiter limiter_;
  std::unique_ptr<RequestGate> gate_;
  std::unique_ptr<Outbox> outbox_;
  WakeUp term_over_;
  HeldTerm held_term_{&term_over_};
  std::unique_ptr<Questions> questions_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_GITHUB_QUESTIONS_FIXTURE_H_
