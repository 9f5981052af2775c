#include "server/github/app_jwt.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/error.h"

namespace signalbox {
namespace {

using Json = nlohmann::json;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

const absl::Time kNow = absl::FromUnixSeconds(1780000000);

Key RsaKey(unsigned bits) { return Key(EVP_RSA_gen(bits), EVP_PKEY_free); }

// The PEM text that `write` produces.
template <typename Write>
std::string Pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string Pkcs8(EVP_PKEY* key) {
  return Pem([key](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                         nullptr);
  });
}

std::string Pkcs1(EVP_PKEY* key, const char* passphrase = nullptr) {
  return Pem([=](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(
        bio, key, passphrase == nullptr ? nullptr : EVP_aes_128_cbc(),
        reinterpret_cast<const unsigned char*>(passphrase),
        passphrase == nullptr ? 0 : 4, nullptr, nullptr);
  });
}

bool Verifies(EVP_PKEY* key, const std::string& text,
              const std::string& signature) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool is_good =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(
          context, reinterpret_cast<const unsigned char*>(signature.data()),
          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
          text.size()) == 1;
  EVP_MD_CTX_free(context);
  return is_good;
}

class AppJwtTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { key_ = RsaKey(2048).release(); }
  static void TearDownTestSuite() { EVP_PKEY_free(key_); }

  static absl::Status StatusOf(const std::string& text) {
    return ParseAppKey(Secret(text), "app.pem").status();
  }

  // A JWT signed with this key text must verify.
  static void ExpectWorks(const std::string& text) {
    const absl::StatusOr<Secret> key = ParseAppKey(Secret(text), "app.pem");
    ASSERT_TRUE(key.ok()) << key.status();
    const absl::StatusOr<Secret> jwt = MakeAppJwt(*key, "Iv23abc", kNow);
    ASSERT_TRUE(jwt.ok()) << jwt.status();
    const std::vector<std::string> parts = absl::StrSplit(jwt->Reveal(), '.');
    ASSERT_EQ(parts.size(), 3u);
    std::string signature;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[2], &signature));
    EXPECT_TRUE(Verifies(key_, parts[0] + "." + parts[1], signature));
  }

  static EVP_PKEY* key_;
};

EVP_PKEY* AppJwtTest::key_ = nullptr;

TEST_F(AppJwtTest, HasTheHeaderAndTheClaimsThatGitHubWants) {
  const absl::StatusOr<Secret> key =
      ParseAppKey(Secret(Pkcs1(key_)), "app.pem");
  ASSERT_TRUE(key.ok()) << key.status();
  for (const std::string issuer : {"Iv23liABC.d-e_f", "123456"}) {
    const absl::StatusOr<Secret> jwt = MakeAppJwt(*key, issuer, kNow);
    ASSERT_TRUE(jwt.ok()) << jwt.status();
    // Base64url without padding, as JWTs have it.
    EXPECT_EQ(jwt->Reveal().find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                  "0123456789-_."),
              std::string::npos);
    const std::vector<std::string> parts = absl::StrSplit(jwt->Reveal(), '.');
    ASSERT_EQ(parts.size(), 3u);
    std::string header, claims;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[0], &header));
    ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[1], &claims));
    EXPECT_EQ(Json::parse(header), Json({{"alg", "RS256"}, {"typ", "JWT"}}));
    EXPECT_EQ(Json::parse(claims), Json({{"iat", 1780000000 - 60},
                                         {"exp", 1780000000 + 540},
                                         {"iss", issuer}}));
  }
}

TEST_F(AppJwtTest, FractionsOfASecondAreCutOff) {
  const absl::StatusOr<Secret> key =
      ParseAppKey(Secret(Pkcs1(key_)), "app.pem");
  const absl::StatusOr<Secret> jwt =
      MakeAppJwt(*key, "1", kNow + absl::Milliseconds(999));
  std::string claims;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(
      std::vector<std::string>(absl::StrSplit(jwt->Reveal(), '.'))[1],
      &claims));
  EXPECT_EQ(Json::parse(claims)["iat"], 1780000000 - 60);
}

TEST_F(AppJwtTest, TakesAKeyHoweverItIsWritten) {
  for (const std::string& pem : {Pkcs1(key_), Pkcs8(key_)}) {
    ExpectWorks(pem);
    ExpectWorks(absl::StrReplaceAll(pem, {{"\n", "\r\n"}}));
    // Configuration systems and secret stores may escape line ends.
    ExpectWorks(absl::StrReplaceAll(pem, {{"\n", "\\n"}}));
    ExpectWorks(absl::StrReplaceAll(pem, {{"\n", "\\r\\n"}}));
    ExpectWorks("  \n" + pem);
    ExpectWorks(pem.substr(0, pem.size() - 1));
  }
  EXPECT_TRUE(absl::StartsWith(Pkcs1(key_), "-----BEGIN RSA PRIVATE KEY"));
  EXPECT_TRUE(absl::StartsWith(Pkcs8(key_), "-----BEGIN PRIVATE KEY"));
  ExpectWorks("Bag Attributes: none\n" + Pkcs8(key_));
}

TEST_F(AppJwtTest, RefusesWhatIsNoKeyForAnApp) {
  const Key small = RsaKey(2040);
  const Key elliptic(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::string good = Pkcs8(key_);
  const std::string encrypted = Pem([](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key_, EVP_aes_128_cbc(), "pass",
                                         4, nullptr, nullptr);
  });
  const struct {
    std::string text;
    std::string said;
  } cases[] = {
      {"", "no private key"},
      {"ghp_canary", "no private key"},
      {good.substr(0, good.size() / 2), "no private key"},
      {absl::StrReplaceAll(good, {{"\n", ""}}), "no private key"},
      {Pem([](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_); }),
       "no private key"},
      {Pkcs8(small.get()), "2040 bits"},
      {Pkcs8(elliptic.get()), "not RSA"},
      {encrypted, "is encrypted"},
      {Pkcs1(key_, "pass"), "is encrypted"},
  };
  for (const auto& bad : cases) {
    const absl::Status status = StatusOf(bad.text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.text;
    EXPECT_EQ(ReasonOf(status), "INVALID_KEY_FILE");
    EXPECT_TRUE(absl::StartsWith(status.message(), "app.pem ")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), bad.said)) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "canary"));
  }
}

TEST_F(AppJwtTest, ABrokenKeyIsAnErrorAndNoException) {
  EXPECT_EQ(MakeAppJwt(Secret("no key"), "1", kNow).status().code(),
            absl::StatusCode::kInternal);
  const absl::StatusOr<Secret> key =
      ParseAppKey(Secret(Pkcs1(key_)), "app.pem");
  EXPECT_EQ(MakeAppJwt(*key, "\xff", kNow).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace signalbox
