#include "server/rpc/authorizer.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <fstream>

#include "server/base/error.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

std::string Sha256(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

Repository Repo(absl::string_view text) { return *ParseRepository(text); }

class AuthorizerTest : public testing::Test {
 protected:
  const Caller farm_ = {"linux-farm",
                        Sha256("farm-token"),
                        {"acme/*", "ghes.example.com/tools/*"},
                        {"ci/*"},
                        {Right::kReport, Right::kRead}};
  const Caller reader_ = {
      "screen", Sha256("screen-token"), {"*/*"}, {"*"}, {Right::kRead}};
  const Authorizer authorizer_{{farm_, reader_}};
};

TEST_F(AuthorizerTest, KnowsCallersByTheirToken) {
  EXPECT_EQ((*authorizer_.Authenticate("Bearer farm-token"))->name,
            "linux-farm");
  EXPECT_EQ((*authorizer_.Authenticate("bearer screen-token"))->name, "screen");
  EXPECT_EQ((*authorizer_.Authenticate("screen-token"))->name, "screen");
}

TEST_F(AuthorizerTest, RefusesEveryOtherToken) {
  for (const char* value : {"", "Bearer ", "Bearer", "Bearer farm-toke",
                            "Bearer farm-token2", "Basic farm-token"}) {
    const auto caller = authorizer_.Authenticate(value);
    EXPECT_EQ(caller.status().code(), absl::StatusCode::kUnauthenticated)
        << value;
    EXPECT_EQ(ReasonOf(caller.status()), "UNKNOWN_CALLER");
  }
}

// A file left empty must not make the empty token, or any, a key.
TEST_F(AuthorizerTest, ACallerWithoutADigestIsNobody) {
  const Authorizer authorizer({Caller{"broken", "", {"*/*"}, {"*"}, {}}});
  EXPECT_FALSE(authorizer.Authenticate("").ok());
  EXPECT_FALSE(authorizer.Authenticate("Bearer x").ok());
}

TEST_F(AuthorizerTest, WithoutCallersEverybodyMayDoEverything) {
  const Authorizer open({});
  const auto caller = open.Authenticate("");
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(*caller, nullptr);
  EXPECT_TRUE(
      Authorizer::Authorize(nullptr, Right::kReport, Repo("a/b"), {"x"}).ok());
}

TEST_F(AuthorizerTest, GrantsByRepositoryContextAndRight) {
  struct Case {
    const Caller* caller;
    Right right;
    const char* repository;
    std::vector<std::string> contexts;
    bool granted;
  };
  for (const Case& c : std::vector<Case>{
           {&farm_, Right::kReport, "acme/app", {"ci/build"}, true},
           {&farm_, Right::kReport, "ACME/App", {"CI/Build"}, true},
           {&farm_, Right::kReport, "acme/app", {"ci/build", "deploy"}, false},
           {&farm_, Right::kReport, "acme2/app", {"ci/build"}, false},
           {&farm_,
            Right::kReport,
            "ghes.example.com/acme/app",
            {"ci/a"},
            false},
           {&farm_, Right::kReport, "ghes.example.com/tools/x", {"ci/a"}, true},
           {&farm_, Right::kReport, "tools/x", {"ci/a"}, false},
           {&farm_, Right::kRead, "acme/app", {}, true},
           {&farm_, Right::kRead, "other/app", {}, false},
           {&reader_, Right::kRead, "other/app", {}, true},
           {&reader_, Right::kReport, "other/app", {"ci/build"}, false},
       }) {
    const absl::Status status = Authorizer::Authorize(
        c.caller, c.right, Repo(c.repository), c.contexts);
    EXPECT_EQ(status.ok(), c.granted) << c.caller->name << " " << c.repository;
    if (!c.granted) {
      EXPECT_EQ(ReasonOf(status), "NOT_GRANTED");
    }
  }
}

TEST_F(AuthorizerTest, AnAccountIsGrantedWithAnyOfItsRepositories) {
  const auto may = [](const Caller& caller, const std::string& host,
                      const std::string& account) {
    return Authorizer::AuthorizeAccount(&caller, Right::kReport, host, account)
        .ok();
  };
  EXPECT_TRUE(may(farm_, "github.com", "Acme"));
  EXPECT_TRUE(may(farm_, "ghes.example.com", "tools"));
  EXPECT_FALSE(may(farm_, "ghes.example.com", "acme"));
  EXPECT_FALSE(may(farm_, "github.com", "acm"));
  EXPECT_FALSE(may(reader_, "github.com", "acme"));
  EXPECT_TRUE(Authorizer::AuthorizeAccount(nullptr, Right::kReport,
                                           "github.com", "acme")
                  .ok());
}

// What is acted on later is granted by what is configured then.
TEST_F(AuthorizerTest, ACallerIsAskedForLaterByName) {
  const auto may = [this](absl::string_view name, absl::string_view repository,
                          const std::string& context) {
    return authorizer_
        .AuthorizeLater(name, Right::kReport, Repo(repository), {context})
        .ok();
  };
  EXPECT_TRUE(may("linux-farm", "acme/app", "ci/build"));
  EXPECT_FALSE(may("linux-farm", "acme/app", "deploy"));
  EXPECT_FALSE(may("linux-farm", "other/app", "ci/build"));
  EXPECT_FALSE(may("screen", "acme/app", "ci/build"));
  EXPECT_FALSE(may("gone", "acme/app", "ci/build"));
  EXPECT_FALSE(may("", "acme/app", "ci/build"));
  EXPECT_TRUE(Authorizer({})
                  .AuthorizeLater("", Right::kReport, Repo("a/b"), {"x"})
                  .ok());
}

TEST_F(AuthorizerTest, ReadsWhatSha256sumPrints) {
  TempDir dir;
  const std::string path = dir.path() + "/digest";
  const std::string hex =
      "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  std::ofstream(path) << hex << "  -\n";
  const auto digest = ReadTokenDigestFile(path);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, Sha256("hello"));
}

TEST_F(AuthorizerTest, RefusesADigestFileThatHoldsSomethingElse) {
  TempDir dir;
  const std::string path = dir.path() + "/digest";
  for (const char* text : {"", "token", "2cf24dba", "zz"}) {
    std::ofstream(path) << text;
    EXPECT_FALSE(ReadTokenDigestFile(path).ok()) << text;
  }
  EXPECT_FALSE(ReadTokenDigestFile(path + "-missing").ok());
}

}  // namespace
}  // namespace signalbox
