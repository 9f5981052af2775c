#ifndef SIGNALBOX_TESTS_SUPPORT_APP_SIGNER_H_
#define SIGNALBOX_TESTS_SUPPORT_APP_SIGNER_H_

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A tool that signs JWTs with an RSA key of its own, as a GitHub App does.
class AppSigner {
 public:
  explicit AppSigner(unsigned bits = 2048)
      : key_(EVP_RSA_gen(bits), EVP_PKEY_free) {}

  std::string PublicPem() const {
    BIO* const bio = BIO_new(BIO_s_mem());
    EXPECT_EQ(PEM_write_bio_PUBKEY(bio, key_.get()), 1);
    return TextOf(bio);
  }

  std::string PrivatePem() const {
    BIO* const bio = BIO_new(BIO_s_mem());
    EXPECT_EQ(PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0,
                                       nullptr, nullptr),
              1);
    return TextOf(bio);
  }

  // A JWT of these two texts, signed with RS256.
  std::string Sign(absl::string_view header, absl::string_view payload) const {
    const std::string text = Unsigned(header, payload);
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EXPECT_EQ(
        EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get()),
        1);
    size_t size = 4096;
    std::string signature(size, '\0');
    EXPECT_EQ(
        EVP_DigestSign(
            context, reinterpret_cast<unsigned char*>(signature.data()), &size,
            reinterpret_cast<const unsigned char*>(text.data()), text.size()),
        1);
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return absl::StrCat(text, ".", absl::WebSafeBase64Escape(signature));
  }

  // A JWT as tools make it. `issuer` is JSON.
  std::string Jwt(absl::string_view issuer, absl::Time made,
                  absl::Duration life) const {
    return Sign(R"({"alg":"RS256","typ":"JWT"})",
                absl::StrCat(R"({"iss":)", issuer, R"(,"iat":)",
                             absl::ToUnixSeconds(made), R"(,"exp":)",
                             absl::ToUnixSeconds(made + life), "}"));
  }

  // What a JWT's signature is of.
  static std::string Unsigned(absl::string_view header,
                              absl::string_view payload) {
    return absl::StrCat(absl::WebSafeBase64Escape(header), ".",
                        absl::WebSafeBase64Escape(payload));
  }

 private:
  static std::string TextOf(BIO* bio) {
    std::string text(BIO_ctrl_pending(bio), '\0');
    EXPECT_GT(BIO_read(bio, text.data(), static_cast<int>(text.size())), 0);
    BIO_free(bio);
    return text;
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_APP_SIGNER_H_
