#include "tests/github_simulator/app_objects.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/github_objects.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

SimulatedUser AccountOf(const Apps::Installation& installation) {
  return {.login = installation.account,
          .id = AccountId(installation.account),
          .is_organization = installation.account_type == "Organization"};
}

}  // namespace

Json InstallationObject(const Apps::Installation& installation,
                        const Apps::App& app, const std::string& api_url) {
  const SimulatedUser account = AccountOf(installation);
  const std::string url =
      absl::StrCat(api_url, "/app/installations/", installation.id);
  const std::string settings =
      account.is_organization
          ? absl::StrCat("/organizations/", account.login, "/settings")
          : std::string("/settings");
  Json object = {
      {"id", installation.id},
      {"client_id", app.client_id},
      {"account", UserObject(account, api_url)},
      {"repository_selection", "all"},
      {"access_tokens_url", url + "/access_tokens"},
      {"repositories_url", absl::StrCat(api_url, "/installation/repositories")},
      {"html_url", absl::StrCat(WebUrl(api_url), settings, "/installations/",
                                installation.id)},
      {"app_id", installation.app_id},
      {"app_slug", app.slug},
      {"target_id", account.id},
      {"target_type", installation.account_type},
      {"permissions", installation.permissions},
      {"events", Json::array({"pull_request", "push"})},
      {"created_at", kCreationTime},
      {"updated_at", kCreationTime},
      {"single_file_name", nullptr},
      {"has_multiple_single_files", false},
      {"single_file_paths", Json::array()},
      {"suspended_by", nullptr},
      {"suspended_at", nullptr},
  };
  if (installation.suspended) {
    object["suspended_by"] = object["account"];
    object["suspended_at"] = kCreationTime;
  }
  return object;
}

Json AppObject(const Apps::App& app, size_t installations,
               const std::string& api_url) {
  const std::string owner = app.slug + "-owner";
  return {
      {"id", app.id},
      {"client_id", app.client_id},
      {"slug", app.slug},
      {"node_id", NodeId("A", app.id)},
      {"owner",
       UserObject(
           {.login = owner, .id = AccountId(owner), .is_organization = true},
           api_url)},
      {"name", app.slug},
      {"description", nullptr},
      {"external_url", WebUrl(api_url)},
      {"html_url", absl::StrCat(WebUrl(api_url), "/apps/", app.slug)},
      {"created_at", kCreationTime},
      {"updated_at", kCreationTime},
      {"permissions", Apps::Granted()},
      {"events", Json::array({"pull_request", "push"})},
      {"installations_count", installations},
  };
}

}  // namespace signalbox
