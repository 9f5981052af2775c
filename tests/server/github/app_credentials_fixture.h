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
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// Our machine's clock, which need not agree with GitHub's.
class OurClock : public Clock {
 public:
  explicit OurClock(FakeClock* github) : github_(github) {}

  absl::Time Now() override { return github_->Now() + skew; }
  absl::Duration Monotonic() override { return github_->Monotonic(); }

  absl::Duration skew;

 private:
  FakeClock* const github_;
};

// Records requests, and forwards those for which no answer is scripted.
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

  // Also answers the requests that callbacks send.
  void DeliverDue() {
    while (!waiting_.empty() || github_->DeliverDue() > 0) {
      if (waiting_.empty()) continue;
      auto [done, answer] = std::move(waiting_.front());
      waiting_.pop_front();
      done(std::move(answer));
    }
  }

  // "METHOD path" of each request, and clears the list.
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
  // The answers of the next requests, in turn.
  std::deque<absl::StatusOr<HttpResponse>> scripted;

 private:
  FakeGitHub* const github_;
  std::deque<std::pair<Done, absl::StatusOr<HttpResponse>>> waiting_;
};

inline HttpResponse Answer(int status, std::string body) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

// One App, number 12, installed at the organisation acme as number 77.
class AppCredentialsFixture : public testing::Test {
 protected:
  static constexpr char kAcme[] = "github.com/acme";
  // The App's own credential.
  static constexpr char kSelf[] = "github.com/app:Iv23abc";
  static constexpr int64_t kAppId = 12;
  static constexpr int64_t kAcmeId = 77;

  // Kept, since keys take long to make.
  static const AppKey& Key(size_t number) {
    static std::deque<AppKey>* const keys = new std::deque<AppKey>();
    while (keys->size() <= number) keys->emplace_back();
    return (*keys)[number];
  }

  // No test may do what GitHub asks its clients not to do.
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

  void Install(int64_t id, const std::string& account, bool suspended = false) {
    github_.rules().AddInstallation({.id = id,
                                     .app_id = kAppId,
                                     .account = account,
                                     .suspended = suspended});
  }

  void WriteKey(const std::string& pem) {
    std::ofstream(key_file_ + ".new") << pem;
    ASSERT_EQ(rename((key_file_ + ".new").c_str(), key_file_.c_str()), 0);
  }

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

  void Make(std::vector<AppCredential> apps) {
    auto made = MakeAppCredentials(std::move(apps), Options());
    ASSERT_TRUE(made.ok()) << made.status();
    credentials_ = *std::move(made);
  }

  absl::StatusOr<Token> Get(const std::string& id = kAcme) {
    return credentials_->Get(id, our_clock_.Now());
  }

  // The token's text, with "probe " before one for a probe; or the reason why
  // there is none.
  std::string Ask(const std::string& id = kAcme) {
    const absl::StatusOr<Token> token = Get(id);
    if (!token.ok()) return ReasonOf(token.status());
    return absl::StrCat(token->probe_only ? "probe " : "",
                        token->value.Reveal());
  }

  // Asks, lets GitHub answer everything, and asks again.
  std::string AskTwice(const std::string& id = kAcme) {
    Ask(id);
    transport_.DeliverDue();
    return Ask(id);
  }

  // Lets time pass in small steps, and asks at each.
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

  void Refuse(const Token& token, const std::string& reason = "BAD_CREDENTIALS",
              const std::string& id = kAcme) {
    credentials_->NoteRefused(id, token, reason, our_clock_.Now());
  }

  Token MustGet(const std::string& id = kAcme) {
    const absl::StatusOr<Token> token = Get(id);
    EXPECT_TRUE(token.ok()) << token.status();
    return token.ok() ? *token : Token();
  }

  // A token that is not young any more.
  Token GetOld() {
    AskTwice();
    clock_.Advance(kYoungToken);
    return MustGet();
  }

  size_t RequestsDuring(absl::Duration time, const std::string& id = kAcme) {
    transport_.requests.clear();
    AskFor(time, id);
    return transport_.requests.size();
  }

  std::string StopReason(const std::string& id = kAcme) {
    for (const CredentialState& state : credentials_->States()) {
      if (state.id == id) return state.stop_reason;
    }
    return "not there";
  }

  int TokensMade(int64_t installation = kAcmeId) {
    return github_.rules().tokens_made(installation);
  }

  FakeClock clock_;
  OurClock our_clock_{&clock_};
  FakeGitHub github_;
  RecordingTransport transport_;
  TempDir dir_;
  const std::string key_file_ = dir_.Path("app.pem");
  int changes_ = 0;
  std::unique_ptr<Credentials> credentials_;
};

inline constexpr char kNotReady[] = "CREDENTIAL_NOT_READY";

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_GITHUB_APP_CREDENTIALS_FIXTURE_H_
