#include "rest/app_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/names.h"
#include "common/webhook/json_fields.h"
#include "rest/grants.h"
#include "rest/name_hash.h"

namespace signalbox {
namespace {

constexpr int64_t kTokenSeconds = 3600;
constexpr absl::string_view kTokenMembers[] = {"repositories", "repositories[]",
                                               "repository_ids", "permissions",
                                               "permissions.statuses"};

RestRefusal NotOfThisInstallation(absl::string_view message) {
  return PlainRefusal(422, message);
}

RestRefusal PermissionMissing() {
  return NotOfThisInstallation(
      "The permissions requested are not granted to this installation.");
}

// Whether the member is there and not null.
bool IsGiven(const JsonFields& fields, absl::string_view name) {
  const JsonValue* const value = fields.Find(name);
  return value != nullptr && !std::holds_alternative<JsonNull>(*value);
}

// Whether the body, which is one JSON object, has an empty `permissions`.
// PyGithub always sends the member. GitHub, too, then gives all permissions.
bool HasEmptyPermissions(absl::string_view body) {
  const auto object = nlohmann::json::parse(body.begin(), body.end(), nullptr,
                                            /*allow_exceptions=*/false);
  const auto member = object.find("permissions");
  return member != object.end() && member->is_object() && member->empty();
}

// The account of a pattern [HOST/]OWNER/NAME on this host, which may have `*`.
// Nothing: the pattern is for another host.
std::optional<std::string> AccountIn(absl::string_view pattern,
                                     absl::string_view host) {
  if (pattern == "*") return "*";
  const std::vector<std::string> parts = absl::StrSplit(pattern, '/');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const std::string& of = parts.size() == 3 ? parts[0] : "github.com";
  if (!absl::EqualsIgnoreCase(of, host) && !absl::StrContains(of, '*')) {
    return std::nullopt;
  }
  return parts[parts.size() - 2];
}

}  // namespace

std::variant<AppTokenRequest, RestRefusal> ReadAppTokenRequest(
    absl::string_view body) {
  AppTokenRequest request;
  // ghinstallation, of Go, writes its missing options so.
  const absl::string_view said = absl::StripAsciiWhitespace(body);
  if (said.empty() || said == "null") return request;
  const absl::StatusOr<JsonFields> fields =
      JsonFields::Read(body, kTokenMembers);
  if (!fields.ok()) return PlainRefusal(400, "Problems parsing JSON");
  if (IsGiven(*fields, "repository_ids")) {
    return InvalidFieldRefusal("repository_ids", "custom",
                               "repository_ids are not supported; give the "
                               "names as repositories");
  }
  if (IsGiven(*fields, "repositories")) {
    const JsonValue* const texts = fields->Find("repositories[]");
    if (texts != nullptr) request.repositories = std::get<JsonTexts>(*texts);
    const bool are_names =
        !request.repositories.empty() &&
        std::ranges::all_of(request.repositories, IsRepositoryName);
    if (!are_names) {
      return InvalidFieldRefusal("repositories", "custom",
                                 "repositories is not a list of names without "
                                 "their owner");
    }
  }
  if (!IsGiven(*fields, "permissions") || HasEmptyPermissions(body)) {
    return request;
  }
  const JsonValue* const statuses = fields->Find("permissions.statuses");
  const auto* const level =
      statuses == nullptr ? nullptr : std::get_if<std::string>(statuses);
  if (level == nullptr || (*level != "read" && *level != "write")) {
    return PermissionMissing();
  }
  request.statuses = *level == "read" ? AppTokenRequest::Statuses::kRead
                                      : AppTokenRequest::Statuses::kWrite;
  return request;
}

std::vector<std::string> AccountsOf(const v1::Grants& grants,
                                    absl::string_view host) {
  std::vector<std::string> accounts;
  for (const std::string& pattern : grants.repositories()) {
    std::optional<std::string> account = AccountIn(pattern, host);
    if (!account.has_value() || absl::StrContains(*account, '*') ||
        HasName(accounts, *account)) {
      continue;
    }
    accounts.push_back(*std::move(account));
  }
  return accounts;
}

bool CoversAccount(const v1::Grants& grants, absl::string_view host,
                   absl::string_view account) {
  return std::ranges::any_of(
      grants.repositories(), [&](const std::string& pattern) {
        const std::optional<std::string> of = AccountIn(pattern, host);
        return of.has_value() && (absl::StrContains(*of, '*') ||
                                  absl::EqualsIgnoreCase(*of, account));
      });
}

int64_t InstallationIdOf(absl::string_view host, absl::string_view account) {
  const uint64_t hash = HashOfName(absl::StrCat(host, "/", account));
  return static_cast<int64_t>(hash >> 34) + (int64_t{1} << 30);
}

std::variant<v1::IssueTokenRequest, RestRefusal> IssueRequestOf(
    const AppTokenRequest& request, const v1::Grants& grants,
    const std::string& host, const std::string& account) {
  using Statuses = AppTokenRequest::Statuses;
  v1::IssueTokenRequest issue;
  issue.mutable_valid_for()->set_seconds(kTokenSeconds);
  v1::Narrowing& narrowing = *issue.mutable_narrowing();
  const bool reports = HasRight(grants, "report");
  const bool reads = HasRight(grants, "read");
  if ((request.statuses == Statuses::kWrite && !reports) ||
      (request.statuses == Statuses::kRead && !reads) || (!reports && !reads)) {
    return PermissionMissing();
  }
  if (reports && request.statuses != Statuses::kRead) {
    narrowing.add_rights("report");
  }
  if (reads) narrowing.add_rights("read");
  for (const std::string& name : request.repositories) {
    narrowing.add_repositories(
        absl::StrCat(host, "/", account.empty() ? "*" : account, "/", name));
  }
  if (request.repositories.empty()) {
    narrowing.add_repositories(
        absl::StrCat(host, "/", account.empty() ? "*" : account, "/*"));
  }
  return issue;
}

}  // namespace signalbox
