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

// StatusApi answers the requests that create and read commit statuses. The
// repository was found, and the client may see it.
//
// Not thread-safe.
class StatusApi {
 public:
  // All are borrowed.
  StatusApi(const GitHubRules::Options& options, World* world,
            Conduct* conduct);

  static Conduct::Key KeyOf(const World::Repository& repository,
                            absl::string_view sha, absl::string_view context);

  SimulatedResponse Create(const Call& call, World::Repository& repository,
                           const std::string& sha, const std::string& creator);

  // One page of all rows, newest first, or of the combined status.
  SimulatedResponse List(const Call& call, const World::Repository& repository,
                         const World::Commit& commit) const;
  SimulatedResponse Combined(const Call& call,
                             const World::Repository& repository,
                             const World::Commit& commit) const;

 private:
  // The rows that a reader sees, oldest first.
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
