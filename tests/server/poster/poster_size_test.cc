// Many credentials. The tests count how often the poster looks at one.

#include <map>
#include <set>

#include "common/error.h"
#include "server/github/app_credentials.h"
#include "tests/github_simulator/app_key.h"
#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

// Every account has its own credential.
class ManyCredentials : public Credentials {
 public:
  std::string Find(const Repository& repository) const override {
    return absl::StrCat(repository.host, "/", repository.owner);
  }
  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time) override {
    ++looks;
    if (missing.contains(std::string(credential_id))) {
      return Error(absl::StatusCode::kFailedPrecondition, "APP_NOT_INSTALLED",
                   "not installed");
    }
    Token token;
    token.value = Secret("token");
    token.api_url = "https://api.github.com";
    return token;
  }
  void NoteRefused(absl::string_view, const Token&, absl::string_view,
                   absl::Time) override {}
  void NoteAccepted(absl::string_view, const Token&) override {}
  std::vector<CredentialState> States() const override { return {}; }

  int looks = 0;
  std::set<std::string> missing;
};

class PosterSizeTest : public PosterTest {
 protected:
  static constexpr int kCredentials = 1000;

  PosterSizeTest() {
    auto many = std::make_unique<ManyCredentials>();
    many_ = many.get();
    poster_.reset();
    credentials_ = std::move(many);
    MakeGitHub({});
  }

  static std::string Credential(int number) {
    return absl::StrCat("github.com/o", number);
  }
  static std::string Name(int number) {
    return absl::StrCat("o", number, "/web");
  }

  // A result for each of the first credentials.
  void SayAll(int credentials = kCredentials) {
    std::vector<Submission> submissions;
    for (int i = 0; i < credentials; ++i) {
      SetReport(&submissions.emplace_back(), Ended(Name(i), Result::kSuccess));
    }
    ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  }

  // A result of so many commits of one repository.
  static std::vector<Submission> ResultsOfWeb(int commits) {
    std::vector<Submission> submissions;
    for (int i = 0; i < commits; ++i) {
      KeyReport report = Ended("o0/web", Result::kSuccess);
      report.sha = ShaOf(i);
      SetReport(&submissions.emplace_back(), report);
    }
    return submissions;
  }

  ManyCredentials* many_ = nullptr;
};

// A wake-up looks only at credentials that can go on.
TEST_F(PosterSizeTest, SleepsWhileAThousandCredentialsAreStopped) {
  for (int i = 0; i < kCredentials; ++i) many_->missing.insert(Credential(i));
  SayAll();
  EXPECT_GT(poster_->RunOnce(), clock_.Now());
  EXPECT_EQ(many_->looks, kCredentials);
  for (int i = 0; i < 100; ++i) EXPECT_GT(poster_->RunOnce(), clock_.Now());
  EXPECT_EQ(many_->looks, kCredentials);

  // One of them comes back. The poster looks at that one alone, and at once.
  many_->missing.erase(Credential(7));
  poster_->LookAgain(Credential(7));
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(ShownState(Name(7)), "success");
  EXPECT_LE(many_->looks, kCredentials + 5);

  // Nobody announces that a file has changed.
  many_->missing.clear();
  RunFor(absl::Seconds(6));
  for (int i = 0; i < kCredentials; ++i) {
    ASSERT_EQ(ShownState(Name(i)), "success") << i;
  }
}

TEST_F(PosterSizeTest, SleepsWhileTheHostOfAThousandCredentialsIsDown) {
  Fail("server_error_html", -1);
  SayAll();
  RunFor(absl::Minutes(10));
  const int looks = many_->looks;
  RunFor(absl::Minutes(10));
  // One probe in five minutes. Afterwards each credential asks once how long it
  // has to wait.
  EXPECT_LE(many_->looks - looks, 4 * 2 * kCredentials);
  const int before = many_->looks;
  for (int i = 0; i < 100; ++i) poster_->RunOnce();
  EXPECT_EQ(many_->looks, before);

  fake_->rules().ClearFaults();
  RunFor(absl::Minutes(6));
  for (int i = 0; i < kCredentials; ++i) {
    ASSERT_EQ(ShownState(Name(i)), "success") << i;
  }
}

// A question of recovery holds the credential's only slot.
TEST_F(PosterSizeTest, GoesOnAtOnceWhenAnothersRequestHasEnded) {
  const Token token = *many_->Get(Credential(0), clock_.Now());
  const SteadyTime now = clock_.Steady();
  ASSERT_EQ(gate_->Admit(Credential(0), token, /*pending=*/true, now).when,
            now);
  SayAll(1);
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
  const int looks = many_->looks;
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(many_->looks, looks);
  gate_->Return(Credential(0), token);
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(ShownState(Name(0)), "success");
}

