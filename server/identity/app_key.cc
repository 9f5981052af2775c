#include "server/identity/app_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/secret.h"
#include "common/webhook/json_fields.h"

namespace signalbox {
namespace {

constexpr int kFewestKeyBits = 2048;
constexpr int kMostKeyBits = 16384;
constexpr size_t kLongestJwt = 4096;
constexpr absl::Duration kLongestLife = absl::Minutes(10);
constexpr absl::Duration kClocksDiffer = absl::Seconds(60);

using PublicKey = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

absl::Status InvalidPublicKey(const std::string& path,
                              absl::string_view problem) {
  ERR_clear_error();
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY_FILE",
               absl::StrCat(path, " ", problem,
                            "; wanted an RSA public key in PEM format, as "
                            "`openssl rsa -in KEY -pubout` writes it"));
}

// Without this callback, OpenSSL would ask at the terminal for the pass phrase
// of an encrypted file.
int RefuseToAsk(char*, int, int, void*) { return -1; }

absl::Status RefusedJwt(absl::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, "INVALID_JWT", message);
}

absl::Status InvalidJwt(absl::string_view problem) {
  return RefusedJwt(absl::StrCat("the JWT ", problem));
}

// A JWT, taken apart.
struct Jwt {
  std::string header;  // JSON.
  std::string payload;
  absl::string_view signed_text;
  std::string signature;
};

// Nothing: it has not three parts in Base64 without padding.
std::optional<Jwt> TakeApart(absl::string_view token) {
  if (token.size() > kLongestJwt) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3 || absl::StrContains(token, '=')) return std::nullopt;
  Jwt jwt;
  if (!absl::WebSafeBase64Unescape(parts[0], &jwt.header) ||
      !absl::WebSafeBase64Unescape(parts[1], &jwt.payload) ||
      !absl::WebSafeBase64Unescape(parts[2], &jwt.signature)) {
    return std::nullopt;
  }
  jwt.signed_text = token.substr(0, parts[0].size() + 1 + parts[1].size());
  return jwt;
}

