#ifndef SIGNALBOX_SERVER_IDENTITY_APP_KEY_H_
#define SIGNALBOX_SERVER_IDENTITY_APP_KEY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Some tools can authenticate only as a GitHub App does: they sign a JSON Web
// Token (JWT) with the App's private key. A caller can have the public key of
// such a tool, and is then an App to it.

// How a caller signs as an App.
struct AppKey {
  int64_t app_id = 0;  // The issuer of its JWTs.
  std::string der;     // The public key: RSA, SubjectPublicKeyInfo.
  std::string sha256;  // Of `der`.
};

// Reads the public key of an App from a file: RSA of 2,048 to 16,384 bits, in
// PEM, as `openssl rsa -pubout` writes it. Errors name the file: those of
// ReadSecretFile, or INVALID_ARGUMENT, reason INVALID_KEY_FILE.
absl::StatusOr<AppKey> ReadAppKey(int64_t app_id, const std::string& path);

// The number of the App that `token` names as its issuer, without a check of
// the signature. Nothing: it is no JWT with a number as issuer.
std::optional<int64_t> AppOfJwt(absl::string_view token);

// Checks a JWT as GitHub does, and returns when it ends. The algorithm must be
// RS256, by `key`, whatever the JWT says. The issuer must be `key.app_id`, as
// number or text. It must end after `now` and at most ten minutes later, and
// must not be made more than a minute after `now`, because clocks differ.
// UNAUTHENTICATED, reason INVALID_JWT: something of this is wrong. The message
// is GitHub's if it is the times.
absl::StatusOr<absl::Time> CheckAppJwt(absl::string_view token,
                                       const AppKey& key, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_APP_KEY_H_
