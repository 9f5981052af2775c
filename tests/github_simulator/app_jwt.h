#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JWT with which a GitHub App authenticates, as GitHub reads it. It is
// written from GitHub's documentation and shares no code with the server,
// because it checks what the server sends.
class AppJwt {
 public:
  // Whether GitHub takes a bearer token for a JWT: it begins with "eyJ" and has
  // three parts.
  static bool IsLike(absl::string_view token);

  // Reads a JWT, but does not check its signature. Nothing: it is not three
  // parts of base64url, or its header is not that of RS256, or its claims are
  // no JSON object.
  static std::optional<AppJwt> Parse(absl::string_view token);

  // The claim `iss`, also if it is a number; empty if there is none.
  const std::string& issuer() const { return issuer_; }

  // Whether one of these public keys (PEM) fits its signature.
  bool IsSignedBy(const std::vector<std::string>& public_keys) const;

  // Why GitHub refuses its times (`iat`, `exp`) at `now`, in GitHub's words;
  // empty: they are right.
  std::string ComplaintAbout(absl::Time now) const;

 private:
  std::string issuer_;
  // In Unix seconds. Nothing: the claim is absent, or no integer.
  std::optional<int64_t> issued_at_;
  std::optional<int64_t> expires_at_;
  std::string signed_part_;
  std::string signature_;
};

// Whether `pem` is the public half of an RSA key.
bool IsRsaPublicKey(absl::string_view pem);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
