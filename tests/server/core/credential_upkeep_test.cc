#include "server/core/credential_upkeep.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/support/fake_clock.h"

namespace signalbox {
namespace {

constexpr char kApp[] = "github.com/app:1";

class FakeCredentials : public Credentials {
 public:
  std::string Find(const Repository&) const override { return ""; }
  absl::StatusOr<Token> Get(absl::string_view, absl::Time) override {
    return Token();
  }
  void NoteRefused(absl::string_view, const Token&, absl::string_view,
                   absl::Time) override {}
  void NoteAccepted(absl::string_view, const Token&) override {}
  void Recall(const std::vector<StoredInstallation>& installations) override {
    for (const StoredInstallation& one : installations) {
      recalled[one.credential] = one.id;
    }
  }
  std::vector<CredentialState> States() const override { return states; }

  void Set(const std::string& credential, int64_t installation_id,
           const std::string& stop_reason = "") {
    CredentialState state{credential, stop_reason};
    state.app = kApp;
    state.installation_id = installation_id;
    states.push_back(std::move(state));
  }

  std::vector<CredentialState> states;
  std::map<std::string, int64_t> recalled;
};

class FakeNotes : public CredentialNotes {
 public:
  absl::Status SetPause(const std::string&, absl::Time, absl::Time) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<CredentialPause>> Pauses() override {
    return std::vector<CredentialPause>();
  }
  absl::Status SetInstallations(
      absl::Span<const CredentialInstallation> installations) override {
    ++writes;
    if (fails) return absl::UnavailableError("full");
    for (const CredentialInstallation& one : installations) {
      stored[one.credential] = one;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<CredentialInstallation>> Installations() override {
    if (fails) return absl::UnavailableError("full");
    std::vector<CredentialInstallation> all;
    for (const auto& [credential, one] : stored) all.push_back(one);
    return all;
  }

  std::map<std::string, CredentialInstallation> stored;
  int writes = 0;
  bool fails = false;
};

class CredentialUpkeepTest : public testing::Test {
 protected:
  void Set(int64_t installation_id, const std::string& stop_reason = "") {
    credentials_.states.clear();
    credentials_.Set("github.com/acme", installation_id, stop_reason);
  }

  FakeClock clock_;
  Metrics metrics_;
  FakeCredentials credentials_;
  FakeNotes notes_;
  CredentialUpkeep upkeep_{&credentials_, &notes_, &metrics_, &clock_};
};

TEST_F(CredentialUpkeepTest, TheNextProcessKnowsTheInstallation) {
  Set(77);
  EXPECT_EQ(upkeep_.RunOnce(), clock_.Now() + absl::Seconds(5));
  EXPECT_EQ(notes_.stored["github.com/acme"].app, kApp);
  CredentialUpkeep next(&credentials_, &notes_, &metrics_, &clock_);
  ASSERT_TRUE(next.Recall().ok());
  EXPECT_EQ(credentials_.recalled["github.com/acme"], 77);
}

TEST_F(CredentialUpkeepTest, OnlyChangesAreStored) {
  Set(0);
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.writes, 0);
  Set(77);
  upkeep_.RunOnce();
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.writes, 1);
  Set(0);  // Not installed any more.
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.writes, 2);
  EXPECT_EQ(notes_.stored["github.com/acme"].installation_id, 0);
}

TEST_F(CredentialUpkeepTest, WhatWasRecalledIsNotStoredAgain) {
  notes_.stored["github.com/acme"] = {"github.com/acme", kApp, 77};
  ASSERT_TRUE(upkeep_.Recall().ok());
  Set(77);
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.writes, 0);
}

// The configuration may name an App by its client id instead of its number.
TEST_F(CredentialUpkeepTest, AnotherNameOfTheAppIsStored) {
  notes_.stored["github.com/acme"] = {"github.com/acme", "github.com/app:old",
                                      77};
  ASSERT_TRUE(upkeep_.Recall().ok());
  Set(77);
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.stored["github.com/acme"].app, kApp);
}

TEST_F(CredentialUpkeepTest, AStoreThatFailedIsTriedAgain) {
  Set(77);
  notes_.fails = true;
  upkeep_.RunOnce();
  EXPECT_FALSE(upkeep_.Recall().ok());
  notes_.fails = false;
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.stored["github.com/acme"].installation_id, 77);
}

TEST_F(CredentialUpkeepTest, StoppedCredentialsAreShown) {
  Set(0, "CREDENTIAL_REFUSED");
  upkeep_.RunOnce();
  EXPECT_TRUE(absl::StrContains(metrics_.Text(), "CREDENTIAL_REFUSED"));
}

}  // namespace
}  // namespace signalbox
