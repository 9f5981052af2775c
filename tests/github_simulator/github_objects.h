#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JSON objects of GitHub's API answers and webhook payloads, with the
// members that GitHub's description requires. Pure.

// An account. `is_bot`: an App's user. `is_organization`: it owns repositories.
struct SimulatedUser {
  std::string login;
  int64_t id = 0;
  bool is_bot = false;
  bool is_organization = false;
};

struct SimulatedRepository {
  int64_t id = 0;
  std::string full_name;  // OWNER/NAME, as spelled.
  bool archived = false;
};

// Everything has this creation time.
inline constexpr char kCreationTime[] = "2026-01-01T00:00:00Z";

// "2026-06-01T00:00:00Z".
std::string IsoTime(absl::Time time);

// null for an empty text.
nlohmann::ordered_json TextOrNull(const std::string& text);

// An opaque id, in the form of GitHub's GraphQL ids.
std::string NodeId(absl::string_view kind, int64_t id);

// The beginning of links for people: https://github.com, or, for a GHES with
// its API at `HOST/api/v3`, that host.
std::string WebUrl(absl::string_view api_url);

// A stable id for a login.
int64_t AccountId(absl::string_view login);

// The user of that login; an App's if it ends in "[bot]".
SimulatedUser UserOfLogin(const std::string& login);

// Links to the API begin with `api_url`, which has no slash at the end.
nlohmann::ordered_json UserObject(const SimulatedUser& user,
                                  absl::string_view api_url);

// An organisation in webhook payloads.
nlohmann::ordered_json OrganizationObject(const std::string& login,
                                          absl::string_view api_url);

// The answer to `GET /user`.
nlohmann::ordered_json FullUserObject(const SimulatedUser& user,
                                      absl::string_view api_url);

// A repository within other objects ("minimal repository").
nlohmann::ordered_json RepositoryObject(const SimulatedRepository& repository,
                                        absl::string_view api_url);

// The answer to `GET /repos/OWNER/NAME`; webhook payloads have it, too.
nlohmann::ordered_json FullRepositoryObject(
    const SimulatedRepository& repository, absl::string_view api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
