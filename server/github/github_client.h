#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/classify.h"
#include "server/github/credentials.h"
#include "server/github/http_transport.h"
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
  // How long after its begin a redirect may send it on.
  absl::Duration send_on_within = kLastRedirect;
};

// A commit status as GitHub shows it.
struct ShownStatus {
  int64_t id = 0;
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;
};

// Any other request to the API.
struct ApiRequest {
  std::string method = "GET";
  std::string path;  // Below the API's address, percent-encoded, with a query.
  std::string body;  // JSON; empty: none.
  std::string etag;  // What is held already, for If-None-Match; empty: nothing.
  size_t max_body = 1 << 20;  // What is kept of the answer.
};

// How a call ended. By value: nothing is shared with the transport's thread.
struct GitHubReply {
  // The last answer, for the rate limiter.
  absl::StatusOr<HttpResponse> answer;
  Verdict verdict;
  // The repository to which GitHub redirected the call, by its number; 0: to
  // none. It was renamed or transferred.
  int64_t moved_to = 0;
  // How long after the call's begin its last request was sent: zero but for
  // redirects and pages.
  absl::Duration last_request_after;

  // ReadStatus, if the verdict is kDone: nothing if GitHub shows none.
  std::optional<ShownStatus> shown;
  // GetRepository, if the verdict is kDone: "OWNER/NAME", GitHub's number (0:
  // it did not say) and when it was changed last (absl::InfinitePast():
  // likewise).
  std::string full_name;
  int64_t repository_id = 0;
  absl::Time update_time = absl::InfinitePast();
  // Ask, if the verdict is kDone: the path of the next page; empty: there is
  // none, or not below the API's address.
  std::string next_path;
};

// GitHubClient speaks the part of GitHub's REST API that sets and reads commit
// statuses. It makes one request per call, but for pages and redirects. Of the
// latter it follows up to three to the same scheme and host (a renamed
// repository answers 307 or 301), with the same method and body. Any other
// redirect is answered with kAbandon, reason REDIRECT_REFUSED: the token goes
// nowhere else. A POST that is redirected later than it may be sent on
// is not: kRetry, reason SLOW_REDIRECT. What the token may not send on (see
// Token) is not: kWait, reason RATE_LIMITED. It retries nothing. A
// call takes at most `timeout`, with all of its requests.
//
// Thread-safe.
class GitHubClient {
 public:
  // Runs as HttpTransport::Done does.
  using Done = std::function<void(GitHubReply)>;

  // `transport` is borrowed. `user_agent` identifies us, as GitHub demands.
  GitHubClient(HttpTransport* transport, std::string user_agent,
               absl::Duration timeout = kGitHubTimeout);

  // POST /repos/{owner}/{repo}/statuses/{sha}.
  void CreateStatus(const StatusPost& post, const Token& token, absl::Time now,
                    Done done);

  // What GitHub shows for one context of a commit, compared without regard to
  // ASCII case: GET /repos/{owner}/{repo}/commits/{sha}/status, up to ten pages
  // of 100 contexts. An answer that is not what it should be is kAbandon,
  // reason UNEXPECTED_ANSWER.
  void ReadStatus(const Repository& repository, const std::string& sha,
                  const std::string& context, const Token& token,
                  absl::Time now, Done done);

  // GET /repositories/{id}: how it is called now.
  void GetRepository(int64_t id, const Token& token, absl::Time now, Done done);
  // GET /repos/{owner}/{repo}: which repository has the name now, or had it
  // before (a redirect is followed).
  void GetRepository(const Repository& name, const Token& token, absl::Time now,
                     Done done);

  // GET /rate_limit: costs no budget, and its headers tell the budget. A host
  // without limits answers 404.
  void GetRateLimit(const Token& token, absl::Time now, Done done);

  // Whatever `request` says. The answer's body is left to the caller.
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
