#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// A new RSA key for tests of Apps, both halves as PEM, and JWTs signed with it.
class AppKey {
 public:
  AppKey();
  ~AppKey();

  // PKCS#8 (`BEGIN PRIVATE KEY`).
  std::string PrivatePem() const;
  std::string PublicPem() const;

  // Header and claims are JSON texts, or anything that GitHub should refuse.
  std::string Sign(absl::string_view header, absl::string_view claims) const;

  // Issued a minute before `now` for nine minutes more, as an App should do.
  std::string Jwt(absl::string_view issuer, absl::Time now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_KEY_H_
