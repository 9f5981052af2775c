#include "server/github/app_jwt.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdint>
#include <exception>
#include <jwt/jwt.hpp>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr int kMinKeyBits = 2048;
// GitHub advises dating a token back by a minute, because clocks differ. It
// accepts no expiry more than ten minutes ahead.
constexpr absl::Duration kBackdate = absl::Seconds(60);
constexpr absl::Duration kLifetime = absl::Seconds(540);

absl::Status InvalidKey(const std::string& path, absl::string_view problem) {
  ERR_clear_error();
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY_FILE",
               absl::StrCat(path, " ", problem));
}

// With real newlines. Reserves the memory first, because a growing string would
// leave copies that nobody wipes.
Secret WithNewlines(const Secret& text) {
  const std::string& from = text.Reveal();
  std::string pem;
  pem.reserve(from.size() + 1);
  for (size_t i = 0; i < from.size(); ++i) {
    const char escaped =
        from[i] == '\\' && i + 1 < from.size() ? from[i + 1] : '\0';
    if (escaped != 'n' && escaped != 'r') {
      pem += from[i];
      continue;
    }
    if (escaped == 'n') pem += '\n';
    ++i;
  }
  pem += '\n';
  return Secret(std::move(pem));
}

// Without this callback, OpenSSL would ask at the terminal for the pass phrase
// of an encrypted key.
int RefusePassphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

absl::StatusOr<Secret> ParseAppKey(const Secret& text,
                                   const std::string& path) {
  Secret pem = WithNewlines(text);
  const std::unique_ptr<BIO, int (*)(BIO*)> source(
      BIO_new_mem_buf(pem.Reveal().data(),
                      static_cast<int>(pem.Reveal().size())),
      BIO_free);
  bool was_asked = false;
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, RefusePassphrase,
                              &was_asked),
      EVP_PKEY_free);
  if (was_asked) {
    return InvalidKey(path, "is encrypted; wanted a key without a passphrase");
  }
  if (key == nullptr) {
    return InvalidKey(path,
                      "holds no private key; wanted an RSA key in PEM format");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return InvalidKey(path, "holds a key that is not RSA; wanted an RSA key");
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kMinKeyBits) {
    return InvalidKey(path,
                      absl::StrCat("holds a key of ", bits, " bits; wanted ",
                                   kMinKeyBits, " or more"));
  }
  ERR_clear_error();
  return pem;
}

absl::StatusOr<Secret> MakeAppJwt(const Secret& key, const std::string& issuer,
                                  absl::Time github_now) {
  const auto failed = [](absl::string_view why) {
    ERR_clear_error();
    return absl::InternalError(
        absl::StrCat("cannot sign a token for the App: ", why));
  };
  // The server does not use the library's jwt_object, which copies the key into
  // memory that it does not wipe.
  try {
    const int64_t now = absl::ToUnixSeconds(github_now);
    jwt::jwt_header header(jwt::algorithm::RS256);
    jwt::jwt_payload payload;
    payload.add_claim("iat", now - absl::ToInt64Seconds(kBackdate));
    payload.add_claim("exp", now + absl::ToInt64Seconds(kLifetime));
    payload.add_claim("iss", issuer);
    const std::string token =
        absl::StrCat(header.encode(), ".", payload.encode());
    const auto [signature, error] =
        jwt::PEMSign<jwt::algo::RS256>::sign(key.Reveal(), token);
    if (error) return failed(error.message());
    return Secret(
        absl::StrCat(token, ".", absl::WebSafeBase64Escape(signature)));
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

}  // namespace signalbox
