#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/github/classify.h"
#include "server/github/credentials.h"
#include "server/github/github_answers.h"
#include "server/github/waiting_times.h"
#include "server/report/report.h"

namespace signalbox {

// A commit status to be created.
struct StatusPost {
  Repository repository;
  std::string sha;
  std::string context;
  CommitState state = CommitState::kPending;
  std::string description;  // Fitted; empty: not sent.
  std::string target_url;   // Empty: not sent.
  // How long after its begin a redirect may send the request on.
  absl::Duration send_on_within = kLastRedirect;
};

// Any other request to the API.
struct ApiRequest {
  std::string method = "GET";
  // After the API's address, percent-encoded, with a query.
  std::string path = {};
  std::string body = {};  // JSON; empty: none.
  // Of the answer that the caller has already, for If-None-Match; empty: none.
  std::string etag = {};
  size_t max_body = 1 << 20;  // How much of the answer to keep.
};

// How a call ended. A value: it shares nothing with the transport's thread.
struct GitHubReply {
  // The last answer, for the rate limiter.
  absl::StatusOr<HttpResponse> answer;
  Verdict verdict;
  // GitHub's number for the repository to which it redirected the call, because
  // the repository was renamed or transferred; 0: no redirect.
  int64_t moved_to = 0;
  // When the last request of the call was sent, counted from the call's begin.
  // Zero without redirects and pages.
  absl::Duration last_request_after;

  // ReadStatus with the verdict kDone: what GitHub shows; nothing: it shows
  // none.
  std::optional<ShownStatus> shown;
  // GetRepository with the verdict kDone: "OWNER/NAME", GitHub's number (0: not
  // given), and when the repository last changed (absl::InfinitePast(): not
  // given).
  std::string full_name;
  int64_t repository_id = 0;
  absl::Time update_time = absl::InfinitePast();
  // Ask with the verdict kDone: the path of the next page. Empty: there is
  // none, or it is not below the API's address.
  std::string next_path;
};

// GitHubClient speaks the part of GitHub's REST API that sets and reads commit
// statuses. A call is one request, plus pages and redirects, and takes at most
// `timeout` with all of them. GitHubClient retries nothing.
//
// A call follows up to three redirects to the same scheme and host (a renamed
// repository answers 307 or 301), with the same method and body. Other
// redirects end with kAbandon, reason REDIRECT_REFUSED, so that the token goes
// nowhere else. A POST that is redirected too late (StatusPost::send_on_within)
// ends with kRetry, reason SLOW_REDIRECT. If the token may not send on (see
// Token), the call ends with kWait, reason RATE_LIMITED.
//
// Thread-safe.
class GitHubClient {
 public:
  // Runs as HttpTransport::Done does.
  using Done = std::function<void(GitHubReply)>;

  // `transport` is borrowed. `user_agent` identifies Signalbox, as GitHub
  // demands.
  GitHubClient(HttpTransport* transport, std::string user_agent,
               absl::Duration timeout = kGitHubTimeout)
      : transport_(transport),
        user_agent_(std::move(user_agent)),
        timeout_(timeout) {}

  // POST /repos/{owner}/{repo}/statuses/{sha}.
  void CreateStatus(const StatusPost& post, const Token& token, absl::Time now,
                    Done done);

  // Reads what GitHub shows for one context of a commit: GET
  // /repos/{owner}/{repo}/commits/{sha}/status, up to ten pages of 100
  // contexts. The context is compared without regard to ASCII case. A malformed
  // answer ends with kAbandon, reason UNEXPECTED_ANSWER.
  void ReadStatus(const Repository& repository, const std::string& sha,
                  const std::string& context, const Token& token,
                  absl::Time now, Done done);

  // GET /repositories/{id}: its present name.
  void GetRepository(int64_t id, const Token& token, absl::Time now, Done done);
  // GET /repos/{owner}/{repo}: the repository that has the name now. If it was
  // renamed, GitHub redirects, and the redirect is followed.
  void GetRepository(const Repository& name, const Token& token, absl::Time now,
                     Done done);

  // GET /rate_limit: costs no budget, and its headers show the budget. A host
  // without limits answers 404.
  void GetRateLimit(const Token& token, absl::Time now, Done done);

  // Sends any other request. The caller reads the body of the answer.
  void Ask(const ApiRequest& request, const Token& token, absl::Time now,
           Done done);

 private:
  struct Call;

  std::shared_ptr<Call> NewCall(std::string method, const std::string& path,
                                const Token& token, absl::Time now, Done done);
  static void Send(std::shared_ptr<Call> call);
  static void End(const std::shared_ptr<Call>& call,
                  absl::StatusOr<HttpResponse> answer);

  HttpTransport* const transport_;
  const std::string user_agent_;
  const absl::Duration timeout_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
