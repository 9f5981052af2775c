#ifndef SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
#define SIGNALBOX_SERVER_RPC_AUTHORIZER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/report/event.h"
#include "server/report/status_key.h"
#include "server/rpc/convert.h"

namespace signalbox {

// A right of a caller. The configuration grants each caller some of them.
enum class Right {
  kReport,   // Report that work has begun and how it ended.
  kRead,     // See what was reported and whether GitHub shows it.
  kOperate,  // Retry abandoned statuses.
  // Report as GitHub: webhooks, and the number of a repository.
  kWebhook,
};

// By its name in the configuration; nothing: there is no such right.
std::optional<Right> RightNamed(absl::string_view name);
// The reverse.
absl::string_view NameOf(Right right);

// A caller that the configuration names.
struct Caller {
  std::string name;
  // SHA-256 of the token, with or without a line end after the token; 32 bytes.
  std::string token_sha256;
  // Globs. A repository pattern without a host means github.com.
  std::vector<std::string> repositories;
  std::vector<std::string> contexts;
  std::vector<Right> rights;
};

// Authorizer alone decides which caller may do what. Required checks trust the
// statuses that Signalbox sets, so a grant of a context is the power to merge.
// Everything that is not granted is refused.
//
// If the configuration names no callers, everybody who can connect may do
// everything. Therefore the server then listens on loopback only.
//
// Immutable, hence thread-safe.
class Authorizer {
 public:
  explicit Authorizer(std::vector<Caller> callers)
      : callers_(std::move(callers)) {}

  // The caller with the bearer token in the `authorization` metadata (its value
  // with or without "Bearer "). nullptr: the configuration names no callers.
  // UNAUTHENTICATED, reason UNKNOWN_CALLER: the token is missing or unknown;
  // the message says which.
  absl::StatusOr<const Caller*> Authenticate(
      absl::string_view authorization) const;

  // Everything that is granted to `caller`. For nullptr, everything there is,
  // with an empty name.
  static Caller GrantsOf(const Caller* caller);

  // Whether `caller` has this right for the repository and all of `contexts`,
  // which may be empty. PERMISSION_DENIED, reason NOT_GRANTED.
  static absl::Status Authorize(const Caller* caller, Right right,
                                const Repository& repository,
                                const std::vector<std::string>& contexts);

  // As Authorize, for the repository that the store found by the name `asked`.
  // If an old name leads to a repository that the caller may not see, the
  // answer is as if it did not exist: NOT_FOUND, reason NOTHING_REPORTED.
  static absl::Status AuthorizeFound(const Caller* caller, Right right,
                                     const Repository& found,
                                     const Repository& asked);

  // Whether `caller` has this right for any repository at all.
  static absl::Status AuthorizeAnywhere(const Caller* caller, Right right);

  // As Authorize, for all reports of `converted`. Fields that only GitHub knows
  // (a delivery, a change, an observed status) need kWebhook, too. Without
  // kWebhook, a repository_id is left out with a warning.
  //
  // Stores the caller in the submission, and how to authorise it again if the
  // repository turns out to have another name.
  static absl::Status AuthorizeReports(const Caller* caller,
                                       Converted* converted);

  // Whether `caller` may report an event. It needs kWebhook and a grant of
  // every repository that the event names, or of all repositories of the
  // account that it names. Contexts need a grant only if they are to be run
  // again. Stores in the submission the caller, and how to authorise it again.
  static absl::Status AuthorizeEvent(const Caller* caller,
                                     EventSubmission* submission);

  // As Authorize, for an earlier request of a caller, by its name; empty: the
  // configuration named no callers. A caller that is no longer configured may
  // do nothing.
  absl::Status AuthorizeLater(absl::string_view caller, Right right,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) const;

  // Whether a caller may still report this context (empty: any) of a
  // repository. Fits SqliteOutboxOptions::may_report.
  bool MayReport(const std::string& caller, const Repository& repository,
                 const std::string& context) const;

 private:
  const std::vector<Caller> callers_;
};

// Why a caller was refused: "right" (it does not have the right), "repository",
// "account" or "context" (it has no grant of this one). Empty: this is another
// error. gRPC clients get it as trailing metadata `signalbox-not-granted`.
std::string NotGrantedOf(const absl::Status& status);

// Reads a file with the SHA-256 of a caller's token in hexadecimal, as
// sha256sum prints it. Errors name the file.
absl::StatusOr<std::string> ReadTokenDigestFile(const std::string& path);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
