#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/conduct.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// StatusApi answers the API requests that create and read commit statuses.
// Routes has found the repository before, and the client may see it.
//
// Not thread-safe.
class StatusApi {
 public:
  // All are borrowed.
  StatusApi(const GitHubRules::Options& options, World* world,
            Conduct* conduct);

  // The name of a status, in the form that Conduct uses.
  static Conduct::Key KeyOf(const World::Repository& repository,
                            absl::string_view sha, absl::string_view context);

  // Creates a status at the commit `sha`. `creator` is a login.
  SimulatedResponse Create(const Call& call, World::Repository& repository,
                           const std::string& sha, const std::string& creator);

  // One page of all statuses of a commit, newest first.
  SimulatedResponse List(const Call& call, const World::Repository& repository,
                         const World::Commit& commit) const;
  // One page of the combined status: the newest status of each context.
  SimulatedResponse Combined(const Call& call,
                             const World::Repository& repository,
                             const World::Commit& commit) const;

 private:
  // The rows that a client can see now (see Options::read_lag), oldest first.
  std::vector<const GitHubRules::Row*> Readable(
      const Call& call, const World::Commit& commit) const;
  nlohmann::ordered_json StatusObject(const World::Repository& repository,
                                      const World::Commit& commit,
                                      const GitHubRules::Row& row) const;

  const GitHubRules::Options& options_;
  const std::string api_url_;
  World* const world_;
  Conduct* const conduct_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_
