#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/classify.h"
#include "server/github/credentials.h"
#include "server/github/http_transport.h"
#include "server/report/report.h"

namespace signalbox {

// The longest that one call can take, with its redirects. GitHub itself gives
// up after 10 s; who waits less cannot tell a slow success from a failure.
inline constexpr absl::Duration kGitHubTimeout = absl::Seconds(12);

// A commit status to be created.
struct StatusPost {
  Repository repository;
  std::string sha;
  std::string context;
  CommitState state = CommitState::kPending;
  std::string description;  // Fitted; empty: not sent.
  std::string target_url;   // Empty: not sent.
};

// GitHubClient speaks the part of GitHub's REST API that sets and reads commit
// statuses. It makes one request per call, but for redirects, of which it
// follows up to three to the same scheme and host (a renamed repository
// answers 307), with the same method and body. Any other redirect is answered
// with kAbandon, reason REDIRECT_REFUSED: the token goes nowhere else. It
// retries nothing.
//
// Thread-safe.
class GitHubClient {
 public:
  // The verdict, and the answer that it stands on (for the rate limiter). By
  // value: nothing is shared with the transport's thread afterwards.
  using Done = std::function<void(absl::StatusOr<HttpResponse>, Verdict)>;

  // `transport` is borrowed. `user_agent` identifies us, as GitHub demands.
  GitHubClient(HttpTransport* transport, std::string user_agent);

  // POST /repos/{owner}/{repo}/statuses/{sha}. `done` runs as
  // HttpTransport::Done does.
  void CreateStatus(const StatusPost& post, const Token& token, absl::Time now,
                    Done done);

 private:
  HttpTransport* const transport_;
  const std::string user_agent_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
