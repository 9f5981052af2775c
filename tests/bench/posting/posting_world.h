#ifndef SIGNALBOX_TESTS_BENCH_POSTING_POSTING_WORLD_H_
#define SIGNALBOX_TESTS_BENCH_POSTING_POSTING_WORLD_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "server/base/metrics.h"
#include "server/core/core.h"
#include "server/github/credentials.h"
#include "server/github/rate_limiter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// The real outbox on disk and the real poster, against GitHub's rules in
// memory, on a virtual clock.
class PostingWorld {
 public:
  struct Options {
    // The pace of the one credential, as the configuration would set it.
    PaceOptions pace;
    int hourly_limit = 5000;
    // How long GitHub takes to answer.
    absl::Duration latency = absl::Milliseconds(50);
  };

  explicit PostingWorld(const Options& options);
  ~PostingWorld();

  // Key number `number`, of as many as wanted: ten contexts a commit, twenty
  // commits a repository.
  static KeyReport KeyNumber(int number);

  // Reports at the present moment, in transactions as Intake makes them.
  void Accept(const std::vector<KeyReport>& reports);

  // Lets time pass, and does what a Worker would.
  void RunFor(absl::Duration time);
  // Runs until nothing is due any more. Returns how long that was.
  absl::Duration Drain();

  // How many keys GitHub shows otherwise than their last accepted report.
  int WrongKeys() const;

  // Posts that reached GitHub, in order.
  struct Post {
    absl::Time time;
    bool pending = false;
    std::string repository;
  };
  const std::vector<Post>& posts() const { return posts_; }
  int reads() const { return reads_; }
  // Counts what clients did although GitHub asks them not to.
  int Misbehaviour();

  FakeClock& clock() { return clock_; }
  FakeGitHub& github() { return *github_; }

 private:
  class CountingTransport;

  bool IsWoken() { return core_->wake_ups().poster.is_requested(); }

  // What is wanted of a key, by its place in the order of all.
  struct Wanted {
    std::string full_name;
    std::string sha;
    std::string context;
    std::string state;
  };

  FakeClock clock_;
  TempDir dir_;
  Metrics metrics_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<CountingTransport> transport_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Core> core_;
  std::vector<Post> posts_;
  int reads_ = 0;
  std::map<std::tuple<std::string, std::string, std::string>, CommitState>
      wanted_;
};

// How many requests a pace and an hourly budget allow within `time`.
double Allowed(const PaceOptions& pace, int hourly_limit, absl::Duration time);
// How long they need for so many requests.
absl::Duration TimeFor(const PaceOptions& pace, int hourly_limit,
                       double requests);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_POSTING_WORLD_H_
