#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_OUTAGE_WORLD_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_OUTAGE_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "server/github/rate_limiter.h"
#include "tests/github_simulator/hooks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// What the benchmark of recovery measures: GitHub with a webhook, the shim, and
// the server with the real outbox on disk, the real poster and the real
// recovery. Shim and server can go down. Everything runs on a virtual clock, in
// one process.
//
// Not thread-safe.
class OutageWorld {
 public:
  struct Options {
    // How fast every credential may post.
    PaceOptions pace;
    // True: the webhook is a GitHub App's, and the App posts. False: the
    // webhook is the repository's, and a token posts.
    bool is_app = false;
    // How long GitHub takes to answer.
    absl::Duration latency = absl::Milliseconds(50);
  };

  // Server and shim are up at first.
  explicit OutageWorld(const Options& options);
  ~OutageWorld();

  // Stops or starts the server. When it stops, the answers to its requests
  // under way are lost.
  void SetServerUp(bool is_up);
  void SetShimUp(bool is_up) { is_shim_up_ = is_up; }

  // Opens the next pull request. GitHub sends it to the webhook at once.
  void OpenPullRequest();
  int opened() const { return opened_; }

  // Lets virtual time pass, in which all parts run.
  void RunFor(absl::Duration time);

  // How many heads of pull requests the server has on disk, and for how many of
  // them GitHub shows pending.
  int Known() const;
  int Shown();
  // How many statuses GitHub has beyond one for each head.
  int Repeats();
  // How often the shim got the event that it got most often.
  int MostArrivals() const;
  // When the newest known head reached the server. There must be one.
  absl::Time last_known() const { return last_known_; }

  // How many requests the server has sent to GitHub, by purpose.
  struct Requests {
    int lists = 0;         // Lists of hooks and of deliveries.
    int redeliveries = 0;  // Orders to redeliver.
    int posts = 0;
    int others = 0;
  };
  const Requests& requests() const { return requests_; }
  // How often the server did what GitHub asks its clients not to do.
  int Misbehaviour();

  FakeClock& clock() { return clock_; }

 private:
  class Transport;
  struct Server;

  void MakeApp();
  // Delivers the hook's attempts, and answers them.
  void DeliverHooks();
  int Take(const Hooks::Attempt& attempt);
  static std::string ShaOf(int number);

  const Options options_;
  FakeClock clock_;
  TempDir dir_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<Server> server_;  // Null: it is down.
  bool is_shim_up_ = true;
  int opened_ = 0;
  std::set<std::string> known_;  // Shas.
  absl::Time last_known_;
  std::map<std::string, int> arrivals_;  // By the delivery's GUID.
  Requests requests_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_OUTAGE_WORLD_H_
