#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// StatusApi answers the requests that create and read commit statuses, once
// the repository is found and the client may see it.
//
// Not thread-safe.
class StatusApi {
 public:
  // `world` and `misbehaviour` are borrowed. Links begin with `api_url`.
  StatusApi(World* world, GitHubRules::Misbehaviour* misbehaviour,
            std::string api_url)
      : world_(world),
        misbehaviour_(misbehaviour),
        api_url_(std::move(api_url)) {}

  SimulatedResponse Create(World::Repository& repository,
                           const std::string& sha, absl::string_view body,
                           const std::string& creator, absl::Time now);

  // All rows, newest first, and the combined status: a page of either.
  SimulatedResponse List(const World::Repository& repository,
                         const World::Commit& commit,
                         const RequestTarget& target) const;
  SimulatedResponse Combined(const World::Repository& repository,
                             const World::Commit& commit,
                             const RequestTarget& target) const;

 private:
  // Counts what a client should not have posted.
  void Watch(World::Commit* commit, const GitHubRules::Row& row);
  nlohmann::ordered_json StatusObject(const World::Repository& repository,
                                      const World::Commit& commit,
                                      const GitHubRules::Row& row) const;

  World* const world_;
  GitHubRules::Misbehaviour* const misbehaviour_;
  const std::string api_url_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_API_H_
