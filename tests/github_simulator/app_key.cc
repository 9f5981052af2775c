#include "tests/github_simulator/app_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

struct AppKey::Impl {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  ~Impl() { EVP_PKEY_free(key); }
};

AppKey::AppKey() : impl_(std::make_unique<Impl>()) {}
AppKey::~AppKey() = default;

std::string AppKey::PrivatePem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, impl_->key, nullptr, nullptr, 0, nullptr,
                           nullptr);
  return Contents(bio);
}

std::string AppKey::PublicPem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, impl_->key);
  return Contents(bio);
}

std::string AppKey::Sign(absl::string_view header,
                         absl::string_view claims) const {
  const std::string text = absl::StrCat(absl::WebSafeBase64Escape(header), ".",
                                        absl::WebSafeBase64Escape(claims));
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  size_t size = 0;
  EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, impl_->key);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSign(context, nullptr, &size, bytes, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()),
                 &size, bytes, text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return absl::StrCat(text, ".", absl::WebSafeBase64Escape(signature));
}

std::string AppKey::Jwt(absl::string_view issuer, absl::Time now) const {
  const int64_t seconds = absl::ToUnixSeconds(now);
  return Sign(R"({"alg":"RS256","typ":"JWT"})",
              absl::StrCat(R"({"iat":)", seconds - 60, R"(,"exp":)",
                           seconds + 540, R"(,"iss":")", issuer, "\"}"));
}

}  // namespace signalbox
