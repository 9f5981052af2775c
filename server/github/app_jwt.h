#ifndef SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
#define SIGNALBOX_SERVER_GITHUB_APP_JWT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/secret.h"

namespace signalbox {

// Makes an App's private key of what its file holds: an RSA key of at least
// 2,048 bits as PEM, PKCS#1 (as GitHub hands it out) or PKCS#8, its lines ended
// by newlines or, as configuration systems like to have it, by the two
// characters `\n`. The result is PEM with real newlines.
//
// INVALID_ARGUMENT, reason INVALID_KEY_FILE, with `path`: no such key is in it,
// or it is encrypted. Never a part of the text.
absl::StatusOr<Secret> ParseAppKey(const Secret& text, const std::string& path);

// The token (RS256) by which an App speaks for itself, good for nine minutes
// from `github_now`, which is GitHub's time. `issuer` is the App's client id or
// number; `key` is of ParseAppKey. INTERNAL: it could not be signed.
absl::StatusOr<Secret> MakeAppJwt(const Secret& key, const std::string& issuer,
                                  absl::Time github_now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
