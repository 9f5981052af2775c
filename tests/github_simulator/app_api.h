#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_API_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_API_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/call.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// AppApi answers the requests that a GitHub App makes with its JWT: about the
// App, about its installations, and for their tokens.
//
// Not thread-safe.
class AppApi {
 public:
  // `world` and `apps` are borrowed. Links in answers begin with `api_url`.
  AppApi(World* world, Apps* apps, std::string api_url)
      : world_(world), apps_(apps), api_url_(std::move(api_url)) {}

  // Whether requests with this path need a JWT: `/app...`, `.../installation`.
  static bool IsPath(const RequestTarget& target);

  // Answers a request whose path IsPath accepts, except the paths below
  // `/repos`: use InstallationAt for them. Nothing: GitHub has no such route.
  std::optional<SimulatedResponse> Answer(const Call& call);

  // The calling App's installation at the account that owns a repository; 404
  // if there is none.
  SimulatedResponse InstallationAt(const Call& call,
                                   absl::string_view account) const;

 private:
  // The calling App's installation with this id; null: it has none.
  const Apps::Installation* Find(const Call& call, const std::string& id) const;
  SimulatedResponse MakeToken(const Call& call,
                              const Apps::Installation& installation);
  SimulatedResponse List(const Call& call) const;
  // The answer that describes an installation; 404 if it is null.
  SimulatedResponse Show(const Apps::Installation* installation) const;
  nlohmann::ordered_json ObjectOf(const Apps::Installation& installation) const;

  World* const world_;
  Apps* const apps_;
  const std::string api_url_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_APP_API_H_
