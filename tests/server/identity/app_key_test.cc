#include "server/identity/app_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/error.h"
#include "tests/support/app_signer.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHeader[] = R"({"alg":"RS256","typ":"JWT"})";
const absl::Time kJwtTime = absl::FromUnixSeconds(1'796'000'000);

class AppKeyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signer_ = new AppSigner(); }
  static void TearDownTestSuite() { delete signer_; }

  AppKeyTest() : key_(*ReadAppKey(7, Write(signer_->PublicPem()))) {}

  std::string Write(const std::string& pem) { return dir_.Write("key", pem); }

  // The reason for which a JWT is refused; empty: it is not.
  std::string Refusal(const std::string& jwt) const {
    const auto end = CheckAppJwt(jwt, key_, kJwtTime);
    EXPECT_TRUE(end.ok() || absl::IsUnauthenticated(end.status()));
    return ReasonOf(end.status());
  }
  std::string RefusalOf(const std::string& payload) const {
    return Refusal(signer_->Sign(kHeader, payload));
  }

  static AppSigner* signer_;
  TempDir dir_;
  const AppKey key_;
};

AppSigner* AppKeyTest::signer_ = nullptr;

TEST_F(AppKeyTest, KnowsWhoSignsAsTheApp) {
  for (const char* const issuer : {"7", R"("7")"}) {
    const std::string jwt = signer_->Jwt(issuer, kJwtTime, absl::Minutes(9));
    EXPECT_EQ(AppOfJwt(jwt), 7);
    const auto end = CheckAppJwt(jwt, key_, kJwtTime);
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(*end, kJwtTime + absl::Minutes(9));
  }
}

TEST_F(AppKeyTest, TimesAreThoseThatGitHubAccepts) {
  const auto with = [this](absl::Duration made, absl::Duration end) {
    return Refusal(signer_->Jwt("7", kJwtTime + made, end - made));
  };
  const absl::Duration second = absl::Seconds(1);
  EXPECT_EQ(with(-absl::Hours(1), absl::Minutes(10)), "");
  EXPECT_EQ(with(-absl::Hours(1), absl::Minutes(10) + second), "INVALID_JWT");
  EXPECT_EQ(with(absl::Minutes(1), absl::Minutes(2)), "");
  EXPECT_EQ(with(absl::Minutes(1) + second, absl::Minutes(2)), "INVALID_JWT");
  EXPECT_EQ(with(-absl::Minutes(1), second), "");
  EXPECT_EQ(with(-absl::Minutes(1), absl::ZeroDuration()), "INVALID_JWT");
}

TEST_F(AppKeyTest, EveryClaimMustBeThere) {
  EXPECT_EQ(RefusalOf(R"({"iss":7,"iat":1796000000,"exp":1796000100})"), "");
  for (const char* const payload :
       {R"({"iat":1796000000,"exp":1796000100})",
        R"({"iss":8,"iat":1796000000,"exp":1796000100})",
        R"({"iss":"7 ","iat":1796000000,"exp":1796000100})",
        R"({"iss":[7],"iat":1796000000,"exp":1796000100})",
        R"({"iss":7,"exp":1796000100})", R"({"iss":7,"iat":1796000000})",
        R"({"iss":7,"iat":1796000000,"exp":"1796000100"})",
        R"({"iss":7,"iat":1796000000,"exp":1e99})",
        R"({"iss":7,"iss":7,"iat":1796000000,"exp":1796000100})", "[]", ""}) {
    EXPECT_EQ(RefusalOf(payload), "INVALID_JWT") << payload;
  }
}

// A JWT names its algorithm. Its sender must not choose how the server checks
// it.
TEST_F(AppKeyTest, TheAlgorithmIsOurs) {
  const std::string payload = R"({"iss":7,"iat":1796000000,"exp":1796000100})";
  for (const char* const header :
       {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"rs256"})",
        R"({"alg":"RS512"})", R"({"typ":"JWT"})", R"({"alg":["RS256"]})",
        R"({"alg":"HS256","alg":"RS256"})", R"({"alg":"RS256","crit":["exp"]})",
        ""}) {
    EXPECT_EQ(Refusal(signer_->Sign(header, payload)), "INVALID_JWT") << header;
  }
  for (const char* const alg : {"none", "HS256", "RS256"}) {
    const std::string text =
        AppSigner::Unsigned(absl::StrCat(R"({"alg":")", alg, R"("})"), payload);
    EXPECT_EQ(Refusal(absl::StrCat(text, ".")), "INVALID_JWT");
    // The public key is known to everybody, so it must be no secret of HMAC.
    for (const std::string& secret : {signer_->PublicPem(), key_.der}) {
      unsigned char mac[EVP_MAX_MD_SIZE];
      unsigned int size = 0;
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           mac, &size);
      EXPECT_EQ(
          Refusal(absl::StrCat(text, ".",
                               absl::WebSafeBase64Escape(absl::string_view(
                                   reinterpret_cast<const char*>(mac), size)))),
          "INVALID_JWT");
    }
  }
}

TEST_F(AppKeyTest, OnlyTheCallersOwnKeySigns) {
  const AppSigner other;
  EXPECT_EQ(Refusal(other.Jwt("7", kJwtTime, absl::Minutes(5))), "INVALID_JWT");
  const std::string jwt = signer_->Jwt("7", kJwtTime, absl::Minutes(5));
  for (size_t i = 0; i < jwt.size(); ++i) {
    std::string changed = jwt;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last character of a part can have bits that mean nothing.
    if (i + 1 == jwt.size() || jwt[i + 1] == '.') continue;
    EXPECT_EQ(Refusal(changed), "INVALID_JWT") << i;
    EXPECT_EQ(Refusal(jwt.substr(0, i)), "INVALID_JWT") << i;
  }
}

TEST_F(AppKeyTest, OtherTextsAreNoJwt) {
  for (const std::string& text :
       {std::string(), std::string("a.b.c"), std::string(".."),
        std::string("sbt_token"), std::string(5000, 'a') + ".b.c"}) {
    EXPECT_EQ(AppOfJwt(text), std::nullopt);
    EXPECT_EQ(Refusal(text), "INVALID_JWT");
  }
}

TEST_F(AppKeyTest, OtherFilesAreNoPublicKey) {
  const AppSigner small(1024);
  for (const auto& [pem, problem] :
       std::initializer_list<std::pair<std::string, const char*>>{
           {signer_->PrivatePem(), "holds a private key"},
           {small.PublicPem(), "1024 bits"},
           {"text", "holds no public key"},
           {absl::StrReplaceAll(signer_->PublicPem(), {{"A", "B"}}),
            "holds"}}) {
    const absl::Status refused = ReadAppKey(7, Write(pem)).status();
    EXPECT_EQ(ReasonOf(refused), "INVALID_KEY_FILE");
    EXPECT_THAT(std::string(refused.message()),
                AllOf(HasSubstr(problem), HasSubstr(dir_.path()),
                      Not(HasSubstr("BEGIN"))));
  }
  EXPECT_TRUE(absl::IsNotFound(ReadAppKey(7, dir_.Path("none")).status()));
}

}  // namespace
}  // namespace signalbox
