#include "server/github/static_credentials.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "gtest/gtest.h"
#include "server/github/waiting_times.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1780000000);

Repository Repo(const std::string& owner,
                const std::string& host = "github.com") {
  return Repository{host, owner, "web"};
}

StaticCredential Literal(std::vector<std::string> accounts,
                         const std::string& token,
                         const std::string& host = "github.com") {
  StaticCredential credential;
  credential.host = host;
  credential.api_url = absl::StrCat("https://api.", host);
  credential.accounts = std::move(accounts);
  credential.token = Secret(token);
  return credential;
}

class StaticCredentialsTest : public testing::Test {
 protected:
  void Make(std::vector<StaticCredential> credentials) {
    auto made = MakeStaticCredentials(std::move(credentials));
    ASSERT_TRUE(made.ok()) << made.status();
    credentials_ = *std::move(made);
  }

  void Write(const std::string& text) { std::ofstream(file_) << text; }
  // Replaces the file in one step, as an operator should.
  void Replace(const std::string& text) {
    std::ofstream(file_ + ".new") << text;
    ASSERT_EQ(rename((file_ + ".new").c_str(), file_.c_str()), 0);
  }
  void MakeFromFile(const std::string& text) {
    Write(text);
    StaticCredential credential = Literal({"acme"}, "");
    credential.token_file = file_;
    Make({credential});
  }

  std::string TokenAt(absl::Duration at = absl::ZeroDuration()) {
    const auto token = credentials_->Get("github.com/acme", kNow + at);
    return token.ok() ? token->value.Reveal() : ReasonOf(token.status());
  }
  void Refuse(const std::string& token,
              const std::string& reason = "BAD_CREDENTIALS",
              absl::Duration at = absl::ZeroDuration()) {
    credentials_->NoteRefused("github.com/acme", Token{Secret(token), "", {}},
                              reason, kNow + at);
  }
  // "probe" or "token" for what Get returns, or the reason of its error.
  std::string ProbeAt(absl::Duration at) {
    const auto token = credentials_->Get("github.com/acme", kNow + at);
    if (!token.ok()) return ReasonOf(token.status());
    return token->probe_only ? "probe" : "token";
  }
  void Accept(const std::string& token) {
    credentials_->NoteAccepted("github.com/acme", Token{Secret(token), "", {}});
  }

  const TempDir dir_;
  const std::string file_ = dir_.Path("token");
  std::unique_ptr<Credentials> credentials_;
};

TEST_F(StaticCredentialsTest, AnExactAccountBeatsTheStar) {
  Make({Literal({"*"}, "star"), Literal({"Acme", "acme-labs"}, "acme"),
        Literal({"ACME", "solo"}, "shadowed"),
        Literal({"*"}, "ghes", "ghes.example.com")});
  EXPECT_EQ(credentials_->Find(Repo("acme")), "github.com/acme");
  EXPECT_EQ(credentials_->Find(Repo("ACME")), "github.com/acme");
  // One credential, one id: a queue and a budget for both accounts.
  EXPECT_EQ(credentials_->Find(Repo("Acme-Labs")), "github.com/acme");
  EXPECT_EQ(credentials_->Find(Repo("other")), "github.com/*");
  EXPECT_EQ(credentials_->Find(Repo("acme", "ghes.example.com")),
            "ghes.example.com/*");
  EXPECT_EQ(credentials_->Find(Repo("acme", "elsewhere.example.com")), "");

  const std::string solo = credentials_->Find(Repo("solo"));
  const auto token = credentials_->Get(solo, kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->value.Reveal(), "shadowed");
}

TEST_F(StaticCredentialsTest, WithoutAStarOthersHaveNone) {
  Make({Literal({"acme"}, "t")});
  EXPECT_EQ(credentials_->Find(Repo("other")), "");
  EXPECT_EQ(credentials_->Get("github.com/other", kNow).status().code(),
            absl::StatusCode::kNotFound);
  credentials_->NoteRefused("github.com/other", Token(), "BAD_CREDENTIALS",
                            kNow);
  credentials_->NoteAccepted("github.com/other", Token());
}

TEST_F(StaticCredentialsTest, ATokenIsOldAndKnowsItsApi) {
  Make({Literal({"acme"}, "t")});
  const auto token = credentials_->Get("github.com/acme", kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->api_url, "https://api.github.com");
  EXPECT_EQ(token->issue_time, absl::InfinitePast());
}

TEST_F(StaticCredentialsTest, ReadsItsFileAgainWhenItChanges) {
  MakeFromFile("one\n");
  EXPECT_EQ(TokenAt(), "one");
  Replace("two");
  EXPECT_EQ(TokenAt(absl::Hours(1)), "two");
  Write("three");
  EXPECT_EQ(TokenAt(absl::Hours(2)), "three");
}

TEST_F(StaticCredentialsTest, KeepsItsTokenWhileItsFileIsBroken) {
  MakeFromFile("one");
  Write("");
  EXPECT_EQ(TokenAt(), "one");
  Write("two words");
  EXPECT_EQ(TokenAt(absl::Hours(1)), "one");
  unlink(file_.c_str());
  EXPECT_EQ(TokenAt(absl::Hours(2)), "one");
  Write("two");
  EXPECT_EQ(TokenAt(absl::Hours(3)), "two");
}

