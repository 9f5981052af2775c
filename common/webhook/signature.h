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

using Sha256Digest = std::array<uint8_t, 32>;

// SHA-256 of `bytes`, as 32 raw bytes.
std::string Sha256(absl::string_view bytes);

// Reads the value of `X-Hub-Signature-256`: `sha256=` and 64 lower-case hex
// digits, nothing before or after. Nothing if it is anything else.
std::optional<Sha256Digest> ParseSignature(absl::string_view header);

// The secrets that a webhook may be signed with: the current one and, during a
// change, the former one.
//
// Keeps no copy of the texts. Ignores an empty text, because anyone could sign
// with it.
//
// Immutable, so thread-safe.
class WebhookSecrets {
 public:
  explicit WebhookSecrets(absl::Span<const Secret> secrets);

  // True: no signature can be verified.
  bool empty() const { return keyed_.empty(); }

 private:
  friend class BodySignature;

  struct FreeMac {
    void operator()(EVP_MAC_CTX* mac) const { EVP_MAC_CTX_free(mac); }
  };
  using Mac = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

  std::vector<Mac> keyed_;
};

// Returns the secrets that are valid now. Many threads call it at once.
using SecretSource = std::function<std::shared_ptr<const WebhookSecrets>(
    std::chrono::steady_clock::time_point now)>;

// Computes the signatures of one body, with every secret, while the body
// arrives.
//
// Not thread-safe. Borrows nothing.
class BodySignature {
 public:
  explicit BodySignature(const WebhookSecrets& secrets);

  // Adds the next raw bytes of the body, as sent, before any decoding.
  void Update(absl::string_view bytes);

  // Whether the whole body was signed as `claimed` with one of the secrets.
  // Takes the same time for wrong and right signatures. Call it once, last.
  bool Matches(const Sha256Digest& claimed);

 private:
  std::vector<WebhookSecrets::Mac> macs_;
  bool broken_ = false;  // OpenSSL failed: nothing matches any more.
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_SIGNATURE_H_
