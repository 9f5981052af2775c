#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JWT of a GitHub App, as GitHub reads it. It is written from GitHub's
// documentation. It does not use the server's code, because it checks that
// code.
class AppJwt {
 public:
  // Whether GitHub takes a bearer token for a JWT: "eyJ" and three parts.
  static bool IsLike(absl::string_view token);

  // Nothing: the token is not three parts of base64url with an RS256 header and
  // an object of claims. Does not check the signature.
  static std::optional<AppJwt> Parse(absl::string_view token);

  // The `iss` claim, a number as text; empty if there is none.
  const std::string& issuer() const { return issuer_; }

  // Whether one of the keys, in PEM, signed it.
  bool IsSignedBy(const std::vector<std::string>& public_keys) const;

  // GitHub's complaint about the times at `now`; empty: they are good.
  std::string ComplaintAbout(absl::Time now) const;

 private:
  std::string issuer_;
  // Nothing: absent, or not an integer.
  std::optional<int64_t> issued_at_;
  std::optional<int64_t> expires_at_;
  std::string signed_part_;
  std::string signature_;
};

// `pem` is the public half of an RSA key.
bool IsRsaPublicKey(absl::string_view pem);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_JWT_H_