TEST_F(StaticCredentialsTest, TwoRefusalsInARowStopIt) {
  Make({Literal({"acme"}, "one")});
  Refuse("one");
  EXPECT_EQ(TokenAt(), "one");
  Accept("one");
  Refuse("one");
  EXPECT_EQ(TokenAt(), "one");
  Refuse("one");
  EXPECT_EQ(TokenAt(), "CREDENTIAL_REFUSED");
  EXPECT_EQ(credentials_->Get("github.com/acme", kNow).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const std::vector<CredentialState> states = credentials_->States();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].id, "github.com/acme");
  EXPECT_EQ(states[0].stop_reason, "CREDENTIAL_REFUSED");
  EXPECT_EQ(states[0].stop_time, kNow);
}

// GitHub refuses every request while the account is suspended. A second refusal
// would prove nothing more.
TEST_F(StaticCredentialsTest, ASuspendedAccountStopsItAtOnce) {
  Make({Literal({"acme"}, "one")});
  Refuse("one", "ACCOUNT_SUSPENDED");
  EXPECT_EQ(TokenAt(), "ACCOUNT_SUSPENDED");
  EXPECT_EQ(ProbeAt(kStoppedCredentialProbe), "probe");
  Accept("one");
  EXPECT_EQ(ProbeAt(kStoppedCredentialProbe), "token");
  EXPECT_EQ(credentials_->States()[0].stop_reason, "");
}

TEST_F(StaticCredentialsTest, AStoppedOneIsProbedNowAndThen) {
  Make({Literal({"acme"}, "one")});
  Refuse("one");
  Refuse("one", "BAD_CREDENTIALS", absl::Minutes(1));
  EXPECT_EQ(ProbeAt(absl::Minutes(1)), "CREDENTIAL_REFUSED");
  const absl::Duration first = absl::Minutes(1) + kStoppedCredentialProbe;
  EXPECT_EQ(ProbeAt(first - absl::Milliseconds(1)), "CREDENTIAL_REFUSED");
  EXPECT_EQ(ProbeAt(first), "probe");
  // One probe at a time, even if nobody reports how it ended.
  EXPECT_EQ(ProbeAt(first), "CREDENTIAL_REFUSED");
  Refuse("one", "BAD_CREDENTIALS", first);
  EXPECT_EQ(ProbeAt(first + kStoppedCredentialProbe - absl::Seconds(1)),
            "CREDENTIAL_REFUSED");
  EXPECT_EQ(ProbeAt(first + kStoppedCredentialProbe), "probe");
  Accept("one");
  EXPECT_EQ(ProbeAt(first + kStoppedCredentialProbe), "token");
  // The token counts as new again: one refusal does not stop it.
  Refuse("one", "BAD_CREDENTIALS", first + kStoppedCredentialProbe);
  EXPECT_EQ(ProbeAt(first + kStoppedCredentialProbe), "token");
}

TEST_F(StaticCredentialsTest, AClockSetBackDoesNotPutOffAProbe) {
  Make({Literal({"acme"}, "one")});
  Refuse("one");
  Refuse("one");
  EXPECT_EQ(ProbeAt(-absl::Hours(24)), "probe");
  EXPECT_EQ(ProbeAt(-absl::Hours(24)), "CREDENTIAL_REFUSED");
}

TEST_F(StaticCredentialsTest, AChangedFileStartsItAgain) {
  MakeFromFile("one");
  EXPECT_EQ(TokenAt(), "one");
  Refuse("one", "BAD_CREDENTIALS", absl::Hours(1));
  Refuse("one", "BAD_CREDENTIALS", absl::Hours(1));
  EXPECT_EQ(TokenAt(absl::Hours(1)), "CREDENTIAL_REFUSED");
  Replace("two");
  EXPECT_EQ(TokenAt(absl::Hours(1)), "two");
  // Late answers to the old token say nothing about the new one.
  Refuse("one", "BAD_CREDENTIALS", absl::Hours(1));
  Refuse("one", "BAD_CREDENTIALS", absl::Hours(1));
  Accept("one");
  EXPECT_EQ(TokenAt(absl::Hours(1)), "two");
  Refuse("two", "BAD_CREDENTIALS", absl::Hours(1));
  Accept("one");
  Refuse("two", "BAD_CREDENTIALS", absl::Hours(1));
  EXPECT_EQ(TokenAt(absl::Hours(1)), "CREDENTIAL_REFUSED");
}

TEST_F(StaticCredentialsTest, RefusesWhatCannotWork) {
  const auto code = [](StaticCredential credential) {
    return MakeStaticCredentials({std::move(credential)}).status();
  };
  StaticCredential missing = Literal({"acme"}, "");
  missing.token_file = file_;
  EXPECT_EQ(code(missing).code(), absl::StatusCode::kNotFound);
  EXPECT_NE(code(missing).message().find(file_), std::string::npos);
  Write(" \n");
  EXPECT_EQ(code(missing).code(), absl::StatusCode::kInvalidArgument);
  // The line end would begin another header.
  Write("one\r\nX-Evil: 1");
  EXPECT_EQ(code(missing).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(missing).message().find("Evil"), std::string::npos);
  EXPECT_EQ(code(Literal({"acme"}, "")).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Literal({"acme"}, "o\nne")).code(),
            absl::StatusCode::kInvalidArgument);
  StaticCredential both = Literal({"acme"}, "t");
  both.token_file = file_;
  EXPECT_EQ(code(both).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace signalbox
