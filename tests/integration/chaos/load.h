#ifndef SIGNALBOX_TESTS_INTEGRATION_CHAOS_LOAD_H_
#define SIGNALBOX_TESTS_INTEGRATION_CHAOS_LOAD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "clients/cpp/client.h"
#include "common/mutex.h"
#include "tests/history/history.h"

namespace signalbox {

// Farms that report without a pause, as the wildest do: several at the same
// commits, numbered and unnumbered, twice, late, older attempts again, other
// results of ended runs, reruns. Half of them use the C++ client. The rest
// repeat unanswered calls by themselves, or leave them in doubt. GitHub's
// webhooks and people with `signalbox run` report, too.
//
// All calls and answers go into a history. Every report has its own
// description.
class Load {
 public:
  struct Options {
    uint64_t seed = 1;
    std::string server;  // HOST:PORT of the server, for farms.
    int farms = 12;
    int commits = 100;
    // The deadline of one try of a farm.
    absl::Duration try_timeout = absl::Seconds(5);
    // If set, GitHub at this URL sends pull requests to the shim at that one.
    std::string simulator_url;
    std::string shim_url;
    // People run commands under `signalbox run`.
    bool has_cli = false;
  };

  // The contexts of the shim's pendings.
  static const std::vector<std::string>& ExpectedContexts();
  // All contexts that anybody reports.
  static const std::vector<std::string>& Contexts();

  // Begins at once. `history` is borrowed.
  Load(Options options, history::History* history);
  // Stops.
  ~Load();

  // No call begins any more; those under way end.
  void Stop();

  // Reports with the answer OK so far.
  int64_t acked() const { return acked_; }
  // Waits for so many more, for half a minute at most. Returns false if they
  // did not come.
  bool WaitForAcked(int64_t more) const;

  struct Commit {
    std::string repository;
    std::string sha;
    std::atomic<int64_t> attempt = 0;      // The largest one used.
    std::atomic<int64_t> cli_attempt = 0;  // Of the command line's context.
    // GitHub has sent the shim a pull request with this head.
    std::atomic<bool> is_proposed = false;
  };
  const std::vector<std::unique_ptr<Commit>>& commits() const {
    return commits_;
  }

 private:
  // A call, which is one report of each context.
  struct Words {
    Commit* commit = nullptr;
    std::vector<std::string> contexts;
    int64_t attempt = 0;
    std::string result;  // Empty: a pending.
    std::string description;
    std::string target_url;
    bool rerun = false;
  };
  class Farm;

  std::string NewText(char kind);
  Commit& PickCommit(std::mt19937_64* random);
  history::Called CallOf(const Words& words, const std::string& context);
  // Logs the begin; returns the calls' numbers, one for each context.
  std::vector<int64_t> LogCalls(const Words& words);
  void LogAnswer(int64_t call, history::Answered::How how, int64_t sequence);

  void RunFarm(int number);
  void RunWebhooks();
  void RunCli();

  const Options options_;
  history::History* const history_;
  std::vector<std::unique_ptr<Commit>> commits_;
  std::atomic<int64_t> last_call_ = 0;
  std::atomic<int64_t> last_text_ = 0;
  std::atomic<int64_t> acked_ = 0;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_CHAOS_LOAD_H_
