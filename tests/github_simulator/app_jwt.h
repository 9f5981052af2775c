#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JWT with which a GitHub App says who it is, as GitHub reads it. Written
// from GitHub's documentation and not with the server's own code, which it is
// to judge.
class AppJwt {
 public:
  // Whether a bearer token is to be read as a JWT: "eyJ" and three parts.
  static bool IsLike(absl::string_view token);

  // Nothing: it is not three parts of base64url with an RS256 header and an
  // object of claims. The signature is not looked at.
  static std::optional<AppJwt> Parse(absl::string_view token);

  // The `iss` claim, of which a number is written out; empty if there is none.
  const std::string& issuer() const { return issuer_; }

  // Whether one of the keys, PEM, signed it.
  bool IsSignedBy(const std::vector<std::string>& public_keys) const;

  // What GitHub says of the times at `now`; empty: they are good.
  std::string ComplaintAbout(absl::Time now) const;

 private:
  std::string issuer_;
  // Nothing: absent, or no integer.
  std::optional<int64_t> issued_at_;
  std::optional<int64_t> expires_at_;
  std::string signed_part_;
  std::string signature_;
};

// `pem` is the public half of an RSA key.
bool IsRsaPublicKey(absl::string_view pem);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
