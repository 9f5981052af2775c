#include "rest/app_bodies.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rest/app_request.h"
#include "rest/grants.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kSlug[] = "signalbox";
// Signalbox does not know when an App or an installation was made.
constexpr char kNoTime[] = "1970-01-01T00:00:00Z";

std::string TextOf(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

Json AccountObject(const std::string& account, const RestPlace& place) {
  Json object = Json::parse(UserBody(account, place));
  object["type"] = "Organization";
  // GitHub's description of the list of installations wants the members of a
  // user and those of an enterprise at once.
  object["name"] = object["slug"] = account;
  return object;
}

Json Permissions(const v1::Grants& grants) {
  return {{"metadata", "read"},
          {"statuses", HasRight(grants, "report") ? "write" : "read"}};
}

Json InstallationObject(const std::string& account, const v1::Grants& grants,
                        const RestPlace& place) {
  const int64_t id = InstallationIdOf(place.host, account);
  const Json owner = AccountObject(account, place);
  return {{"id", id},
          {"account", owner},
          {"access_tokens_url", absl::StrCat(place.base, "/app/installations/",
                                             id, "/access_tokens")},
          {"repositories_url",
           absl::StrCat(place.base, "/installation/repositories")},
          {"html_url", absl::StrCat("https://", place.host, "/organizations/",
                                    account, "/settings/installations/", id)},
          {"app_id", grants.app_id()},
          {"target_id", owner["id"]},
          {"target_type", "Organization"},
          {"permissions", Permissions(grants)},
          {"events", Json::array()},
          {"created_at", kNoTime},
          {"updated_at", kNoTime},
          {"single_file_name", nullptr},
          {"repository_selection", "selected"},
          {"app_slug", kSlug},
          {"suspended_at", nullptr},
          {"suspended_by", nullptr}};
}

}  // namespace

std::string AppBody(const v1::Grants& grants, const RestPlace& place) {
  const std::string page =
      absl::StrCat("https://", place.host, "/apps/", kSlug);
  return TextOf(
      {{"id", grants.app_id()},
       {"slug", kSlug},
       {"node_id", absl::StrCat("A_", grants.app_id())},
       {"owner", Json::parse(UserBody(kSlug, place))},
       {"name", grants.caller()},
       {"description", nullptr},
       {"external_url", place.base},
       {"html_url", page},
       {"created_at", kNoTime},
       {"updated_at", kNoTime},
       {"permissions", Permissions(grants)},
       {"events", Json::array()},
       {"installations_count", AccountsOf(grants, place.host).size()}});
}

std::string InstallationBody(const std::string& account,
                             const v1::Grants& grants, const RestPlace& place) {
  return TextOf(InstallationObject(account, grants, place));
}

std::string InstallationsBody(const std::vector<std::string>& accounts,
                              const v1::Grants& grants,
                              const RestPlace& place) {
  Json list = Json::array();
  for (const std::string& account : accounts) {
    list.push_back(InstallationObject(account, grants, place));
  }
  return TextOf(list);
}

std::string AppTokenBody(const v1::IssueTokenResponse& issued,
                         const std::string& account,
                         const std::vector<std::string>& repositories,
                         const RestPlace& place) {
  const absl::Time end =
      absl::FromUnixSeconds(issued.grants().token_expire_time().seconds());
  Json body = {{"token", issued.token()},
               {"expires_at", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", end,
                                               absl::UTCTimeZone())},
               {"permissions", Permissions(issued.grants())},
               {"repository_selection", "selected"}};
  for (const std::string& name : repositories) {
    RestPlace one = place;
    one.owner = account;
    one.name = name;
    body["repositories"].push_back(
        Json::parse(RepositoryBody(one, HasRight(issued.grants(), "report"))));
  }
  return TextOf(body);
}

}  // namespace signalbox
