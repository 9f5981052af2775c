#ifndef SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
#define SIGNALBOX_SERVER_RPC_AUTHORIZER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/report/event.h"
#include "server/report/status_key.h"
#include "server/rpc/convert.h"

namespace signalbox {

// What a caller may do; a set of them is granted.
enum class Right {
  kReport,   // Report what has begun and how it ended.
  kRead,     // See what was reported and what became of it.
  kOperate,  // Have what was given up tried again.
  // Speak as GitHub: say what a webhook said, and which number a repository
  // has.
  kWebhook,
};

// By its name in the configuration; nothing: there is no such right.
std::optional<Right> RightNamed(absl::string_view name);
// The opposite.
absl::string_view NameOf(Right right);

// Somebody who may call, as the configuration names them.
struct Caller {
  std::string name;
  // Of the token, with or without a line end behind it; 32 bytes.
  std::string token_sha256;
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
  // UNAUTHENTICATED, reason UNKNOWN_CALLER, without a token that is known; the
  // message says which of the two it is.
  absl::StatusOr<const Caller*> Authenticate(
      absl::string_view authorization) const;

  // All that `caller` is granted; of callers that are not told apart,
  // everything, under no name.
  static Caller GrantsOf(const Caller* caller);

  // Whether `caller` may do this to the repository; for `contexts` only if
  // there are any. PERMISSION_DENIED, reason NOT_GRANTED.
  static absl::Status Authorize(const Caller* caller, Right right,
                                const Repository& repository,
                                const std::vector<std::string>& contexts);

  // Whether `caller` may do this to any repository at all.
  static absl::Status AuthorizeAnywhere(const Caller* caller, Right right);

  // As Authorize, for reporting all that `converted` holds. What only GitHub
  // knows (a delivery, a change, what was observed) needs kWebhook too. Without
  // that right a repository_id is left out, and a warning says so.
  //
  // Notes in the submission who reports, and how to ask again should the
  // repository turn out to have another name.
  static absl::Status AuthorizeReports(const Caller* caller,
                                       Converted* converted);

  // Whether `caller` may tell of an event: it needs kWebhook, and a grant of
  // every repository that the event names; of an account, one of all its
  // repositories. Contexts are asked for only where they are to be run again.
  static absl::Status AuthorizeEvent(const Caller* caller, const Event& event);

  // As AuthorizeEvent, for an event that was converted; notes in it who told,
  // and how to ask again.
  static absl::Status AuthorizeEvent(const Caller* caller,
                                     EventSubmission* submission);

  // As Authorize, for what a caller asked for earlier, by its name; empty:
  // callers were not told apart. One that is not configured any more may
  // nothing.
  absl::Status AuthorizeLater(absl::string_view caller, Right right,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) const;

  // Whether a caller may still report this context (empty: any) of a
  // repository. As SqliteOutboxOptions::may_report wants it.
  bool MayReport(const std::string& caller, const Repository& repository,
                 const std::string& context) const;

 private:
  const std::vector<Caller> callers_;
};

// Why a caller was refused: "right" (it lacks the right altogether),
// "repository", "account" or "context" (it lacks the grant of this one). Empty:
// the error is another one. Over gRPC it travels as trailing metadata
// `signalbox-not-granted`.
std::string NotGrantedOf(const absl::Status& status);

// Reads a file that holds the SHA-256 of a caller's token in hexadecimal, as
// sha256sum prints it. Errors name the file.
absl::StatusOr<std::string> ReadTokenDigestFile(const std::string& path);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
