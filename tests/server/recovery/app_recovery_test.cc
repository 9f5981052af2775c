#include <fstream>
#include <string>

#include "server/github/app_credentials.h"
#include "tests/github_simulator/app_key.h"
#include "tests/server/recovery/recovery_room.h"

namespace signalbox {
namespace {

// An App, installed at acme. Its hook covers everything there.
class AppRecoveryTest : public RecoveryRoomTest {
 protected:
  AppRecoveryTest() {
    const AppKey key;
    std::ofstream(dir_.Path("app.pem")) << key.PrivatePem();
    rules().hooks().RemoveHook(hook_);
    rules().AddApp({.id = 12,
                    .client_id = "Iv23abc",
                    .slug = "signalbox",
                    .public_key = key.PublicPem()});
    rules().AddInstallation({.id = 77, .app_id = 12, .account = "acme"});
    hook_ = rules().hooks().AddHook({.app_id = 12}, clock_.Now());
    options_.repositories.clear();

    AppCredential app;
    app.api_url = "https://api.github.com";
    app.accounts = {"acme"};
    app.issuer = "Iv23abc";
    app.private_key_file = dir_.Path("app.pem");
    AppCredentialsOptions options;
    options.transport = github_.get();
    options.clock = &clock_;
    options.user_agent = "signalbox/1";
    options.changed = [this](const std::string&) { wake_up_.Wake(); };
    PaceOptions pace;
    pace.per_minute = 0;
    limiter_.SetPace("github.com/app:Iv23abc", pace);
    UseCredentials(*MakeAppCredentials({app}, options));
  }
};

TEST_F(AppRecoveryTest, WhatTheAppsHookMissedIsDeliveredAgain) {
  Miss(0, 5);
  clock_.Advance(absl::Minutes(10));
  Start();
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 5), 5);
  EXPECT_EQ(deliveries_, 5);
}

TEST_F(AppRecoveryTest, TheAppsDeliveriesCanBePulled) {
  shim_is_up_ = false;
  options_.pull = true;
  Miss(0, 3);
  clock_.Advance(absl::Seconds(1));
  Start();
  Run(absl::Minutes(1));
  EXPECT_EQ(KnownOf(0, 3), 3);
}

// The App's hook covers all its repositories, so the server neither compares
// nor asks repositories for their hooks.
TEST_F(AppRecoveryTest, NothingElseIsAsked) {
  Miss(0, 1);
  Start();
  Run(absl::Minutes(30));
  ASSERT_TRUE(IsKnown(0));
  // The hook's settings and its list every five minutes.
  EXPECT_LE(rules().request_count(), 25);
}

}  // namespace
}  // namespace signalbox
