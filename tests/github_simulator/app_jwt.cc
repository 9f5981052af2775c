#include "tests/github_simulator/app_jwt.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signalbox {
namespace {

using UnorderedJson = nlohmann::json;

constexpr int64_t kLongestLife = 600;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

// Null: not an RSA public key.
Key ReadKey(absl::string_view pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Key key(PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  ERR_clear_error();
  if (key != nullptr && EVP_PKEY_is_a(key.get(), "RSA") != 1) key.reset();
  return key;
}

bool Verifies(EVP_PKEY* key, absl::string_view text,
              absl::string_view signature) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool is_good =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(
          context, reinterpret_cast<const unsigned char*>(signature.data()),
          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
          text.size()) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return is_good;
}

// Without padding, as in JWTs.
std::optional<std::string> DecodeBase64Url(absl::string_view text) {
  const bool is_clean =
      std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_';
      });
  std::string decoded;
  if (!is_clean || text.size() % 4 == 1 ||
      !absl::WebSafeBase64Unescape(text, &decoded)) {
    return std::nullopt;
  }
  return decoded;
}

UnorderedJson ParseObject(const std::optional<std::string>& text) {
  if (!text.has_value()) return UnorderedJson();
  return UnorderedJson::parse(*text, nullptr, /*allow_exceptions=*/false);
}

std::optional<int64_t> IntegerOf(const UnorderedJson& claims,
                                 const char* name) {
  const auto it = claims.find(name);
  if (it == claims.end() || !it->is_number_integer()) return std::nullopt;
  if (it->is_number_unsigned()) {
    return static_cast<int64_t>(std::min<uint64_t>(
        it->get<uint64_t>(), std::numeric_limits<int64_t>::max()));
  }
  return it->get<int64_t>();
}

}  // namespace

bool IsRsaPublicKey(absl::string_view pem) { return ReadKey(pem) != nullptr; }

bool AppJwt::IsLike(absl::string_view token) {
  return absl::StartsWith(token, "eyJ") &&
         std::count(token.begin(), token.end(), '.') == 2;
}

std::optional<AppJwt> AppJwt::Parse(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return std::nullopt;
  const UnorderedJson header = ParseObject(DecodeBase64Url(parts[0]));
  const UnorderedJson claims = ParseObject(DecodeBase64Url(parts[1]));
  const std::optional<std::string> signature = DecodeBase64Url(parts[2]);
  if (!header.is_object() || !claims.is_object() || !signature.has_value()) {
    return std::nullopt;
  }
  const auto algorithm = header.find("alg");
  if (algorithm == header.end() || *algorithm != "RS256") return std::nullopt;

  AppJwt jwt;
  const auto issuer = claims.find("iss");
  if (issuer != claims.end() && issuer->is_string()) {
    jwt.issuer_ = issuer->get<std::string>();
  } else if (const auto number = IntegerOf(claims, "iss")) {
    jwt.issuer_ = absl::StrCat(*number);
  }
  jwt.issued_at_ = IntegerOf(claims, "iat");
  jwt.expires_at_ = IntegerOf(claims, "exp");
  jwt.signed_part_ = absl::StrCat(parts[0], ".", parts[1]);
  jwt.signature_ = *signature;
  return jwt;
}

bool AppJwt::IsSignedBy(const std::vector<std::string>& public_keys) const {
  return std::any_of(
      public_keys.begin(), public_keys.end(), [this](const std::string& pem) {
        const Key key = ReadKey(pem);
        return key != nullptr && Verifies(key.get(), signed_part_, signature_);
      });
}

std::string AppJwt::ComplaintAbout(absl::Time now) const {
  const int64_t seconds = absl::ToUnixSeconds(now);
  if (!issued_at_.has_value() || *issued_at_ > seconds) {
    return "'Issued at' claim ('iat') must be an Integer representing the time "
           "that the assertion was issued";
  }
  if (!expires_at_.has_value() || *expires_at_ <= seconds) {
    return "'Expiration time' claim ('exp') must be a numeric value "
           "representing the future time at which the assertion expires";
  }
  if (*expires_at_ > seconds + kLongestLife) {
    return "'Expiration time' claim ('exp') is too far in the future";
  }
  return "";
}

}  // namespace signalbox
