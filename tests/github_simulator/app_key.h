#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A new RSA key for a test's GitHub App: both halves as PEM, and JWTs that it
// signs. Making one takes a tenth of a second.
class AppKey {
 public:
  AppKey();
  ~AppKey();

  // The private half, in PKCS#8 (`BEGIN PRIVATE KEY`).
  std::string PrivatePem() const;
  std::string PublicPem() const;

  // A JWT with this header and these claims. They are JSON texts, or other
  // texts that GitHub should refuse.
  std::string Sign(absl::string_view header, absl::string_view claims) const;

  // A JWT like a well-behaved App's: issued a minute before `now`, valid until
  // nine minutes after.
  std::string Jwt(absl::string_view issuer, absl::Time now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_
