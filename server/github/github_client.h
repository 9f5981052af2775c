#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
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
  std::string description;  // At most 140 characters; empty: not sent.
  std::string target_url;   // Empty: not sent.
  // How long after its begin the request may follow a redirect. Later it could
  // take effect after its lease.
  absl::Duration send_on_within = kLastRedirect;
};

// Any other request to the API.
struct ApiRequest {
  std::string method = "GET";
  // What follows the API's address in the URL, percent-encoded, perhaps with a
  // query: "/repos/acme/app/hooks?per_page=100".
  std::string path = {};
  std::string body = {};  // JSON; empty: none.
  // The ETag of an answer that the caller has. If it is still true, GitHub
  // answers 304 without a body. Empty: the caller has none.
  std::string etag = {};
  size_t max_body = 1 << 20;  // How many bytes of the answer's body to keep.
};

// How a call ended. A value: it shares nothing with the transport's thread.
struct GitHubReply {
  // GitHub's last answer, or the error that came instead. Its headers are for
  // the rate limiter.
  absl::StatusOr<HttpResponse> answer;
  // What the caller should do now.
  Verdict verdict;
  // GitHub's number for the repository to which it redirected the call, because
  // the repository was renamed or transferred; 0: no redirect.
  int64_t moved_to = 0;
  // A call can make several requests. This is how long after the call's begin
  // the last one was sent; zero if there was only one.
  absl::Duration last_request_after;

  // ReadStatus with the verdict kDone: the status that GitHub shows. Nothing:
  // GitHub shows none for the context.
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

// GitHubClient sends requests to GitHub's REST API for the poster and for
// Questions, and says what GitHub's answers mean (Verdict).
//
// Each method begins a call and returns at once. A call is one request, plus
// further ones for redirects and pages; it takes at most `timeout` with all of
// them. GitHubClient retries nothing and knows no limits: RequestGate must have
// admitted the call.
//
// A call follows up to three redirects to the same scheme and host, with the
// same method and body. (GitHub answers 307 or 301 for a renamed repository.)
// Other redirects end the call with kAbandon, reason REDIRECT_REFUSED, so that
// no other host gets the token. A POST that is redirected too late
// (StatusPost::send_on_within) ends with kRetry, reason SLOW_REDIRECT. If
// Token::may_send_on forbids the next request, the call ends with kWait, reason
// RATE_LIMITED.
//
// `now` is the present time by the wall clock.
//
// Thread-safe.
class GitHubClient {
 public:
  // Gets the end of a call. Called exactly once, where the transport calls
  // HttpTransport::Done.
  using Done = std::function<void(GitHubReply)>;

  // `transport` is borrowed. `user_agent` identifies Signalbox, as GitHub
  // demands.
  GitHubClient(HttpTransport* transport, std::string user_agent,
               absl::Duration timeout = kGitHubTimeout)
      : transport_(transport),
        user_agent_(std::move(user_agent)),
        timeout_(timeout) {}

  // Sets a commit status: POST /repos/{owner}/{repo}/statuses/{sha}.
  void CreateStatus(const StatusPost& post, const Token& token, absl::Time now,
                    Done done);

  // Reads what GitHub shows for one context of a commit: GET
  // /repos/{owner}/{repo}/commits/{sha}/status, up to ten pages of 100
  // contexts. The context is compared without regard to ASCII case. A malformed
  // answer ends with kAbandon, reason UNEXPECTED_ANSWER.
  void ReadStatus(const Repository& repository, const std::string& sha,
                  const std::string& context, const Token& token,
                  absl::Time now, Done done);

  // Asks for the present name of the repository with GitHub's number `id`: GET
  // /repositories/{id}.
  void GetRepository(int64_t id, const Token& token, absl::Time now, Done done);
  // Asks which repository has this name now, or had it last: GET
  // /repos/{owner}/{repo}. The call follows GitHub's redirect from an old name.
  void GetRepository(const Repository& name, const Token& token, absl::Time now,
                     Done done);

  // GET /rate_limit: shows the budget and whether the token is good, and costs
  // no budget. A host without rate limits answers 404.
  void GetRateLimit(const Token& token, absl::Time now, Done done);

  // Sends any other request. The caller reads the body in `answer`.
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