TEST_F(PosterSizeTest, ForgetsCredentialsThatHaveNothingToDo) {
  constexpr int kAll = 1300;
  for (int i = 0; i < kAll; ++i) many_->missing.insert(Credential(i));
  SayAll(kAll);
  RunFor(absl::Milliseconds(1));
  EXPECT_THAT(metrics_.Text(),
              testing::HasSubstr("signalbox_poster_credentials 1300"));
  EXPECT_EQ(poster_->StateOf(Credential(7)).reason, "APP_NOT_INSTALLED");
  many_->missing.clear();
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState(Name(kAll - 1)), "success");
  SayAll(1);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(poster_->StateOf(Credential(7)).reason, "");
  const std::string metrics = metrics_.Text();
  const size_t at = metrics.find("\nsignalbox_poster_credentials ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LE(atoi(metrics.c_str() + at + 30), 1001);
}

// Looking for one reads every repository of the credential.
TEST_F(PosterSizeTest, NoLongDuePendingIsLookedForWhileThereIsNone) {
  PaceOptions pace;
  pace.per_minute = 0;
  limiter_->SetPace(Credential(0), pace);
  const std::vector<Submission> submissions = ResultsOfWeb(500);
  ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(ShownState("o0/web", ShaOf(499)), "success");
  EXPECT_LE(outbox_->long_due_looks, 1);
}

// The first look returns when the next one can find something.
TEST_F(PosterSizeTest, PendingsThatAreNotLongDueCostNoLooks) {
  PaceOptions pace;
  pace.per_minute = 600;
  limiter_->SetPace(Credential(0), pace);
  std::vector<Submission> submissions = ResultsOfWeb(2000);
  SetReport(&submissions.emplace_back(), Pending("o0/zoo"));
  ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  RunFor(absl::Seconds(58));
  EXPECT_EQ(ShownState("o0/zoo"), "nothing");
  EXPECT_LE(outbox_->long_due_looks, 2);
  RunFor(absl::Seconds(8));
  EXPECT_EQ(ShownState("o0/zoo"), "pending");
  EXPECT_NE(ShownState("o0/web", ShaOf(1999)), "success");
}

// After a start, a few of many installations have due entries.
TEST_F(PosterSizeTest, AFewOfManyInstallationsPostWithinAMinute) {
  constexpr int kInstallations = 2000;
  constexpr int kDue = 140;
  const AppKey key;
  const std::string key_file = directory_.Path("app.pem");
  std::ofstream(key_file) << key.PrivatePem();
  const auto app = [&] {
    fake_->rules().AddApp({.id = 12,
                           .client_id = "Iv23abc",
                           .slug = "signalbox",
                           .public_key = key.PublicPem()});
    for (int i = 0; i < kInstallations; ++i) {
      fake_->rules().AddInstallation(
          {.id = 1000 + i, .app_id = 12, .account = absl::StrCat("o", i)});
    }
    AppCredential app;
    app.api_url = "https://api.github.com";
    app.accounts = {"*"};
    app.issuer = "Iv23abc";
    app.private_key_file = key_file;
    AppCredentialsOptions options;
    options.transport = transport_.get();
    options.clock = &clock_;
    options.user_agent = "signalbox/test";
    options.changed = [this](const std::string& id) {
      poster_->LookAgain(id);
      wake_up_.Wake();
    };
    auto made = MakeAppCredentials({app}, options);
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  };
  std::vector<Submission> submissions;
  for (int i = 0; i < kDue; ++i) {
    submissions.push_back(
        Of({Ended(Name(i * (kInstallations / kDue)), Result::kSuccess)}));
  }
  // 200 others have pendings, which can wait.
  for (int i = 1; i < kInstallations; i += 10) {
    SetReport(&submissions.emplace_back(), Pending(Name(i)));
    submissions.back().contexts = {"ci/other"};
    submissions.back().report.sha = ShaOf(i);
  }
  ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  clock_.Advance(absl::Seconds(1));
  credentials_ = app();
  std::vector<CredentialState> stored;
  for (int i = 0; i < kInstallations; ++i) {
    stored.push_back({.id = Credential(i),
                      .app = "github.com/app:Iv23abc",
                      .installation_id = 1000 + i});
  }
  credentials_->Recall(stored);
  fake_->SetDelay(absl::Milliseconds(200));
  StartPoster();
  RunFor(absl::Minutes(1));
  for (int i = 0; i < kDue; ++i) {
    EXPECT_EQ(ShownState(Name(i * (kInstallations / kDue))), "success") << i;
  }
  // At the same pace.
  RunFor(absl::Minutes(2));
  for (int i = 1; i < kInstallations; i += 10) {
    EXPECT_EQ(ShownState(Name(i), ShaOf(i), "ci/other"), "pending") << i;
  }
}

}  // namespace
}  // namespace signalbox
