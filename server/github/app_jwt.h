#ifndef SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
#define SIGNALBOX_SERVER_GITHUB_APP_JWT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"

namespace signalbox {

// Reads an App's private key from the content of its file: an RSA key of at
// least 2,048 bits as PEM. PKCS#1 (GitHub's form) and PKCS#8 are both accepted.
// Its lines end with newlines or, as some configuration systems write them,
// with the two characters `\n`. The result is PEM with real newlines.
//
// INVALID_ARGUMENT, reason INVALID_KEY_FILE, with `path`: the file holds no
// such key, or an encrypted one. The message never contains a part of the text.
absl::StatusOr<Secret> ParseAppKey(const Secret& text, const std::string& path);

// Makes the token (RS256) by which an App identifies itself, valid for nine
// minutes from `github_now`, which is GitHub's time. `issuer` is the App's
// client id or number; `key` comes from ParseAppKey. INTERNAL: it could not be
// signed.
absl::StatusOr<Secret> MakeAppJwt(const Secret& key, const std::string& issuer,
                                  absl::Time github_now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_JWT_H_
