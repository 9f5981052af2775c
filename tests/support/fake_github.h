#ifndef SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_
#define SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_

#include <list>
#include <string>

#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/github/http_transport.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/support/fake_clock.h"

namespace signalbox {

// GitHub behind a transport that is pumped: no sockets, no threads, and time
// passes when the test says so.
//
//   poster.RunOnce();
//   fake.DeliverDue();
//   clock.Advance(absl::Seconds(1));
//
// A request has its effect at GitHub when it is sent, or `apply_delay` later.
// Its answer comes `delay` after that (and after what a fault of the rules
// adds), or DEADLINE_EXCEEDED when the request's timeout is over, whichever is
// sooner. A request that timed out still has its effect. A reset connection is
// UNAVAILABLE.
//
// GitHub's clock is right: a FakeClock's jumps do not move it.
//
// Whatever host a URL names, it is GitHub: set Options::base_url to the host
// that the code under test uses, as it goes into redirects.
//
// Thread-safe, but for rules(): use it while no other thread calls.
class FakeGitHub : public HttpTransport {
 public:
  // `clock` is borrowed.
  FakeGitHub(GitHubRules::Options options, FakeClock* clock);

  // The world, its faults, and what it counted.
  GitHubRules& rules() { return rules_; }

  // For the requests sent from now on.
  void SetDelay(absl::Duration delay);
  void SetApplyDelay(absl::Duration apply_delay);
  // False: no connection can be made; they end with FAILED_PRECONDITION.
  void SetReachable(bool reachable);

  // The client's process has ended: what is under way has its effect, and
  // nobody is told.
  void LoseClient();

  // HttpTransport. Callbacks run inside DeliverDue.
  void Send(HttpRequest request, Done done) override;

  // Does all that is due by the clock, in order of time, callbacks included;
  // also what they send, as far as it is due. Returns how many callbacks ran.
  int DeliverDue();

  // GitHub's own time, as its answers have it.
  absl::Time GitHubTime();

  // When DeliverDue has something to do, by the clock's wall time;
  // absl::InfiniteFuture() if nothing is under way.
  absl::Time NextDelivery();

  // How many requests wait for their answer.
  int InFlight();

 private:
  // Times are Clock::Monotonic.
  struct Exchange {
    SimulatedRequest request;
    Done done;  // Empty once it ran.
    absl::StatusOr<HttpResponse> answer;
    bool is_applied = false;
    absl::Duration send_time;
    absl::Duration apply_time;
    absl::Duration answer_time;
    absl::Duration deadline;
    size_t max_body = 0;

    absl::Duration NextTime() const;
  };

  absl::Time TimeAt(absl::Duration monotonic) const {
    return epoch_ + monotonic;
  }
  // When something happens next, by Clock::Monotonic; infinite: never.
  absl::Duration NextTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The answer of a request that has its effect at its time.
  void Apply(Exchange* exchange) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The exchange with the soonest NextTime, the one sent first of several.
  std::list<Exchange>::iterator Soonest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  FakeClock* const clock_;
  const absl::Time epoch_;  // GitHub's time at Clock::Monotonic 0.

  Mutex mu_;
  GitHubRules rules_;
  absl::Duration delay_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  absl::Duration apply_delay_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  bool reachable_ ABSL_GUARDED_BY(mu_) = true;
  std::list<Exchange> exchanges_ ABSL_GUARDED_BY(mu_);  // In order of Send.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_
