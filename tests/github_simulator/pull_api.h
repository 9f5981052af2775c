#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_API_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_API_H_

#include <string>
#include <utility>

#include "tests/github_simulator/call.h"
#include "tests/github_simulator/pull_requests.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// PullApi answers the API requests that read pull requests. Routes has found
// the repository before, and the client may see it.
//
// Not thread-safe.
class PullApi {
 public:
  // `pull_requests` is borrowed. Links in answers begin with `api_url`.
  PullApi(const PullRequests* pull_requests, std::string api_url)
      : pull_requests_(pull_requests), api_url_(std::move(api_url)) {}

  // One page of the repository's pull requests: those that fit the query's
  // `state`, `head` and `base`, in the order of its `sort` and `direction`.
  SimulatedResponse List(const Call& call,
                         const World::Repository& repository) const;
  // The pull request of this number, or 404.
  SimulatedResponse One(const World::Repository& repository,
                        const std::string& number) const;

 private:
  const PullRequests* const pull_requests_;
  const std::string api_url_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_API_H_