// The issuer of a payload as a number; nothing: it has none.
std::optional<int64_t> IssuerIn(const JsonFields& payload) {
  const JsonValue* const value = payload.Find("iss");
  if (value == nullptr) return std::nullopt;
  if (const auto* const number = std::get_if<int64_t>(value)) return *number;
  const auto* const text = std::get_if<std::string>(value);
  int64_t number = 0;
  if (text == nullptr || !std::ranges::all_of(*text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(*text, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<absl::Time> TimeIn(const JsonFields& payload,
                                 absl::string_view name) {
  const JsonValue* const value = payload.Find(name);
  const auto* const seconds =
      value == nullptr ? nullptr : std::get_if<int64_t>(value);
  if (seconds == nullptr) return std::nullopt;
  return absl::FromUnixSeconds(*seconds);
}

bool IsSignedWith(const Jwt& jwt, const AppKey& key) {
  const auto* der = reinterpret_cast<const unsigned char*>(key.der.data());
  const PublicKey parsed(
      d2i_PUBKEY(nullptr, &der, static_cast<int>(key.der.size())),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(
      EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool is_signed =
      parsed != nullptr && context != nullptr &&
      EVP_PKEY_get_base_id(parsed.get()) == EVP_PKEY_RSA &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                           parsed.get()) == 1 &&
      EVP_DigestVerify(
          context.get(),
          reinterpret_cast<const unsigned char*>(jwt.signature.data()),
          jwt.signature.size(),
          reinterpret_cast<const unsigned char*>(jwt.signed_text.data()),
          jwt.signed_text.size()) == 1;
  ERR_clear_error();
  return is_signed;
}

bool IsRs256(const std::string& header) {
  const auto fields = JsonFields::Read(header, {"alg", "crit"});
  if (!fields.ok() || fields->Find("crit") != nullptr) return false;
  const JsonValue* const alg = fields->Find("alg");
  const auto* const text =
      alg == nullptr ? nullptr : std::get_if<std::string>(alg);
  return text != nullptr && *text == "RS256";
}

absl::StatusOr<JsonFields> PayloadOf(const Jwt& jwt) {
  return JsonFields::Read(jwt.payload, {"iss", "iat", "exp"});
}

}  // namespace

absl::StatusOr<AppKey> ReadAppKey(int64_t app_id, const std::string& path) {
  // The key is no secret, but the file may hold a private one by mistake.
  const absl::StatusOr<Secret> text = ReadSecretFile(path);
  if (!text.ok()) return text.status();
  if (absl::StrContains(text->Reveal(), "PRIVATE KEY")) {
    return InvalidPublicKey(path, "holds a private key");
  }
  const std::unique_ptr<BIO, int (*)(BIO*)> source(
      BIO_new_mem_buf(text->Reveal().data(),
                      static_cast<int>(text->Reveal().size())),
      BIO_free);
  const PublicKey key(
      PEM_read_bio_PUBKEY(source.get(), nullptr, RefuseToAsk, nullptr),
      EVP_PKEY_free);
  if (key == nullptr) return InvalidPublicKey(path, "holds no public key");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return InvalidPublicKey(path, "holds a key that is not RSA");
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kFewestKeyBits || bits > kMostKeyBits) {
    return InvalidPublicKey(
        path, absl::StrCat("holds a key of ", bits, " bits, which is not ",
                           kFewestKeyBits, " to ", kMostKeyBits));
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return InvalidPublicKey(path, "holds a broken key");
  AppKey read;
  read.app_id = app_id;
  read.der.assign(reinterpret_cast<const char*>(der),
                  static_cast<size_t>(size));
  OPENSSL_free(der);
  read.sha256 = Sha256(read.der);
  return read;
}

std::optional<int64_t> AppOfJwt(absl::string_view token) {
  const std::optional<Jwt> jwt = TakeApart(token);
  if (!jwt.has_value()) return std::nullopt;
  const absl::StatusOr<JsonFields> payload = PayloadOf(*jwt);
  return payload.ok() ? IssuerIn(*payload) : std::nullopt;
}

absl::StatusOr<absl::Time> CheckAppJwt(absl::string_view token,
                                       const AppKey& key, absl::Time now) {
  const std::optional<Jwt> jwt = TakeApart(token);
  if (!jwt.has_value()) return InvalidJwt("has not three parts in Base64");
  if (!IsRs256(jwt->header)) return InvalidJwt("is not one of RS256");
  if (!IsSignedWith(*jwt, key)) {
    return InvalidJwt(
        "is not signed with the private key that belongs to the "
        "caller's public key");
  }
  const absl::StatusOr<JsonFields> payload = PayloadOf(*jwt);
  if (!payload.ok()) return InvalidJwt("has no JSON object");
  if (IssuerIn(*payload) != key.app_id) {
    return InvalidJwt("has another issuer (iss) than the App's number");
  }
  const std::optional<absl::Time> made = TimeIn(*payload, "iat");
  const std::optional<absl::Time> end = TimeIn(*payload, "exp");
  if (!made.has_value() || !end.has_value()) {
    return InvalidJwt(
        "lacks the time at which it was made (iat) or ends "
        "(exp), in whole seconds");
  }
  // In GitHub's words, by which tools know that their clock is wrong.
  if (*end <= now) {
    return RefusedJwt(
        "'Expiration time' claim ('exp') must be a numeric value representing "
        "the future time at which the assertion expires");
  }
  if (*end > now + kLongestLife) {
    return RefusedJwt(
        "'Expiration time' claim ('exp') is too far in the future");
  }
  if (*made > now + kClocksDiffer) {
    return RefusedJwt(
        "'Issued at' claim ('iat') must be an Integer representing the time "
        "that the assertion was issued");
  }
  return *end;
}

}  // namespace signalbox
