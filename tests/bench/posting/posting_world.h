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

// A server's core for the benchmarks of posting: the real outbox on disk and
// the real poster, against GitHub's rules in memory, on a virtual clock. One
// credential posts for everything.
//
// Not thread-safe.
class PostingWorld {
 public:
  struct Options {
    // How fast the credential may post, as in the configuration.
    PaceOptions pace;
    int hourly_limit = 5000;
    // How long GitHub takes to answer.
    absl::Duration latency = absl::Milliseconds(50);
  };

  explicit PostingWorld(const Options& options);
  ~PostingWorld();

  // A pending for key number `number`, from 0. Ten keys are contexts of one
  // commit, and twenty commits are in one repository.
  static KeyReport KeyNumber(int number);

  // Stores the reports now, in transactions as large as the server's.
  void Accept(const std::vector<KeyReport>& reports);

  // Lets virtual time pass, in which the server runs and GitHub answers.
  void RunFor(absl::Duration time);
  // Runs until nothing is due any more. Returns how much virtual time that
  // took.
  absl::Duration Drain();

  // For how many keys GitHub does not show the last accepted report.
  int WrongKeys() const;

  // Posts that reached GitHub, in order.
  struct Post {
    absl::Time time;
    bool pending = false;
    std::string repository;
  };
  const std::vector<Post>& posts() const { return posts_; }
  // How many GET requests reached GitHub.
  int reads() const { return reads_; }
  // How often the server did what GitHub asks its clients not to do.
  int Misbehaviour();

  FakeClock& clock() { return clock_; }
  FakeGitHub& github() { return *github_; }

 private:
  class CountingTransport;

  bool IsWoken() { return core_->wake_ups().poster.is_requested(); }

  // What GitHub should show for a key.
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

// How many requests the pace and the hourly budget allow within `time`.
double Allowed(const PaceOptions& pace, int hourly_limit, absl::Duration time);
// How long a server needs for so many requests at this pace and budget.
absl::Duration TimeFor(const PaceOptions& pace, int hourly_limit,
                       double requests);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_POSTING_WORLD_H_
