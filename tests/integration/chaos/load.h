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

// Makes reports without a pause, for chaos tests. Farms report like the wildest
// real ones: several about the same commits, numbered and unnumbered, twice,
// late, older attempts again, other results of ended runs, reruns. Half of the
// farms use the C++ client. The others repeat unanswered calls themselves, or
// do not repeat them. GitHub's webhooks and people with `signalbox run` can
// report, too.
//
// All calls and answers go into a history. Each report has its own description,
// so that a post tells which report it shows.
class Load {
 public:
  struct Options {
    uint64_t seed = 1;
    std::string server;  // HOST:PORT of the server, for farms.
    int farms = 12;
    int commits = 100;
    // The deadline of each call.
    absl::Duration try_timeout = absl::Seconds(5);
    // If not empty, the GitHub simulator at `simulator_url` sends pull requests
    // to the shim at `shim_url`.
    std::string simulator_url;
    std::string shim_url;
    // True: also runs commands under `signalbox run`.
    bool has_cli = false;
  };

  // The contexts that the shim makes pending.
  static const std::vector<std::string>& ExpectedContexts();
  // All contexts in which a load reports.
  static const std::vector<std::string>& Contexts();

  // Starts to report at once, on threads of its own. `history` is borrowed.
  Load(Options options, history::History* history);
  // Stops.
  ~Load();

  // Begins no more calls, and waits for those under way.
  void Stop();

  // How many reports were answered with OK so far.
  int64_t acked() const { return acked_; }
  // Waits until `more` reports more are acked. False: they were not within half
  // a minute.
  bool WaitForAcked(int64_t more) const;

  // A commit that the load reports about.
  struct Commit {
    std::string repository;
    std::string sha;
    std::atomic<int64_t> attempt = 0;      // The largest one used.
    std::atomic<int64_t> cli_attempt = 0;  // Of the command line's context.
    // GitHub has sent the shim a pull request whose head it is.
    std::atomic<bool> is_proposed = false;
  };
  const std::vector<std::unique_ptr<Commit>>& commits() const {
    return commits_;
  }

 private:
  // What one call says: one report for each context.
  struct Words {
    Commit* commit = nullptr;
    std::vector<std::string> contexts;
    int64_t attempt = 0;
    std::string result;  // Empty: a pending.
    std::string description;
    std::string target_url;
    bool rerun = false;
    bool newest_text_wins = false;
  };
  class Farm;

  std::string NewText(char kind);
  Commit& PickCommit(std::mt19937_64* random);
  history::Called CallOf(const Words& words, const std::string& context);
  // Adds Called to the history for each context. Returns their call numbers.
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
