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
#include "tests/support/lasting_address.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// The number in the environment variable `name`; `otherwise` if it is not set.
int64_t NumberFromEnvironment(const char* name, int64_t otherwise);
// The seed of a chaos test: SIGNALBOX_CHAOS_SEED, or a number from the clock.
// Prints it, so that the run can be repeated.
uint64_t ChaosSeed();

// All programs of Signalbox as real processes, for tests that kill them and cut
// their connections: the GitHub simulator, the server and the shim. A
// FaultProxy can stand between them.
//
// Use it on the test's main thread only.
class ChaosWorld {
 public:
  struct Options {
    // The server's data. Empty: a directory that the world removes at its end.
    std::string data_dir = "";
    // Puts a FaultProxy between the server and GitHub, or between the shim and
    // the server.
    bool proxy_to_github = false;
    bool proxy_to_server = false;
  };

  // Starts the simulator, but neither server nor shim.
  explicit ChaosWorld(Options options);

  // Starts the server, always at the same address, and waits until it serves.
  // Returns how long that took. Adds Started to `history`, unless it is null.
  absl::Duration StartServer(history::History* history);
  // Starts the server and kills it `after` that time, even if it does not serve
  // yet.
  void KillServerWhileItStarts(absl::Duration after, history::History* history);
  // Kills the server. Adds Crashed to `history`, unless it is null.
  void KillServer(history::History* history);
  // Stops the server in order, with SIGTERM.
  void StopServer();
  Process& server() { return *server_; }
  Process& simulator() { return *simulator_; }

  // Starts the shim, always at the same address.
  void StartShim();
  void KillShim();
  Process& shim() { return *shim_; }

  // HOST:PORT of the server itself, without the FaultProxy.
  const std::string& server_address() const { return server_address_; }
  std::string simulator_url() const { return "http://" + simulator_address_; }
  std::string shim_url() const;
  const std::string& data_dir() const { return options_.data_dir; }
  std::string database() const { return data_dir() + "/signalbox.db"; }
  // The proxies that Options ordered.
  FaultProxy& to_github() { return *to_github_; }
  FaultProxy& to_server() { return *to_server_; }

  // Options for a Load on this world, with webhooks to its shim.
  Load::Options LoadOptions(uint64_t seed) const;

  std::unique_ptr<v1::StatusService::Stub> NewStub() const;

  // Ends a test with a load. Waits until the server has nothing more to post
  // about the load's commits, adds the end to the history, and checks it. Fails
  // the test for each violation, and if the wait took longer than `limit`.
  history::Findings CheckEnd(const Load& load, history::History* history,
                             absl::Duration limit = absl::Seconds(60));

  // Fails the test unless, within `limit`, GitHub shows all that the server
  // holds of the load's commits.
  void ExpectAllPosted(const Load& load, absl::Duration limit);

  // Makes the database large: reports about `count` statuses, a hundred on each
  // commit, and waits until GitHub shows them.
  void Fill(int64_t count);
  // Fails the test unless the server still has all statuses of Fill.
  void CheckFilled();

  // Fails the test if the server did something that GitHub asks its clients not
  // to do. Ignores `regressions`, because in a load the pending of a new
  // attempt follows a result; CheckEnd decides which posts are right. With a
  // proxy before GitHub, it also ignores `identical_repeats`, because GitHub
  // cannot know which answers were lost.
  void ExpectGoodConduct();

 private:
  void BeginServer();
  void AddApplied(const Load& load, history::History* history);
  void AddEnd(const Load::Commit& commit, v1::StatusService::Stub* stub,
              history::History* history);

  TempDir dir_;
  Options options_;
  std::string simulator_address_;
  const std::string server_address_ = LastingAddress();
  const std::string shim_address_ = LastingAddress();
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
