#include "server/core/credential_upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/support/fake_clock.h"

namespace signalbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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
  void Recall(const std::vector<CredentialState>& stored) override {
    for (const CredentialState& one : stored) {
      recalled[one.id] = one.installation_id;
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
  absl::Status SetPause(const std::string&, absl::Duration,
                        absl::Time) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<CredentialPause>> Pauses(absl::Time) override {
    return std::vector<CredentialPause>();
  }
  absl::Status SetInstallations(
      const Term& term,
      absl::Span<const CredentialInstallation> installations) override {
    ++writes;
    if (fails) return absl::UnavailableError("full");
    if (term != Term{7}) {
      return Error(absl::StatusCode::kFailedPrecondition, kTermOver, "");
    }
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
  absl::StatusOr<std::vector<CredentialCreator>> Creators() override {
    return std::vector<CredentialCreator>();
  }

  std::map<std::string, CredentialInstallation> stored;
  int writes = 0;
  bool fails = false;
};

class CredentialUpkeepTest : public testing::Test {
 protected:
  CredentialUpkeepTest() { held_term_.Set(Term{7}); }

  void Set(int64_t installation_id, const std::string& stop_reason = "") {
    credentials_.states.clear();
    credentials_.Set("github.com/acme", installation_id, stop_reason);
  }

  FakeClock clock_;
  Metrics metrics_;
  FakeCredentials credentials_;
  FakeNotes notes_;
  WakeUp term_over_;
  HeldTerm held_term_{&term_over_};
  CredentialUpkeep upkeep_{&credentials_, &notes_, &held_term_, &metrics_,
                           &clock_};
};

TEST_F(CredentialUpkeepTest, TheNextProcessKnowsTheInstallation) {
  Set(77);
  EXPECT_EQ(upkeep_.RunOnce(), clock_.Now() + absl::Seconds(5));
  EXPECT_EQ(notes_.stored["github.com/acme"].app, kApp);
  CredentialUpkeep next(&credentials_, &notes_, &held_term_, &metrics_,
                        &clock_);
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

TEST_F(CredentialUpkeepTest, StoresOnlyInTheTermOfTheProcess) {
  held_term_.Set(Term());
  Set(77);
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.writes, 0);
  held_term_.Set(Term{6});
  upkeep_.RunOnce();
  EXPECT_TRUE(notes_.stored.empty());
  EXPECT_FALSE(held_term_.exists());
  EXPECT_TRUE(term_over_.is_requested());
  held_term_.Set(Term{7});
  upkeep_.RunOnce();
  EXPECT_EQ(notes_.stored["github.com/acme"].installation_id, 77);
}

TEST_F(CredentialUpkeepTest, ShowsWhatIsStoppedAndThatItIsNotAnyMore) {
  constexpr char kName[] = "signalbox_credential_stopped";
  const auto show = [this](const std::vector<CredentialState>& states) {
    credentials_.states = states;
    upkeep_.RunOnce();
    return metrics_.Text();
  };
  EXPECT_THAT(show({{"github.com/acme"}, {"github.com/labs"}}),
              Not(HasSubstr(kName)));
  const std::string refused =
      R"({credential="github.com/acme",reason="CREDENTIAL_REFUSED"})";
  const std::string suspended =
      R"({credential="github.com/acme",reason="INSTALLATION_SUSPENDED"})";
  EXPECT_THAT(
      show({{"github.com/acme", "CREDENTIAL_REFUSED"}, {"github.com/labs"}}),
      AllOf(HasSubstr(kName + refused + " 1\n"), Not(HasSubstr("labs"))));
  EXPECT_THAT(show({{"github.com/acme", "INSTALLATION_SUSPENDED"}}),
              AllOf(HasSubstr(kName + refused + " 0\n"),
                    HasSubstr(kName + suspended + " 1\n")));
  EXPECT_THAT(show({}), HasSubstr(kName + suspended + " 0\n"));
}

// Requests name the accounts, so callers decide how many there are.
TEST_F(CredentialUpkeepTest, ThereAreNotAnyNumberOfSeries) {
  for (int i = 0; i < 3000; ++i) {
    credentials_.states.push_back(
        {absl::StrCat("github.com/a", i), "APP_NOT_INSTALLED"});
  }
  upkeep_.RunOnce();
  const std::string text = metrics_.Text();
  size_t series = 0;
  for (size_t at = text.find("reason="); at != std::string::npos;
       at = text.find("reason=", at + 1)) {
    ++series;
  }
  EXPECT_EQ(series, 1000u);
}

}  // namespace
}  // namespace signalbox
