#include "tests/github_simulator/token_request.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxRepositories = 500;

// The repository that an element of the request names. Null: the installation
// has no such repository.
const World::Repository* FindNamed(const Json& element,
                                   const Apps::Installation& installation,
                                   const World& world) {
  const World::Repository* found = nullptr;
  if (element.is_string()) {
    found = world.Peek(
        absl::StrCat(installation.account, "/", element.get<std::string>()));
  } else if (element.is_number_integer()) {
    found = world.Peek(element.get<int64_t>());
  }
  const bool is_its = found != nullptr &&
                      absl::EqualsIgnoreCase(World::OwnerOf(found->full_name),
                                             installation.account);
  return is_its ? found : nullptr;
}

bool IsGranted(const Apps::Installation& installation, const std::string& name,
               const Json& level) {
  const auto granted = installation.permissions.find(name);
  return granted != installation.permissions.end() &&
         (level == "read" || level == granted->second);
}

}  // namespace

std::optional<Refusal> ReadTokenRequest(absl::string_view body,
                                        const Apps::Installation& installation,
                                        const World& world,
                                        Apps::Scope* scope) {
  *scope = {.permissions = installation.permissions,
            .repository_ids = std::nullopt};
  if (body.empty()) return std::nullopt;
  Json json;
  if (auto refusal = ReadObject(body, &json)) return refusal;
  for (const char* const name : {"repositories", "repository_ids"}) {
    const auto list = json.find(name);
    if (list == json.end()) continue;
    if (!list->is_array() || list->size() > kMaxRepositories) {
      return Refusal{.message = absl::StrCat("Invalid request.\n\nFor '", name,
                                             "', that is not a list of at most "
                                             "500.")};
    }
    for (const Json& element : *list) {
      const World::Repository* const repository =
          FindNamed(element, installation, world);
      if (repository == nullptr) {
        return Refusal{.message =
                           "There is at least one repository that does not "
                           "exist or is not accessible to the parent "
                           "installation."};
      }
      if (!scope->repository_ids.has_value()) scope->repository_ids.emplace();
      scope->repository_ids->insert(repository->id);
    }
  }
  const auto permissions = json.find("permissions");
  if (permissions == json.end()) return std::nullopt;
  if (!permissions->is_object()) {
    return Refusal{.message =
                       "Invalid request.\n\nFor 'permissions', that is not an "
                       "object."};
  }
  scope->permissions = {{"metadata", "read"}};
  for (const auto& [name, level] : permissions->items()) {
    if (!IsGranted(installation, name, level)) {
      return Refusal{.message =
                         "The permissions requested are not granted to this "
                         "installation."};
    }
    scope->permissions[name] = level.get<std::string>();
  }
  return std::nullopt;
}

}  // namespace signalbox
