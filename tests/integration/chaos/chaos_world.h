#ifndef SIGNALBOX_TESTS_INTEGRATION_CHAOS_CHAOS_WORLD_H_
#define SIGNALBOX_TESTS_INTEGRATION_CHAOS_CHAOS_WORLD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"
#include "tests/integration/chaos/load.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// A number from the environment, else `otherwise`.
int64_t NumberFromEnvironment(const char* name, int64_t otherwise);
// SIGNALBOX_CHAOS_SEED, or else a seed from the clock. Prints it.
uint64_t ChaosSeed();

// All programs as people run them: the GitHub simulator, the server, the shim.
// Between any two of them a bad network can stand.
//
// For a test's main thread.
class ChaosWorld {
 public:
  struct Options {
    // Empty: a directory that belongs to the world.
    std::string data_dir = "";
    // Between the server and GitHub, or the shim and the server.
    bool proxy_to_github = false;
    bool proxy_to_server = false;
  };

  // Starts the simulator. Neither server nor shim run yet.
  explicit ChaosWorld(Options options);

  // Starts the server on its usual address. Returns how long it took until it
  // said that it serves.
  absl::Duration StartServer(history::History* history);
  // Starts the server and kills it `after` that, whatever it does by then.
  void KillServerWhileItStarts(absl::Duration after, history::History* history);
  // Kills the server. Records a crash in the history, if there is one.
  void KillServer(history::History* history);
  void StopServer();
  Process& server() { return *server_; }
  Process& simulator() { return *simulator_; }

  // Starts the shim on its usual address.
  void StartShim();
  void KillShim();
  Process& shim() { return *shim_; }

  // HOST:PORT of the server, without a bad network before it.
  std::string server_address() const;
  std::string simulator_url() const { return "http://" + simulator_address_; }
  std::string shim_url() const;
  const std::string& data_dir() const { return options_.data_dir; }
  std::string database() const { return data_dir() + "/signalbox.db"; }
  FaultProxy& to_github() { return *to_github_; }
  FaultProxy& to_server() { return *to_server_; }

  // Options for a load on this world, with webhooks.
  Load::Options LoadOptions(uint64_t seed) const;

  std::unique_ptr<v1::StatusService::Stub> NewStub() const;

  // Waits until the server has nothing more to post for these commits. Adds the
  // end of the history and checks it. Fails the test for each violation, and if
  // it took longer than `limit`.
  history::Findings CheckEnd(const Load& load, history::History* history,
                             absl::Duration limit = absl::Seconds(60));

  // Fails the test unless GitHub has all that the server holds of these commits
  // within `limit`.
  void ExpectAllPosted(const Load& load, absl::Duration limit);

  // Reports `count` statuses and waits until GitHub shows them all.
  void Fill(int64_t count);
  // Fails the test unless they are all still there.
  void CheckFilled();

  // Fails the test for what the simulator's clients did although GitHub asks
  // them not to. Ignores `regressions`: a new attempt's pending follows a
  // result, and the history's check decides which posts are allowed. With a bad
  // network before GitHub, ignores `identical_repeats`: GitHub does not know
  // which of its answers were lost.
  void ExpectGoodConduct();

 private:
  void BeginServer();
  void AddApplied(const Load& load, history::History* history);
  void AddEnd(const Load::Commit& commit, v1::StatusService::Stub* stub,
              history::History* history);

  TempDir dir_;
  Options options_;
  std::string simulator_address_;
  int server_port_ = 0;
  int shim_port_ = 0;
  int64_t last_event_ = 0;  // The simulator's newest event that was read.
  std::atomic<int64_t> last_found_ = 0;
  std::vector<std::string> filled_;  // Shas.
  std::unique_ptr<FaultProxy> to_github_;
  std::unique_ptr<FaultProxy> to_server_;
  std::unique_ptr<Process> simulator_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Process> shim_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_CHAOS_CHAOS_WORLD_H_
