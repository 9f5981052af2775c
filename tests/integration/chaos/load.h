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
#include "server/base/mutex.h"
#include "tests/history/history.h"

namespace signalbox {

// Farms that report without a pause, as the wildest do: several at the same
// commits, numbered and unnumbered, twice, late, older attempts again, other
// results of what has ended, reruns. Half of them use the C++ client, the rest
// repeat by themselves what was not answered, or leave it in doubt. Beside them
// GitHub's webhooks, and people who use `signalbox run`.
//
// All that is said and answered goes into a history. Every report has a
// description of its own.
class Load {
 public:
  struct Options {
    uint64_t seed = 1;
    std::string server;  // Where farms call, HOST:PORT.
    int farms = 12;
    int commits = 100;
    // The deadline of one try of a farm.
    absl::Duration try_timeout = absl::Seconds(5);
    // Set: GitHub at this URL tells the shim at that one of pull requests.
    std::string simulator_url;
    std::string shim_url;
    // People run commands under `signalbox run`.
    bool has_cli = false;
  };

  // The contexts that the shim's pendings are for.
  static const std::vector<std::string>& ExpectedContexts();
  // All that anybody reports.
  static const std::vector<std::string>& Contexts();

  // Begins at once. `history` is borrowed.
  Load(Options options, history::History* history);
  // Stops.
  ~Load();

  // No call begins any more; those under way end.
  void Stop();

  // Reports that were told OK so far.
  int64_t acked() const { return acked_; }
  // Waits for so many more, for half a minute at most. False: they did not
  // come.
  bool WaitForAcked(int64_t more) const;

  struct Commit {
    std::string repository;
    std::string sha;
    std::atomic<int64_t> attempt = 0;      // The largest given away.
    std::atomic<int64_t> cli_attempt = 0;  // Of the command line's context.
    // GitHub has a pull request of it, of which it told the shim.
    std::atomic<bool> is_proposed = false;
  };
  const std::vector<std::unique_ptr<Commit>>& commits() const {
    return commits_;
  }

 private:
  // A call: one report of each context.
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
