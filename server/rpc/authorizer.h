#ifndef SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
#define SIGNALBOX_SERVER_RPC_AUTHORIZER_H_

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/metrics.h"
#include "server/identity/app_key.h"
#include "server/identity/caller_token.h"
#include "server/identity/issued_token.h"
#include "server/identity/token_keys.h"
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
  // Look after the server itself. Patterns of repositories do not limit it, and
  // it includes no other right.
  kAdmin,
};

// The right with this name in the configuration, such as `report`. Nothing:
// there is no such right.
std::optional<Right> RightNamed(absl::string_view name);
// The name of a right in the configuration.
absl::string_view NameOf(Right right);

// A caller that the configuration names.
struct Caller {
  std::string name;
  std::vector<CallerToken> tokens;
  // Patterns with `*`, as in `config.h`. A repository pattern without a host
  // means github.com.
  std::vector<std::string> repositories;
  std::vector<std::string> contexts;
  std::vector<Right> rights;
  // The tokens are GitHub's own, of a tool that keeps its token.
  bool forward = false;
  // The key with which it can authenticate as an App.
  std::optional<AppKey> app = std::nullopt;
  // Of a call with an issued token: what it may do less than the above. The
  // rights are those that are left.
  std::optional<TokenNarrowing> narrowing = std::nullopt;
};

// CallerRef is who makes a call. It converts to a `const Caller*`, which is
// null for every client of a server whose configuration names no callers.
// Code that may run after the call has ended must keep a CallerRef, because the
// Caller of an issued token lives only as long as these.
class CallerRef {
 public:
  CallerRef() = default;
  // A caller that outlives all copies, such as one of the configuration.
  // NOLINTNEXTLINE(google-explicit-constructor)
  CallerRef(const Caller* caller)
      : caller_(std::shared_ptr<const Caller>(), caller) {}
  explicit CallerRef(std::shared_ptr<const Caller> caller)
      : caller_(std::move(caller)) {}

  // NOLINTNEXTLINE(google-explicit-constructor)
  operator const Caller*() const { return caller_.get(); }
  const Caller* operator->() const { return caller_.get(); }
  const Caller& operator*() const { return *caller_; }

 private:
  std::shared_ptr<const Caller> caller_;
};

// By what a caller has authenticated.
enum class Login {
  kToken,   // One of its tokens in the configuration.
  kIssued,  // A token that the server has issued to it.
  kAppJwt,  // A JWT that it has signed as an App.
};

// Who makes a call.
struct Identity {
  CallerRef caller;
  absl::Time token_expire_time = absl::InfiniteFuture();
  // Of the caller's token, or of its App key. For an issued token: of the token
  // or key by which the caller got it.
  std::array<char, 32> token_sha256 = {};
  // The token is one of GitHub's, by the configuration and by its form, and may
  // be sent there.
  bool forward = false;
  Login login = Login::kToken;
  size_t caller_index = 0;  // For Authorizer alone.
};

// Authorizer alone decides which caller may do what. Required checks trust the
// statuses that Signalbox sets, so a grant of a context is the power to merge.
// Everything that is not granted is refused.
//
// A null `const Caller*` stands for every client of a server whose
// configuration names no callers. It may do everything.
//
// All refusals of the functions named Authorize are PERMISSION_DENIED, reason
// NOT_GRANTED, unless the function says otherwise.
//
// Thread-safe.
class Authorizer {
 public:
  // `metrics` is borrowed, and counts refused tokens that look like GitHub's.
  // Null: it counts none. `token_keys` is borrowed, and verifies issued tokens.
  // Null: all of these are unknown.
  explicit Authorizer(std::vector<Caller> callers, Metrics* metrics = nullptr,
                      const TokenKeys* token_keys = nullptr);

  // Finds the caller by its token, an issued token or a JWT. `authorization` is
  // the value of the metadata of that name; see TokenIn. The caller is null if
  // the configuration names no callers. Errors are UNAUTHENTICATED. The
  // reasons:
  //   UNKNOWN_CALLER  the token is missing or unknown; or the configuration no
  //                   longer has the caller of an issued token, or the token or
  //                   key by which the caller got it. The message says which.
  //   TOKEN_EXPIRED   the token has ended.
  //   INVALID_JWT     see CheckAppJwt.
  absl::StatusOr<Identity> Authenticate(absl::string_view authorization,
                                        absl::Time now) const;

  // As Authenticate, for a call of this method of the service. Also refuses a
  // caller without the right that kMethodRights names for the method, a token
  // or JWT that does not suffice for it, and every caller if kMethodRights
  // lacks the method: PERMISSION_DENIED, reason NOT_GRANTED.
  absl::StatusOr<Identity> Admit(absl::string_view method,
                                 absl::string_view authorization,
                                 absl::Time now) const;

