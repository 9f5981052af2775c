#ifndef SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_
#define SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_

#include <list>
#include <string>

#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "common/mutex.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/support/fake_clock.h"

namespace signalbox {

// GitHub for tests of code that sends HTTP: an HttpTransport with GitHubRules
// behind it. There are no sockets and no threads. Time passes only when the
// test advances the clock, and answers arrive only inside DeliverDue:
//
//   poster.RunOnce();
//   fake.DeliverDue();
//   clock.Advance(absl::Seconds(1));
//
// A request has its effect at GitHub when it is sent, or `apply_delay` later.
// Its answer arrives `delay` after the effect, plus the delay of a fault. If
// the request times out before that, the client gets DEADLINE_EXCEEDED; the
// effect still happens. If GitHub resets the connection, the client gets
// UNAVAILABLE.
//
// GitHub's clock is right: FakeClock::Jump does not change it.
//
// FakeGitHub answers requests to every host. Set Options::base_url to the host
// that the code under test uses, because redirects contain it.
//
// Thread-safe, except rules(): use it while no other thread calls.
class FakeGitHub : public HttpTransport {
 public:
  // `clock` is borrowed.
  FakeGitHub(GitHubRules::Options options, FakeClock* clock);

  // The repositories, faults and counters of this GitHub.
  GitHubRules& rules() { return rules_; }

  // These change `delay` and `apply_delay` (see above) for requests sent from
  // now on. Both are zero at first.
  void SetDelay(absl::Duration delay);
  void SetApplyDelay(absl::Duration apply_delay);
  // False: clients cannot connect, and requests end with FAILED_PRECONDITION.
  void SetReachable(bool reachable);

  // The client's process has ended. Requests under way still have their effect.
  // Their callbacks never run.
  void LoseClient();

  // HttpTransport. Callbacks run inside DeliverDue.
  void Send(HttpRequest request, Done done) override;

  // Does everything that is due by the clock, in order of time: effects,
  // answers, and the requests that callbacks send. Returns how many callbacks
  // ran.
  int DeliverDue();

  // The time on GitHub's clock.
  absl::Time GitHubTime();

  // When DeliverDue next has something to do, in the FakeClock's wall time;
  // absl::InfiniteFuture() if nothing is under way.
  absl::Time NextDelivery();

  // How many requests wait for their answer.
  int InFlight();

 private:
  struct Exchange {
    SimulatedRequest request;
    Done done;  // Empty once it ran.
    absl::StatusOr<HttpResponse> answer;
    bool is_applied = false;
    SteadyTime send_time;
    SteadyTime apply_time;
    SteadyTime answer_time;
    SteadyTime deadline;
    size_t max_body = 0;

    SteadyTime NextTime() const;
  };

  // GitHub's time. Its clock was never set since `start_`.
  absl::Time TimeAt(SteadyTime time) const { return start_.WallAt(time); }
  // When something happens next; infinite: never.
  SteadyTime NextTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Lets a request have its effect, at its time, and sets the answer.
  void Apply(Exchange* exchange) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The exchange with the soonest NextTime; of several, the one sent first.
  std::list<Exchange>::iterator Soonest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  FakeClock* const clock_;
  const Moment start_;

  Mutex mu_;
  GitHubRules rules_;
  absl::Duration delay_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  absl::Duration apply_delay_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
  bool reachable_ ABSL_GUARDED_BY(mu_) = true;
  std::list<Exchange> exchanges_ ABSL_GUARDED_BY(mu_);  // In order of Send.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAKE_GITHUB_H_
