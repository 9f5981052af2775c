#include "server/github/joined_credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/github/static_credentials.h"

namespace signalbox {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1780000000);

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
    const auto token = credentials_->Get(id, kNow);
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
  // Of two that name it, the first.
  EXPECT_EQ(TokenOf("github.com", "solo"), "star");
}

TEST_F(JoinedCredentialsTest, NotesReachTheirPart) {
  const std::string id = "github.com/acme";
  const auto token = credentials_->Get(id, kNow);
  ASSERT_TRUE(token.ok());
  credentials_->NoteRefused(id, *token, "ACCOUNT_SUSPENDED", kNow);
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
    const auto token = credentials_->Get(id, kNow);
    EXPECT_EQ(token.status().code(), absl::StatusCode::kNotFound) << id;
    EXPECT_EQ(ReasonOf(token.status()), "NO_CREDENTIAL");
    credentials_->NoteRefused(id, Token(), "BAD_CREDENTIALS", kNow);
    credentials_->NoteAccepted(id, Token());
  }
  EXPECT_EQ(JoinCredentials({})->Find(Repository{"github.com", "a", "b"}), "");
}

}  // namespace
}  // namespace signalbox
