#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROUTES_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROUTES_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/github_simulator/access.h"
#include "tests/github_simulator/app_api.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/conduct.h"
#include "tests/github_simulator/hook_api.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/limits.h"
#include "tests/github_simulator/pull_api.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/status_api.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// Routes answers an API request that meets no fault and no limit. It finds out
// who calls and what the path names, refuses what GitHub would refuse, and lets
// the class for that part of the API answer (StatusApi, AppApi, HookApi,
// PullApi).
//
// Not thread-safe.
class Routes {
 public:
  // All are borrowed.
  Routes(const GitHubRules::Options& options, World* world, Apps* apps,
         Limits* limits, Conduct* conduct, Hooks* hooks, Access* access,
         const PullRequests* pull_requests);

  // Who makes the request. Does not refuse a bad token; Answer does.
  Caller CallerOf(const SimulatedRequest& request, const RequestTarget& target,
                  absl::Time now) const;

  // The answer. A successful read gets an ETag; if the client sends that back
  // and nothing has changed, it gets 304.
  SimulatedResponse Answer(const Call& call);

  // The status that the request would create; nothing: it creates none.
  std::optional<Conduct::Key> PostedKey(const Call& call) const;

  // Whether it is `GET /rate_limit`, which costs no budget.
  static bool IsRateLimit(const Call& call);

 private:
  SimulatedResponse Route(const Call& call);
  // What GitHub tells everybody; nothing: the request is for something else.
  std::optional<SimulatedResponse> TellAnybody(const Call& call) const;
  // What GitHub tells all users, whatever they may do; nothing: the request is
  // for something else.
  std::optional<SimulatedResponse> TellUser(const Call& call) const;
  // GitHub's refusal of a bad or missing token; nothing: the token is good.
  std::optional<SimulatedResponse> Refuse(const Call& call) const;
  std::optional<SimulatedResponse> RefuseToken(const Call& call) const;
  std::optional<SimulatedResponse> RefuseInstallation(const Call& call) const;

  // The 404 for a route that GitHub does not have, which counts as
  // misbehaviour.
  SimulatedResponse NoRoute();
  SimulatedResponse OrNoRoute(std::optional<SimulatedResponse> answer);

  // The repository that the path names. Null: it does not exist, or the caller
  // may not know of it; the answer is 404.
  World::Repository* FindRepository(const Call& call,
                                    const std::string& full_name);
  World::Repository* FindRepository(const Call& call, int64_t id);

  // Answers a request below a repository. Its name takes `segments_of_name`
  // segments of the path: three with OWNER/NAME, two with an id.
  SimulatedResponse InRepository(const Call& call,
                                 World::Repository& repository,
                                 size_t segments_of_name);
  // A read of a commit or its statuses; `rest` is the path below `repository`.
  SimulatedResponse ReadCommit(const Call& call, World::Repository& repository,
                               const std::vector<std::string>& rest);
  SimulatedResponse Moved(const Call& call, const World::Repository& repository,
                          size_t segments_of_name) const;
  // The JSON of `repository`, as GitHub shows it to the caller.
  nlohmann::ordered_json RepositoryObjectFor(
      const Call& call, const World::Repository& repository);
  SimulatedResponse CollaboratorPermission(const Call& call,
                                           const World::Repository& repository,
                                           const std::string& login);
  SimulatedResponse InstallationRepositories(const Call& call);
  SimulatedResponse RateLimit(const Call& call) const;

  const GitHubRules::Options& options_;
  const std::string api_url_;
  World* const world_;
  Apps* const apps_;
  Limits* const limits_;
  Conduct* const conduct_;
  Access* const access_;
  StatusApi status_api_;
  AppApi app_api_;
  HookApi hook_api_;
  PullApi pull_api_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_ROUTES_H_
