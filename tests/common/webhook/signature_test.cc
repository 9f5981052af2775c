#include "common/webhook/signature.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

constexpr char kSecret[] = "It's a Secret to Everybody";

WebhookSecrets Keyed(const std::vector<std::string>& texts) {
  std::vector<Secret> secrets;
  for (const std::string& text : texts) secrets.emplace_back(text);
  return WebhookSecrets(secrets);
}

bool IsSigned(const std::vector<std::string>& secrets, absl::string_view body,
              absl::string_view header) {
  const WebhookSecrets keyed = Keyed(secrets);
  BodySignature signature(keyed);
  signature.Update(body);
  const std::optional<Sha256Digest> claimed = ParseSignature(header);
  return claimed.has_value() && signature.Matches(*claimed);
}

struct Vector {
  std::string body;
  std::string header;
};

// The first is GitHub's own.
std::vector<Vector> Vectors() {
  return {
      {"Hello, World!",
       "sha256="
       "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
      {R"({"zen":"Hello, World!"})",
       "sha256="
       "e942fa2603c3a85869253af3951ae284b56bde839722162af17b21671dcc0d94"},
      {"payload=%7B%22zen%22%3A%22Hello%2C+World%21%22%7D",
       "sha256="
       "8159d769287f2ebd6c3feda2555a34670eb215b67ef81be37d2a4fc36418f7d8"},
      {"{\"title\":\"caf\xc3\xa9 \xf0\x9f\x90\x9b\"}",
       "sha256="
       "2ab172a34b2c7d76ab6db62e6b66670b0647d850cd9fcd69cc91df9d5b4b2e7f"},
      {"",
       "sha256="
       "66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40"},
  };
}

TEST(SignatureTest, AgreesWithPublishedVectors) {
  for (const Vector& vector : Vectors()) {
    EXPECT_TRUE(IsSigned({kSecret}, vector.body, vector.header)) << vector.body;
    EXPECT_FALSE(IsSigned({"another"}, vector.body, vector.header));
    EXPECT_FALSE(IsSigned({kSecret}, vector.body + "x", vector.header));
  }
}

TEST(SignatureTest, EveryBitCounts) {
  const Vector vector = Vectors()[0];
  const Sha256Digest good = *ParseSignature(vector.header);
  const WebhookSecrets secrets = Keyed({kSecret});
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Sha256Digest wrong = good;
    wrong[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    BodySignature signature(secrets);
    signature.Update(vector.body);
    EXPECT_FALSE(signature.Matches(wrong)) << bit;
  }
}

// While a secret is changed, deliveries signed with either are under way.
TEST(SignatureTest, AnyOfSeveralSecretsWillDo) {
  const Vector vector = Vectors()[1];
  EXPECT_TRUE(IsSigned({kSecret, "new"}, vector.body, vector.header));
  EXPECT_TRUE(IsSigned({"new", kSecret}, vector.body, vector.header));
  EXPECT_TRUE(IsSigned({"a", kSecret, "b"}, vector.body, vector.header));
  EXPECT_FALSE(IsSigned({"a", "b"}, vector.body, vector.header));
}

// Anyone can sign with an empty secret.
TEST(SignatureTest, EmptySecretsVerifyNothing) {
  EXPECT_TRUE(Keyed({}).empty());
  EXPECT_TRUE(Keyed({""}).empty());
  EXPECT_FALSE(Keyed({"", "s"}).empty());
  // HMAC-SHA256 of nothing under an empty key.
  EXPECT_FALSE(IsSigned(
      {""}, "",
      "sha256="
      "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

TEST(SignatureTest, PiecesMakeTheWhole) {
  const Vector vector = Vectors()[2];
  const WebhookSecrets secrets = Keyed({"old", kSecret});
  for (size_t piece = 1; piece <= vector.body.size(); ++piece) {
    BodySignature signature(secrets);
    for (size_t at = 0; at < vector.body.size(); at += piece) {
      signature.Update(absl::string_view(vector.body).substr(at, piece));
    }
    EXPECT_TRUE(signature.Matches(*ParseSignature(vector.header))) << piece;
  }
}

TEST(SignatureTest, SecretsServeManyBodies) {
  const WebhookSecrets secrets = Keyed({kSecret});
  for (int round = 0; round < 2; ++round) {
    for (const Vector& vector : Vectors()) {
      BodySignature signature(secrets);
      signature.Update(vector.body);
      EXPECT_TRUE(signature.Matches(*ParseSignature(vector.header)));
    }
  }
}

TEST(SignatureTest, HeaderHasOneForm) {
  const std::string hex(64, 'a');
  EXPECT_TRUE(ParseSignature(absl::StrCat("sha256=", hex)).has_value());
  const std::vector<std::string> wrong = {
      "",
      "sha256=",
      hex,
      absl::StrCat("sha1=", hex),
      absl::StrCat("SHA256=", hex),
      absl::StrCat("sha256=", std::string(64, 'A')),
      absl::StrCat("sha256=", std::string(64, 'g')),
      absl::StrCat("sha256=", std::string(63, 'a')),
      absl::StrCat("sha256=", std::string(65, 'a')),
      absl::StrCat(" sha256=", hex),
      absl::StrCat("sha256=", hex, " "),
      absl::StrCat("sha256= ", hex.substr(1)),
      absl::StrCat("sha256=", hex, ",sha256=", hex),
      absl::StrCat("sha256=0x", hex.substr(2)),
      absl::StrCat("sha256=", hex.substr(1), std::string(1, '\0')),
      "sha256=*",
  };
  for (const std::string& header : wrong) {
    EXPECT_FALSE(ParseSignature(header).has_value()) << header;
  }
}

}  // namespace
}  // namespace signalbox
