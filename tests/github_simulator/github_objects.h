#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JSON objects that GitHub's API answers and webhook payloads contain, with
// the members that GitHub's description requires. All functions are pure. Their
// parameter `api_url` is the beginning of links to the API, without a slash at
// the end.

// An account. `is_bot`: the user of an App. `is_organization`: an organisation.
struct SimulatedUser {
  std::string login;
  int64_t id = 0;
  bool is_bot = false;
  bool is_organization = false;
};

// A repository, as far as JSON objects show it.
struct SimulatedRepository {
  int64_t id = 0;
  std::string full_name;  // OWNER/NAME, as spelled.
  bool archived = false;
};

// The creation time of every object.
inline constexpr char kCreationTime[] = "2026-01-01T00:00:00Z";

// The time as GitHub writes it: "2026-06-01T00:00:00Z".
std::string IsoTime(absl::Time time);

// The text; JSON's null if it is empty.
nlohmann::ordered_json TextOrNull(const std::string& text);

// An opaque id in the form of GitHub's GraphQL ids, made from `kind` and `id`.
std::string NodeId(absl::string_view kind, int64_t id);

// The beginning of links for people. It is https://github.com, or for a GHES
// with its API at `HOST/api/v3` that host.
std::string WebUrl(absl::string_view api_url);

// An id for a login, always the same.
int64_t AccountId(absl::string_view login);

// The user with this login. If the login ends in "[bot]", it is an App's.
SimulatedUser UserOfLogin(const std::string& login);

// A user within other objects.
nlohmann::ordered_json UserObject(const SimulatedUser& user,
                                  absl::string_view api_url);

// An organisation, as webhook payloads contain it.
nlohmann::ordered_json OrganizationObject(const std::string& login,
                                          absl::string_view api_url);

// The answer to `GET /user`.
nlohmann::ordered_json FullUserObject(const SimulatedUser& user,
                                      absl::string_view api_url);

// A repository within other objects (GitHub calls it "minimal repository").
nlohmann::ordered_json RepositoryObject(const SimulatedRepository& repository,
                                        absl::string_view api_url);

// A commit: the answer to `GET /repos/OWNER/NAME/commits/SHA`. It is a first
// commit without files.
nlohmann::ordered_json CommitObject(const SimulatedRepository& repository,
                                    const std::string& sha,
                                    absl::string_view api_url);

// A whole repository: the answer to `GET /repos/OWNER/NAME`. Webhook payloads
// contain it, too.
nlohmann::ordered_json FullRepositoryObject(
    const SimulatedRepository& repository, absl::string_view api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
