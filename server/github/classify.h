#ifndef SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
#define SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/github/http_transport.h"

namespace signalbox {

// What to do after a request to GitHub.
enum class Action {
  kDone,            // It worked.
  kRetry,           // Transient, and certainly not applied.
  kRetryAmbiguous,  // Transient, and possibly applied.
  kReauthenticate,  // The token was refused: get a new one, then try again.
  kPark,      // Whoever is behind the token is suspended: until it is back.
  kRedirect,  // Repeat it at `location`.
  kWait,      // A rate limit: nobody uses this credential until `wait`.
  kHold,      // GitHub does not see the commit yet: wait a little.
  kFitDescription,  // Try once more with a plainer description.
  kDropTargetUrl,   // Try once more without the target URL.
  kRetryBriefly,    // Refused, but known to pass sometimes: a few tries more.
  kAbandon,         // Refused for good.
};

struct Verdict {
  Action action = Action::kAbandon;

  // A stable upper-case word: POSTED, READ, SERVER_ERROR, BAD_CREDENTIALS,
  // NO_COMMIT_FOUND, STATUS_LIMIT_REACHED, ... The whole list stands in
  // classify.cc.
  std::string reason;

  // Refused, and so will be whatever else is posted to this repository with
  // this credential, until somebody changes something.
  bool of_repository = false;

  // kWait: how GitHub wants it. All unset: it did not say.
  std::optional<absl::Duration> retry_after;  // From the header.
  std::optional<absl::Time> reset_time;       // By GitHub's clock.
  // It is a secondary limit: the whole credential pauses, then goes slower.
  bool secondary_limit = false;

  std::string location;    // kRedirect.
  int64_t status_id = 0;   // kDone of a created status.
  std::string message;     // GitHub's own words, at most 256 bytes, one line.
  std::string request_id;  // x-github-request-id.
  int http_status = 0;     // 0: no answer.
  absl::Time github_time = absl::InfinitePast();  // By the Date header.
};

// What is known of a request beside its answer.
// The reason of a request that waited in vain for a connection, since others of
// ours had them all. It says nothing of GitHub.
inline constexpr absl::string_view kNoConnection = "NO_CONNECTION";

struct RequestContext {
  // How long ago the token was issued. GitHub spreads new tokens with a delay:
  // one younger than a minute may be refused without being wrong.
  absl::Duration token_age = absl::InfiniteDuration();
  // It changed nothing, whatever became of it.
  bool is_read = false;
  // It makes a commit status, to which GitHub answers 201. What else says that
  // it went well is not GitHub, but something on the way to it.
  bool makes_status = false;
};

// Everything that Signalbox knows about GitHub's answers to a status POST, to
// reads, and to requests for tokens. No other file knows what a 403 means.
// Pure.
Verdict Classify(const absl::StatusOr<HttpResponse>& answer,
                 const RequestContext& context);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CLASSIFY_H_
