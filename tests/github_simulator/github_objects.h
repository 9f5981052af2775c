#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// The JSON objects that GitHub's API answers and webhook payloads are made of,
// with the members that GitHub's description requires. Pure.

// Who acts. `is_bot` is an App's user, `is_organization` an account that owns.
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

// When everything was created.
inline constexpr char kCreationTime[] = "2026-01-01T00:00:00Z";

// "2026-06-01T00:00:00Z".
std::string IsoTime(absl::Time time);

// null for an empty text.
nlohmann::ordered_json TextOrNull(const std::string& text);

// An opaque id as GitHub's GraphQL has them.
std::string NodeId(absl::string_view kind, int64_t id);

// What links for people begin with: https://github.com, or where GHES has its
// API, at `HOST/api/v3`, that host.
std::string WebUrl(absl::string_view api_url);

// A stable id for a login.
int64_t AccountId(absl::string_view login);

// The user of that login; an App's if it ends in "[bot]".
SimulatedUser UserOfLogin(const std::string& login);

// `api_url` is what links to the API begin with, without a slash at the end.
nlohmann::ordered_json UserObject(const SimulatedUser& user,
                                  absl::string_view api_url);

// An organisation as webhook payloads have it.
nlohmann::ordered_json OrganizationObject(const std::string& login,
                                          absl::string_view api_url);

// As `GET /user` has it.
nlohmann::ordered_json FullUserObject(const SimulatedUser& user,
                                      absl::string_view api_url);

// As part of other objects ("minimal repository").
nlohmann::ordered_json RepositoryObject(const SimulatedRepository& repository,
                                        absl::string_view api_url);

// As `GET /repos/OWNER/NAME` and webhook payloads have it.
nlohmann::ordered_json FullRepositoryObject(
    const SimulatedRepository& repository, absl::string_view api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_OBJECTS_H_
