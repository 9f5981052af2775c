#include "common/webhook/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/hex.h"

namespace signalbox {
namespace {

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::optional<Sha256Digest> ParseSignature(absl::string_view header) {
  Sha256Digest digest;
  if (!absl::ConsumePrefix(&header, "sha256=") ||
      header.size() != 2 * digest.size() ||
      header != absl::AsciiStrToLower(header)) {
    return std::nullopt;
  }
  const std::optional<std::string> bytes = BytesOfHex(header);
  if (!bytes.has_value()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

WebhookSecrets::WebhookSecrets(absl::Span<const Secret> secrets) {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_end(),
  };
  for (const Secret& secret : secrets) {
    if (secret.empty()) continue;
    Mac mac(EVP_MAC_CTX_new(hmac));
    if (mac == nullptr ||
        EVP_MAC_init(mac.get(), Bytes(secret.Reveal()), secret.Reveal().size(),
                     parameters) != 1) {
      continue;
    }
    keyed_.push_back(std::move(mac));
  }
  EVP_MAC_free(hmac);
}

BodySignature::BodySignature(const WebhookSecrets& secrets) {
  for (const WebhookSecrets::Mac& keyed : secrets.keyed_) {
    WebhookSecrets::Mac mac(EVP_MAC_CTX_dup(keyed.get()));
    if (mac == nullptr) {
      broken_ = true;
      return;
    }
    macs_.push_back(std::move(mac));
  }
}

void BodySignature::Update(absl::string_view bytes) {
  for (const WebhookSecrets::Mac& mac : macs_) {
    if (EVP_MAC_update(mac.get(), Bytes(bytes), bytes.size()) != 1) {
      broken_ = true;
    }
  }
}

bool BodySignature::Matches(const Sha256Digest& claimed) {
  if (broken_) return false;
  bool matches = false;
  for (const WebhookSecrets::Mac& mac : macs_) {
    Sha256Digest computed = {};
    size_t size = 0;
    const bool done = EVP_MAC_final(mac.get(), computed.data(), &size,
                                    computed.size()) == 1 &&
                      size == computed.size();
    const bool equal =
        CRYPTO_memcmp(computed.data(), claimed.data(), claimed.size()) == 0;
    // No early exit: the time must not reveal which secret nearly matched.
    matches |= done & equal;
  }
  return matches;
}

}  // namespace signalbox
