#ifndef SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
#define SIGNALBOX_SERVER_RPC_AUTHORIZER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/outbox/outbox.h"
#include "server/report/status_key.h"

namespace signalbox {

// What a caller may do; a set of them is granted.
enum class Right { kReport, kRead };

// Somebody who may call, as the configuration names them.
struct Caller {
  std::string name;
  std::string token_sha256;  // 32 bytes.
  // Globs. A repository pattern without a host means github.com.
  std::vector<std::string> repositories;
  std::vector<std::string> contexts;
  std::vector<Right> rights;
};

// Authorizer is the one place that decides who may do what. Required checks
// trust the statuses we set, so a grant on a context is the power to merge:
// what is not granted is refused.
//
// With no callers configured everybody who can connect may do everything,
// which is why the server then listens on loopback only.
//
// Immutable, hence thread-safe.
class Authorizer {
 public:
  explicit Authorizer(std::vector<Caller> callers);

  // Who calls, by the bearer token of the `authorization` metadata (the value
  // with or without "Bearer "). nullptr: callers are not told apart.
  // UNAUTHENTICATED, reason UNKNOWN_CALLER, without a token that is known.
  absl::StatusOr<const Caller*> Authenticate(
      absl::string_view authorization) const;

  // Whether `caller` may do this to the repository; for `contexts` only if
  // there are any. PERMISSION_DENIED, reason NOT_GRANTED.
  static absl::Status Authorize(const Caller* caller, Right right,
                                const Repository& repository,
                                const std::vector<std::string>& contexts);

  // Whether `caller` may do this to any repository at all.
  static absl::Status AuthorizeAnywhere(const Caller* caller, Right right);

  // Whether `caller` may do this to any repository of an account.
  static absl::Status AuthorizeAccount(const Caller* caller, Right right,
                                       const std::string& host,
                                       const std::string& account);

  // As Authorize, for reporting all that `submission` holds; notes in it who
  // reports, and how to ask again should the repository turn out to be another.
  // One without reports is allowed to everybody.
  static absl::Status AuthorizeSubmission(const Caller* caller,
                                          Submission* submission);

  // As Authorize, for what a caller asked for earlier, by its name; empty:
  // callers were not told apart. One that is not configured any more may
  // nothing.
  absl::Status AuthorizeLater(absl::string_view caller, Right right,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) const;

 private:
  const std::vector<Caller> callers_;
};

// Reads a file that holds the SHA-256 of a caller's token in hexadecimal, as
// sha256sum prints it. Errors name the file.
absl::StatusOr<std::string> ReadTokenDigestFile(const std::string& path);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
