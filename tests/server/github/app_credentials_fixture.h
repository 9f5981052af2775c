#ifndef SIGNALBOX_TESTS_SERVER_GITHUB_APP_CREDENTIALS_FIXTURE_H_
#define SIGNALBOX_TESTS_SERVER_GITHUB_APP_CREDENTIALS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/github/app_credentials.h"
#include "server/github/waiting_times.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/apps.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// The clock of the server's machine. It goes `skew` before GitHub's clock.
class OurClock : public Clock {
 public:
  explicit OurClock(FakeClock* github) : github_(github) {}

  absl::Time Now() override { return github_->Now() + skew; }
  SteadyTime Steady() override { return github_->Steady(); }

  absl::Duration skew;

 private:
  FakeClock* const github_;
};

// A transport in front of FakeGitHub. It records every request. A test can
// script answers, which requests get instead of GitHub's.
class RecordingTransport : public HttpTransport {
 public:
  explicit RecordingTransport(FakeGitHub* github) : github_(github) {}

  void Send(HttpRequest request, Done done) override {
    requests.push_back(request);
    if (scripted.empty()) {
      github_->Send(std::move(request), std::move(done));
      return;
    }
    waiting_.emplace_back(std::move(done), std::move(scripted.front()));
    scripted.pop_front();
  }

  // Delivers all answers that are due, also to requests that callbacks send
  // meanwhile.
  void DeliverDue() {
    while (!waiting_.empty() || github_->DeliverDue() > 0) {
      if (waiting_.empty()) continue;
      auto [done, answer] = std::move(waiting_.front());
      waiting_.pop_front();
      done(std::move(answer));
    }
  }

  // Returns "METHOD path" of each recorded request, and clears the record.
  std::vector<std::string> TakeLines() {
    std::vector<std::string> lines;
    for (const HttpRequest& request : requests) {
      lines.push_back(absl::StrCat(request.method, " ",
                                   request.url.substr(request.url.find(
                                       '/', request.url.find("//") + 2))));
    }
    requests.clear();
    return lines;
  }

  std::vector<HttpRequest> requests;
  // The answers of the next requests, one for each, in this order.
  std::deque<absl::StatusOr<HttpResponse>> scripted;

 private:
  FakeGitHub* const github_;
  std::deque<std::pair<Done, absl::StatusOr<HttpResponse>>> waiting_;
};

// An answer without headers.
inline HttpResponse Answer(int status, std::string body) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

// The credentials of a GitHub App: number 12, installed at the organisation
// acme as number 77. A test asks them for tokens as the server does.
class AppCredentialsFixture : public testing::Test {
 protected:
  static constexpr char kAcme[] = "github.com/acme";
  // The App's own credential.
  static constexpr char kSelf[] = "github.com/app:Iv23abc";
  static constexpr int64_t kAppId = 12;
  static constexpr int64_t kAcmeId = 77;

  // The key of this number, the same in all tests of the process: making one
  // takes a tenth of a second.
  static const AppKey& Key(size_t number) {
    static std::deque<AppKey>* const keys = new std::deque<AppKey>();
    while (keys->size() <= number) keys->emplace_back();
    return (*keys)[number];
  }

  // The credentials must have done nothing that GitHub asks its clients not to
  // do.
  void TearDown() override {
    EXPECT_EQ(github_.rules().misbehaviour().in_forbidden_window, 0);
    EXPECT_EQ(github_.rules().misbehaviour().without_user_agent, 0);
  }

  explicit AppCredentialsFixture(
      GitHubRules::Options rules = {.any_repository = true})
      : github_(std::move(rules), &clock_), transport_(&github_) {
    github_.rules().AddApp({.id = kAppId,
                            .client_id = "Iv23abc",
                            .slug = "signalbox",
                            .public_key = Key(0).PublicPem()});
    Install(kAcmeId, "acme");
    WriteKey(Key(0).PrivatePem());
  }

  // Installs the App at an account, or changes the installation `id`.
  void Install(int64_t id, const std::string& account, bool suspended = false) {
    github_.rules().AddInstallation({.id = id,
                                     .app_id = kAppId,
                                     .account = account,
                                     .suspended = suspended});
  }

