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

// GitHub's rules behind a transport that does nothing by itself. The owner
// decides what happens to each request, and when.
//
// Not thread-safe.
class HeldGitHub : public HttpTransport {
 public:
  struct Exchange {
    std::string what;
    SimulatedRequest request;
    Done done;
    absl::Time sent_at;
    bool is_post = false;
  };

  // `rules` are borrowed; their API is at `api_url`.
  HeldGitHub(GitHubRules* rules, std::string api_url,
             std::function<absl::Time()> now);

  void Send(HttpRequest request, Done done) override;

  // Answers one request whose time makes no difference. False: there is none.
  bool AnswerFree();

  // Lets the request have its effect; returns the answer.
  absl::StatusOr<HttpResponse> AnswerTo(const Exchange& exchange);

  std::list<Exchange>& held() { return held_; }
  // Requests of which the server will hear nothing more.
  std::list<Exchange>& late() { return late_; }

  // The server is gone. Its posts can still have their effect.
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
