#ifndef SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
#define SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"

namespace signalbox {

// What to do after a request to GitHub.
enum class Action {
  kDone,            // It worked.
  kRetry,           // Transient; GitHub certainly did not apply it.
  kRetryAmbiguous,  // Transient; GitHub may have applied it.
  kReauthenticate,  // The token was refused: get a new one, then retry.
  kStop,            // The account behind the token is suspended: wait for it.
  kRedirect,        // Repeat it at `location`.
  kWait,            // A rate limit: the credential must wait.
  kHold,            // GitHub does not see the commit yet: retry soon.
  kFitDescription,  // Retry with a plainer description.
  kDropTargetUrl,   // Retry without the target URL.
  kRetryBriefly,    // Refused, but it may pass: retry a few times.
  kAbandon,         // A permanent failure.
};

struct Verdict {
  Action action = Action::kAbandon;

  // A stable upper-case word: POSTED, READ, SERVER_ERROR, BAD_CREDENTIALS,
  // NO_COMMIT_FOUND, STATUS_LIMIT_REACHED, ... classify.cc has the whole list.
  std::string reason;

  // GitHub refuses everything that this credential posts to this repository,
  // until somebody changes something.
  bool of_repository = false;

  // kWait: how long GitHub wants the credential to wait. Both unset: it did not
  // say.
  std::optional<absl::Duration> retry_after;  // From the header.
  std::optional<absl::Time> reset_time;       // By GitHub's clock.
  // A secondary limit: the whole credential pauses, then goes slower.
  bool secondary_limit = false;

  std::string location;    // kRedirect.
  int64_t status_id = 0;   // kDone of a created status.
  std::string message;     // GitHub's own text, at most 256 bytes, one line.
  std::string request_id;  // x-github-request-id.
  int http_status = 0;     // 0: no answer.
  absl::Time github_time = absl::InfinitePast();  // From the Date header.
};

// The reason of a request that got no connection in time, because other
// requests of this server had them all. It says nothing about GitHub.
inline constexpr absl::string_view kNoConnection = "NO_CONNECTION";

// What Classify needs to know about a request, besides its answer.
struct RequestContext {
  // How long ago the token was issued. GitHub spreads new tokens with a delay,
  // so it may refuse a good token that is younger than a minute.
  absl::Duration token_age = absl::InfiniteDuration();
  // The request cannot change anything.
  bool is_read = false;
  // The request creates a commit status, which GitHub answers with 201. Another
  // success code does not come from GitHub, but from something between.
  bool makes_status = false;
};

// Interprets GitHub's answer to a status POST, a read, or a request for a
// token. All knowledge about these answers is here: no other file knows what a
// 403 means. Pure.
Verdict Classify(const absl::StatusOr<HttpResponse>& answer,
                 const RequestContext& context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
