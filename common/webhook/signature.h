#ifndef SIGNALBOX_COMMON_WEBHOOK_SIGNATURE_H_
#define SIGNALBOX_COMMON_WEBHOOK_SIGNATURE_H_

#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/secret.h"

namespace signalbox {

// The signatures of webhooks. GitHub signs the body of a delivery with a secret
// that GitHub and the shim share (HMAC with SHA-256), and sends the signature
// in the header X-Hub-Signature-256.

using Sha256Digest = std::array<uint8_t, 32>;

// Parses the value of X-Hub-Signature-256: `sha256=` and 64 lower-case
// hexadecimal digits. Nothing: the value is anything else.
std::optional<Sha256Digest> ParseSignature(absl::string_view header);

// The secrets that may have signed a delivery: the current one, and while an
// operator changes the secret also the former one.
//
// Keeps no copy of the texts. Ignores an empty text, because anyone could sign
// with it.
//
// Immutable, so thread-safe.
class WebhookSecrets {
 public:
  explicit WebhookSecrets(absl::Span<const Secret> secrets);

  // True: there is no secret, so every signature is wrong.
  bool empty() const { return keyed_.empty(); }

 private:
  friend class BodySignature;

  struct FreeMac {
    void operator()(EVP_MAC_CTX* mac) const { EVP_MAC_CTX_free(mac); }
  };
  using Mac = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

  std::vector<Mac> keyed_;  // For each secret: an HMAC that has begun with it.
};

// Returns the secrets that are valid at `now`. Many threads call it at once.
using SecretSource = std::function<std::shared_ptr<const WebhookSecrets>(
    std::chrono::steady_clock::time_point now)>;

// BodySignature checks the signature of one body, piece by piece while the body
// arrives. It computes a signature with each of the secrets.
//
// Not thread-safe. Borrows nothing.
class BodySignature {
 public:
  explicit BodySignature(const WebhookSecrets& secrets);

  // Adds the next raw bytes of the body, as sent, before any decoding.
  void Update(absl::string_view bytes);

  // Call it once, at the end of the body. Returns whether `claimed` is the
  // body's signature with one of the secrets. Takes the same time for wrong and
  // right signatures.
  bool Matches(const Sha256Digest& claimed);

 private:
  std::vector<WebhookSecrets::Mac> macs_;
  bool broken_ = false;  // OpenSSL failed: nothing matches any more.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_SIGNATURE_H_
