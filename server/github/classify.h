#ifndef SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
#define SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/report/status_creator.h"

namespace signalbox {

// What to do after a request to GitHub has ended.
enum class Action {
  kDone,            // Nothing: GitHub did what was asked.
  kRetry,           // Retry later; GitHub certainly did not act on it.
  kRetryAmbiguous,  // Retry later; nobody knows whether GitHub acted on it.
  kReauthenticate,  // GitHub refused the token: get a new one, then retry.
  kStop,  // The installation or the account behind the token is suspended: stop
          // the credential.
  kRedirect,        // Repeat the request at `location`.
  kWait,            // A rate limit: make no request with the credential.
  kHold,            // GitHub does not see the commit yet: retry soon.
  kFitDescription,  // GitHub refused the description: retry with a plainer one.
  kDropTargetUrl,   // GitHub refused the target URL: retry without it.
  kRetryBriefly,    // Refused, but perhaps not for long: retry a few times.
  kAbandon,         // A permanent refusal: do not retry.
};

// What the end of a request means. Fields that GitHub's answer does not fill
// keep their defaults.
struct Verdict {
  Action action = Action::kAbandon;

  // A stable upper-case word: POSTED, READ, SERVER_ERROR, BAD_CREDENTIALS,
  // NO_COMMIT_FOUND, STATUS_LIMIT_REACHED, ... classify.cc has the whole list.
  std::string reason;

  // The refusal holds for the whole repository: GitHub refuses everything that
  // this credential posts to it, until somebody changes something. The caller
  // should park the repository.
  bool of_repository = false;

  // kWait: how long GitHub wants the credential to wait. If both are unset,
  // GitHub did not say.
  std::optional<absl::Duration> retry_after;  // From now; header Retry-After.
  std::optional<absl::Time> reset_time;       // By GitHub's clock.
  // kWait: GitHub has seen too many requests in a short time ("secondary rate
  // limit"). The hourly budget may be unspent.
  bool secondary_limit = false;

  std::string location;    // kRedirect: where to, perhaps relative.
  int64_t status_id = 0;   // kDone: GitHub's number of the created status.
  StatusCreator creator;   // kDone: who GitHub says has set it.
  std::string message;     // GitHub's own text, at most 256 bytes, one line.
  std::string request_id;  // GitHub's id of the request, for its support.
  int http_status = 0;     // 0: no answer.
  // When GitHub answered, by its Date header; InfinitePast: not known.
  absl::Time github_time = absl::InfinitePast();
};

// The reason of a request that got no connection in time because other requests
// of this server used all connections. It does not mean that GitHub is down.
inline constexpr absl::string_view kNoConnection = "NO_CONNECTION";

// What Classify must know about the request that was answered.
struct RequestContext {
  // How long ago the token was issued. GitHub spreads new tokens with a delay,
  // so it may refuse a good token that is younger than a minute.
  absl::Duration token_age = absl::InfiniteDuration();
  // The request changes nothing at GitHub.
  bool is_read = false;
  // The request creates a commit status. GitHub answers with 201 if it did.
  // Another 2xx then comes from a proxy between, not from GitHub.
  bool makes_status = false;
};

// Decides what to do after a request to GitHub, from GitHub's answer or from
// the error that came instead. The request is a post, a question or a request
// for a token. No other function knows what a code such as 403 means. Pure.
Verdict Classify(const absl::StatusOr<HttpResponse>& answer,
                 const RequestContext& context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