  // For calls that last: whether Authenticate, which has returned `identity`,
  // would still return it. The same errors.
  absl::Status Recheck(const Identity& identity, absl::Time now) const;

  // Replaces the tokens of the caller with this name. Calls that it has made
  // with an old one go on, up to the next Recheck.
  void SetTokens(absl::string_view caller, std::vector<CallerToken> tokens);

  // What `caller` may do, for GetServerInfo, without its tokens. For nullptr:
  // all rights for all repositories and contexts, with an empty name.
  static Caller GrantsOf(const Caller* caller);

  // Whether `caller` has this right for the repository and for every context of
  // `contexts`, which may be empty.
  static absl::Status Authorize(const Caller* caller, Right right,
                                const Repository& repository,
                                const std::vector<std::string>& contexts);

  // As Authorize, after the outbox has found the repository `found` by the name
  // `asked`. If `asked` is an old name and `caller` has no grant of `found`,
  // the error is the same as for a repository without reports: NOT_FOUND,
  // reason NOTHING_REPORTED. So `caller` learns nothing about `found`.
  static absl::Status AuthorizeFound(const Caller* caller, Right right,
                                     const Repository& found,
                                     const Repository& asked);

  // As Authorize, for all reports of `converted`. Fields that only GitHub knows
  // (a delivery, a code change, an observed status) need kWebhook, too. If
  // `caller` lacks kWebhook and the report has a repository_id, removes it and
  // adds a warning.
  //
  // A report with an issued token for one run gets the token's series and
  // attempt if it has none. With other ones, or with another sha than the
  // token's, it is refused: PERMISSION_DENIED, reason NOT_GRANTED.
  //
  // Stores the caller's name in `converted`, and a function that authorises it
  // again. The outbox calls this function if the repository turns out to have
  // another name.
  static absl::Status AuthorizeReports(const CallerRef& caller,
                                       Converted* converted);

  // Whether `caller` may report an event. It needs kWebhook, and a grant of
  // every repository that the event names, or of all repositories of the
  // account that the event names. It needs a grant of contexts only if the
  // event asks to run them again. Stores the same in `submission` as
  // AuthorizeReports.
  static absl::Status AuthorizeEvent(const CallerRef& caller,
                                     EventSubmission* submission);

  // Whether `caller` itself has all that an issued token shall have: the
  // rights, and the repositories and contexts without `*`, of which all must be
  // well formed. (What a pattern with `*` leaves, shows when the token is
  // used.)
  static absl::Status AuthorizeNarrowing(const Caller& caller,
                                         const TokenNarrowing& narrowing);

  // As Authorize, for a request that the server stored earlier with the name of
  // its caller. Empty name: the configuration named no callers then. If the
  // configuration no longer names `caller`, it may do nothing.
  absl::Status AuthorizeLater(absl::string_view caller, Right right,
                              const Repository& repository,
                              const std::vector<std::string>& contexts) const;

  // Whether the caller with this name may still report `context` (empty: any
  // context) of `repository`. For SqliteOutboxOptions::may_report.
  bool MayReport(const std::string& caller, const Repository& repository,
                 const std::string& context) const;

 private:
  // Whose token this is, expired or not.
  std::optional<Identity> Find(absl::string_view token) const;
  // Who comes with an issued token, or with a JWT of a known App.
  absl::StatusOr<Identity> FindIssued(absl::string_view token,
                                      absl::Time now) const;
  absl::StatusOr<Identity> FindApp(const Caller& app, absl::string_view jwt,
                                   absl::Time now) const;
  // The App that `token` names as its issuer. Null: it is no JWT of a known
  // App.
  const Caller* AppOf(absl::string_view token) const;
  // Whether `sha256` is still that of the caller's App key, or of one of its
  // tokens that has not ended. The errors of Recheck.
  absl::Status CheckLogin(size_t caller, absl::string_view sha256,
                          absl::Time now) const;

  const std::vector<Caller> callers_;  // Without tokens.
  const TokenKeys* const token_keys_;
  std::optional<Metrics::Counter> github_tokens_;

  mutable Mutex mu_;
  // For each of `callers_`.
  std::vector<std::vector<CallerToken>> tokens_ ABSL_GUARDED_BY(mu_);
};

// What the caller lacks, if `status` is a refusal with the reason NOT_GRANTED:
// "right", or the kind of thing of which it has no grant: "repository",
// "account", "context", "sha", "series" or "attempt". Empty: `status` is
// another error. gRPC clients get it as trailing metadata
// `signalbox-not-granted`.
std::string NotGrantedOf(const absl::Status& status);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_AUTHORIZER_H_
