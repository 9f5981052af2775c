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

// GitHub, whose hook tells a shim of pull requests, and the server behind the
// shim: the real outbox on disk, the real poster and the real recovery. Each
// of the two can be away. On a virtual clock, in one process.
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

  // Both are there.
  explicit OutageWorld(const Options& options);
  ~OutageWorld();

  // What is under way when the server goes has an end that nobody learns.
  void SetServerUp(bool is_up);
  void SetShimUp(bool is_up) { is_shim_up_ = is_up; }

  // The next pull request is opened; GitHub tells the hook at once.
  void OpenPullRequest();
  int opened() const { return opened_; }

  // Lets time pass, doing what Workers would.
  void RunFor(absl::Duration time);

  // Heads that the server has on disk, and that GitHub shows as pending.
  int Known() const;
  int Shown();
  // Statuses beyond one for each head.
  int Repeats();
  // How often the event that reached the shim most often did.
  int MostArrivals() const;
  // When the newest head came to be known. After at least one.
  absl::Time last_known() const { return last_known_; }

  // Requests to GitHub since the beginning, by what they were for.
  struct Requests {
    int lists = 0;         // Of hooks and of deliveries.
    int redeliveries = 0;  // Asked for.
    int posts = 0;
    int others = 0;
  };
  const Requests& requests() const { return requests_; }
  // Everything that GitHub asks clients not to do, and was done.
  int Misbehaviour();

  FakeClock& clock() { return clock_; }

 private:
  class Transport;
  struct Server;

  void MakeApp();
  // What the hook's attempts get for an answer.
  void DeliverHooks();
  int Take(const Hooks::Attempt& attempt);
  static std::string ShaOf(int number);

  const Options options_;
  FakeClock clock_;
  TempDir dir_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<Server> server_;  // Null: it is away.
  bool is_shim_up_ = true;
  int opened_ = 0;
  std::set<std::string> known_;  // Shas.
  absl::Time last_known_;
  std::map<std::string, int> arrivals_;  // By the delivery's GUID.
  Requests requests_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_OUTAGE_WORLD_H_