  // Replaces the App's key file in one step.
  void WriteKey(const std::string& pem) {
    std::ofstream(key_file_ + ".new") << pem;
    ASSERT_EQ(rename((key_file_ + ".new").c_str(), key_file_.c_str()), 0);
  }

  // The configuration of the App for these accounts.
  AppCredential App(std::vector<std::string> accounts) const {
    AppCredential app;
    app.api_url = "https://api.github.com";
    app.accounts = std::move(accounts);
    app.issuer = "Iv23abc";
    app.private_key_file = key_file_;
    return app;
  }

  AppCredentialsOptions Options() {
    AppCredentialsOptions options;
    options.transport = &transport_;
    options.clock = &our_clock_;
    options.user_agent = "signalbox/test";
    options.changed = [this](const std::string&) { ++changes_; };
    return options;
  }

  // Makes `credentials_` from configurations.
  void Make(std::vector<AppCredential> apps) {
    auto made = MakeAppCredentials(std::move(apps), Options());
    ASSERT_TRUE(made.ok()) << made.status();
    credentials_ = *std::move(made);
  }

  // The token of the credential `id` at this moment, or why there is none.
  absl::StatusOr<Token> Get(const std::string& id = kAcme) {
    return credentials_->Get(id, our_clock_.Now());
  }

  // Get as a text: the token, after "probe " if it may be used only to probe;
  // or the reason of the error.
  std::string Ask(const std::string& id = kAcme) {
    const absl::StatusOr<Token> token = Get(id);
    if (!token.ok()) return ReasonOf(token.status());
    return absl::StrCat(token->probe_only ? "probe " : "",
                        token->value.Reveal());
  }

  // Ask, then GitHub answers all requests, then Ask again. Returns the last
  // text.
  std::string AskTwice(const std::string& id = kAcme) {
    Ask(id);
    transport_.DeliverDue();
    return Ask(id);
  }

  // AskTwice once every `step` for `time`. Returns the last text.
  std::string AskFor(absl::Duration time, const std::string& id = kAcme,
                     absl::Duration step = absl::Milliseconds(500)) {
    std::string last;
    for (absl::Duration passed; passed < time; passed += step) {
      clock_.Advance(step);
      transport_.DeliverDue();
      last = AskTwice(id);
    }
    return last;
  }

  // Tells the credentials that GitHub refused this token.
  void Refuse(const Token& token, const std::string& reason = "BAD_CREDENTIALS",
              const std::string& id = kAcme) {
    credentials_->NoteRefused(id, token, reason, our_clock_.Now());
  }

  // Get, which must return a token.
  Token MustGet(const std::string& id = kAcme) {
    const absl::StatusOr<Token> token = Get(id);
    EXPECT_TRUE(token.ok()) << token.status();
    return token.ok() ? *token : Token();
  }

  // A token older than kYoungToken. The credentials take a refusal of a younger
  // one for a delay at GitHub.
  Token GetOld() {
    AskTwice();
    clock_.Advance(kYoungToken);
    return MustGet();
  }

  // How many requests the credentials send while a test asks for `time`.
  size_t RequestsDuring(absl::Duration time, const std::string& id = kAcme) {
    transport_.requests.clear();
    AskFor(time, id);
    return transport_.requests.size();
  }

  // Why the credential is stopped; empty: it is not; "not there": unknown.
  std::string StopReason(const std::string& id = kAcme) {
    for (const CredentialState& state : credentials_->States()) {
      if (state.id == id) return state.stop_reason;
    }
    return "not there";
  }

  // How many tokens GitHub has made for the installation.
  int TokensMade(int64_t installation = kAcmeId) {
    return github_.rules().apps().TokensMade(installation);
  }

  FakeClock clock_;
  OurClock our_clock_{&clock_};
  FakeGitHub github_;
  RecordingTransport transport_;
  TempDir dir_;
  const std::string key_file_ = dir_.Path("app.pem");
  int changes_ = 0;  // Calls of AppCredentialsOptions::changed.
  std::unique_ptr<Credentials> credentials_;
};

// The reason of Credentials::Get while a token is being fetched.
inline constexpr char kNotReady[] = "CREDENTIAL_NOT_READY";

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_GITHUB_APP_CREDENTIALS_FIXTURE_H_
