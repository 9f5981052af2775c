#ifndef SIGNALBOX_SERVER_IDENTITY_NEW_TOKEN_H_
#define SIGNALBOX_SERVER_IDENTITY_NEW_TOKEN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"

namespace signalbox {

inline constexpr absl::string_view kNewTokenPrefix = "sbt_";

// Makes a random token for a caller: `sbt_` and 43 letters and digits, which is
// over 250 bits. It has no dot, because some tools take a token with two dots
// for a JSON Web Token, and none of GitHub's prefixes. INTERNAL: the system has
// no random numbers.
absl::StatusOr<Secret> NewToken();

// What to do with a new token of the caller with this name: comments, and the
// lines for the server's configuration file. Has the token's SHA-256, not the
// token. INVALID_ARGUMENT: the name has characters other than letters, digits,
// `.`, `_` and `-`, or over 100 of them.
absl::StatusOr<std::string> NewTokenText(absl::string_view caller,
                                         const Secret& token);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_NEW_TOKEN_H_
