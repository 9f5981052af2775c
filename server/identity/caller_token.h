#ifndef SIGNALBOX_SERVER_IDENTITY_CALLER_TOKEN_H_
#define SIGNALBOX_SERVER_IDENTITY_CALLER_TOKEN_H_

#include <string>

#include "absl/time/time.h"

namespace signalbox {

// What the server knows of a token by which a caller shows who it is. The
// server never has the token itself.
struct CallerToken {
  // SHA-256 of the token, or of the token with a line end; 32 bytes. Any other
  // text is the digest of no token.
  std::string sha256;
  // The token is valid before this moment.
  absl::Time expire_time = absl::InfiniteFuture();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_IDENTITY_CALLER_TOKEN_H_
