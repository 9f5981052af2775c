#ifndef SIGNALBOX_TESTS_SIMULATION_HELD_GITHUB_H_
#define SIGNALBOX_TESTS_SIMULATION_HELD_GITHUB_H_

#include <functional>
#include <list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// GitHub for the explorer: an HttpTransport with GitHub's rules behind it that
// answers nothing by itself. The explorer decides what happens to each request,
// and when.
//
// Not thread-safe.
class HeldGitHub : public HttpTransport {
 public:
  // A request that the server has sent.
  struct Exchange {
    std::string what;  // The body of a post, or "read".
    SimulatedRequest request;
    Done done;
    absl::Time sent_at;
    bool is_post = false;
  };

  // `rules` is borrowed; its API is at `api_url`. `now` is GitHub's time.
  HeldGitHub(GitHubRules* rules, std::string api_url,
             std::function<absl::Time()> now);

  void Send(HttpRequest request, Done done) override;

  // Answers one request for the rate limit. The explorer need not choose when,
  // because that makes no difference. False: there is no such request.
  bool AnswerFree();

  // Lets the request have its effect now. Returns GitHub's answer, but does not
  // deliver it.
  absl::StatusOr<HttpResponse> AnswerTo(const Exchange& exchange);

  // The requests that wait for the explorer's decision.
  std::list<Exchange>& held() { return held_; }
  // Posts that can still have their effect, but whose answer the server will
  // never get.
  std::list<Exchange>& late() { return late_; }

  // The server's process has ended. Its posts become late, and its other
  // requests disappear.
  void LoseClient();

 private:
  GitHubRules* const rules_;
  const std::string api_url_;
  const std::function<absl::Time()> now_;
  std::list<Exchange> free_;
  std::list<Exchange> held_;
  std::list<Exchange> late_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_HELD_GITHUB_H_
