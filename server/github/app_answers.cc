#include "server/github/app_answers.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/timestamp.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxToken = 8 << 10;
constexpr size_t kMaxPermissions = 200;
constexpr size_t kMaxPermissionWord = 64;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the server did not understand GitHub's answer: ", what));
}

absl::StatusOr<Json> ParseObject(absl::string_view body) {
  Json json = Json::parse(body.begin(), body.end(), /*cb=*/nullptr,
                          /*allow_exceptions=*/false);
  if (!json.is_object()) return Wrong("it is not a JSON object");
  return json;
}

// Null if there is no such member, or it is no string.
std::string* FindMember(Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<std::string*>();
}

bool IsPermissionWord(absl::string_view word) {
  return !word.empty() && word.size() <= kMaxPermissionWord &&
         std::ranges::all_of(word, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-';
         });
}

std::vector<std::string> ReadPermissions(const Json& object) {
  std::vector<std::string> permissions;
  const auto found = object.find("permissions");
  if (found == object.end() || !found->is_object()) return permissions;
  for (const auto& [name, value] : found->items()) {
    const std::string* const level = value.get_ptr<const std::string*>();
    if (level == nullptr || !IsPermissionWord(*level) ||
        !IsPermissionWord(name)) {
      continue;
    }
    if (permissions.size() == kMaxPermissions) break;
    permissions.push_back(absl::StrCat(name, "=", *level));
  }
  std::ranges::sort(permissions);
  return permissions;
}

}  // namespace

absl::StatusOr<Installation> ParseInstallation(absl::string_view body) {
  const absl::StatusOr<Json> json = ParseObject(body);
  if (!json.ok()) return json.status();
  const auto id = json->find("id");
  if (id == json->end() || !id->is_number_unsigned()) {
    return Wrong("the installation has no id");
  }
  const auto number = id->get<uint64_t>();
  if (number == 0 || number > std::numeric_limits<int64_t>::max()) {
    return Wrong("the installation's id is out of range");
  }
  Installation installation;
  installation.id = static_cast<int64_t>(number);
  const auto suspended_at = json->find("suspended_at");
  installation.suspended =
      suspended_at != json->end() && !suspended_at->is_null();
  installation.permissions = ReadPermissions(*json);
  return installation;
}

absl::StatusOr<InstallationToken> ParseInstallationToken(
    absl::string_view body) {
  absl::StatusOr<Json> json = ParseObject(body);
  if (!json.ok()) return json.status();
  std::string* const value = FindMember(*json, "token");
  if (value == nullptr || value->empty()) return Wrong("it has no token");
  InstallationToken token;
  token.value = Secret(std::move(*value));
  const std::string& word = token.value.Reveal();
  if (word.size() > kMaxToken) return Wrong("the token is too long");
  // The token goes into a header, so it must not contain a line break.
  if (!std::ranges::all_of(word, absl::ascii_isgraph)) {
    return Wrong("the token has a space or an unprintable character");
  }
  const std::string* const expires_at = FindMember(*json, "expires_at");
  if (expires_at == nullptr) return Wrong("the token has no expires_at");
  const std::optional<absl::Time> expiry = ParseTimestamp(*expires_at);
  if (!expiry.has_value()) return Wrong("the token's expires_at is not a time");
  token.expiry_time = *expiry;
  token.permissions = ReadPermissions(*json);
  return token;
}

}  // namespace signalbox
