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

// GitHub, whose hook sends pull requests to a shim, and the server behind the
// shim: the real outbox on disk, the real poster and the real recovery. Each of
// the two can be down. On a virtual clock, in one process.
class OutageWorld {
 public:
  struct Options {
    // Of every credential.
    PaceOptions pace;
    // The hook is an App's, and the App posts; else the hook is the
    // repository's, and a token posts.
    bool is_app = false;
    // How long GitHub takes to answer.
    absl::Duration latency = absl::Milliseconds(50);
  };

  // Both are up at first.
  explicit OutageWorld(const Options& options);
  ~OutageWorld();

  // If the server goes down, nobody learns the ends of requests under way.
  void SetServerUp(bool is_up);
  void SetShimUp(bool is_up) { is_shim_up_ = is_up; }

  // Opens the next pull request. GitHub sends it to the hook at once.
  void OpenPullRequest();
  int opened() const { return opened_; }

  // Lets time pass, and does what Workers would.
  void RunFor(absl::Duration time);

  // Heads that the server has on disk, and that GitHub shows as pending.
  int Known() const;
  int Shown();
  // Statuses beyond one for each head.
  int Repeats();
  // How often the event that reached the shim most often came.
  int MostArrivals() const;
  // When the newest head became known. Needs at least one.
  absl::Time last_known() const { return last_known_; }

  // Requests to GitHub since the beginning, by purpose.
  struct Requests {
    int lists = 0;         // Of hooks and of deliveries.
    int redeliveries = 0;  // Asked for.
    int posts = 0;
    int others = 0;
  };
  const Requests& requests() const { return requests_; }
  // Counts what clients did although GitHub asks them not to.
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
