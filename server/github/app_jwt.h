#ifndef SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
#define SIGNALBOX_SERVER_GITHUB_APP_JWT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/secret.h"

namespace signalbox {

// A GitHub App proves who it is with a JWT: a short-lived token that the server
// signs with the App's private key. With it the server asks GitHub for the
// tokens that post.

// Checks the content of an App's private key file: an RSA key of at least 2,048
// bits as PEM, without a passphrase, in the form PKCS#1 (GitHub's) or PKCS#8.
// Its lines end with newlines or, as some configuration systems write them,
// with the two characters `\n`. Returns the key as PEM with real newlines.
//
// INVALID_ARGUMENT, reason INVALID_KEY_FILE: `text` is no such key. The message
// begins with `path`, the file's name, and contains no part of `text`.
absl::StatusOr<Secret> ParseAppKey(const Secret& text, const std::string& path);

// Makes a JWT of an App (RS256). GitHub accepts it for nine minutes from
// `github_now`, the present time by GitHub's clock. `issuer` is the App's
// client id or number; `key` comes from ParseAppKey. INTERNAL: the JWT could
// not be signed.
absl::StatusOr<Secret> MakeAppJwt(const Secret& key, const std::string& issuer,
                                  absl::Time github_now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
