#include "server/github/joined_credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "server/github/static_credentials.h"

namespace signalbox {
namespace {

const absl::Time kAnyTime = absl::FromUnixSeconds(1780000000);

// A part with one token for some accounts of a host.
CredentialsPart Part(const std::string& host, std::vector<std::string> accounts,
                     const std::string& token) {
  StaticCredential credential;
  credential.host = host;
  credential.api_url = "https://api";
  credential.accounts = accounts;
  credential.token = Secret(token);
  CredentialsPart part;
  part.credentials = *MakeStaticCredentials({credential});
  for (const std::string& account : accounts) {
    part.accounts.push_back(host + "/" + account);
  }
  return part;
}

class JoinedCredentialsTest : public testing::Test {
 protected:
  JoinedCredentialsTest() {
    std::vector<CredentialsPart> parts;
    parts.push_back(Part("github.com", {"*", "solo"}, "star"));
    parts.push_back(Part("github.com", {"Acme", "labs", "SOLO"}, "acme"));
    parts.push_back(Part("ghes.example.com", {"*"}, "ghes"));
    credentials_ = JoinCredentials(std::move(parts));
  }

  std::string TokenOf(const std::string& host, const std::string& owner) {
    const std::string id = credentials_->Find(Repository{host, owner, "web"});
    if (id.empty()) return "none";
    const auto token = credentials_->Get(id, kAnyTime);
    return token.ok() ? token->value.Reveal() : ReasonOf(token.status());
  }

  std::unique_ptr<Credentials> credentials_;
};

TEST_F(JoinedCredentialsTest, WhoNamesAnAccountWinsOverTheStar) {
  EXPECT_EQ(TokenOf("github.com", "acme"), "acme");
  EXPECT_EQ(TokenOf("github.com", "ACME"), "acme");
  EXPECT_EQ(TokenOf("github.com", "Labs"), "acme");
  EXPECT_EQ(TokenOf("github.com", "other"), "star");
  EXPECT_EQ(TokenOf("ghes.example.com", "acme"), "ghes");
  EXPECT_EQ(TokenOf("elsewhere.example.com", "acme"), "none");
  // Two parts name the account. The first one has it.
  EXPECT_EQ(TokenOf("github.com", "solo"), "star");
}

TEST_F(JoinedCredentialsTest, NotesReachTheirPart) {
  const std::string id = "github.com/acme";
  const auto token = credentials_->Get(id, kAnyTime);
  ASSERT_TRUE(token.ok());
  credentials_->NoteRefused(id, *token, "ACCOUNT_SUSPENDED", kAnyTime);
  EXPECT_EQ(TokenOf("github.com", "acme"), "ACCOUNT_SUSPENDED");
  EXPECT_EQ(TokenOf("github.com", "other"), "star");
  const std::vector<CredentialState> states = credentials_->States();
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[0].id, "ghes.example.com/*");
  EXPECT_EQ(states[1].id, "github.com/*");
  EXPECT_EQ(states[2].id, "github.com/acme");
  EXPECT_EQ(states[2].stop_reason, "ACCOUNT_SUSPENDED");
  credentials_->NoteAccepted(id, *token);
  EXPECT_EQ(TokenOf("github.com", "acme"), "acme");
}

TEST_F(JoinedCredentialsTest, WhatIsNobodysIsNotFound) {
  for (const char* id : {"", "x", "elsewhere.example.com/acme"}) {
    const auto token = credentials_->Get(id, kAnyTime);
    EXPECT_EQ(token.status().code(), absl::StatusCode::kNotFound) << id;
    EXPECT_EQ(ReasonOf(token.status()), "NO_CREDENTIAL");
    credentials_->NoteRefused(id, Token(), "BAD_CREDENTIALS", kAnyTime);
    credentials_->NoteAccepted(id, Token());
  }
  EXPECT_EQ(JoinCredentials({})->Find(Repository{"github.com", "a", "b"}), "");
}

// Credentials that record their calls.
class NotingCredentials : public Credentials {
 public:
  explicit NotingCredentials(std::vector<std::string> apps,
                             std::vector<std::string>* told)
      : apps_(std::move(apps)), told_(told) {}

  std::string Find(const Repository& repository) const override {
    return repository.host + "/" + repository.owner;
  }
  absl::StatusOr<Token> Get(absl::string_view id, absl::Time) override {
    Tell("get", id);
    return Token();
  }
  void NoteRefused(absl::string_view id, const Token&, absl::string_view,
                   absl::Time) override {
    Tell("refused", id);
  }
  void NoteAccepted(absl::string_view id, const Token&) override {
    Tell("accepted", id);
  }
  void NoteAnswer(absl::string_view id, absl::Time, absl::Duration) override {
    Tell("answer", id);
  }
  std::vector<std::string> Apps() const override { return apps_; }
  void LookAgain(absl::string_view host, absl::string_view account,
                 absl::Time) override {
    Tell("look", std::string(host) + "/" + std::string(account));
  }
  std::vector<CredentialState> States() const override { return {}; }

 private:
  void Tell(const std::string& what, absl::string_view id) {
    told_->push_back(apps_.front() + " " + what + " " + std::string(id));
  }

  const std::vector<std::string> apps_;
  std::vector<std::string>* const told_;
};

// Calls for an App's own credential reach its part, even where another part has
// "*". LookAgain reaches the part that posts for the account.
TEST(JoinedAppsTest, WhatConcernsAnAppReachesItsPart) {
  std::vector<std::string> told;
  const auto part = [&](std::vector<std::string> apps,
                        std::vector<std::string> accounts) {
    return CredentialsPart{
        std::make_unique<NotingCredentials>(std::move(apps), &told), accounts};
  };
  std::vector<CredentialsPart> parts;
  parts.push_back(Part("github.com", {"*"}, "star"));
  parts.push_back(
      part({"github.com/app:A", "ghes/app:A"}, {"github.com/Acme"}));
  parts.push_back(part({"ghes/app:B", "ghes/app:A"}, {"ghes/*"}));
  const auto credentials = JoinCredentials(std::move(parts));
  EXPECT_EQ(credentials->Apps(),
            (std::vector<std::string>{"github.com/app:A", "ghes/app:A",
                                      "ghes/app:B"}));
  (void)credentials->Get("ghes/app:A", kAnyTime);
  credentials->NoteRefused("github.com/app:A", Token(), "x", kAnyTime);
  credentials->NoteAccepted("ghes/app:B", Token());
  credentials->NoteAnswer("ghes/app:B", kAnyTime, absl::ZeroDuration());
  credentials->LookAgain("GitHub.com", "ACME", kAnyTime);
  credentials->LookAgain("ghes", "any", kAnyTime);
  // No App posts for these accounts, and nobody has this credential.
  credentials->LookAgain("github.com", "other", kAnyTime);
  credentials->LookAgain("elsewhere", "acme", kAnyTime);
  credentials->NoteAnswer("elsewhere/app:A", kAnyTime, absl::ZeroDuration());
  EXPECT_EQ(told, (std::vector<std::string>{
                      "github.com/app:A get ghes/app:A",
                      "github.com/app:A refused github.com/app:A",
                      "ghes/app:B accepted ghes/app:B",
                      "ghes/app:B answer ghes/app:B",
                      "github.com/app:A look GitHub.com/ACME",
                      "ghes/app:B look ghes/any",
                  }));
  // "*" does not stand for an App's own credential.
  EXPECT_EQ(credentials->Get("github.com/app:B", kAnyTime).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace signalbox
