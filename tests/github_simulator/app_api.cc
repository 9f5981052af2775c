#include "tests/github_simulator/app_api.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/app_objects.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/token_request.h"

namespace signalbox {

using Json = nlohmann::ordered_json;

namespace {

constexpr char kTokenDocs[] =
    "https://docs.github.com/rest/apps/apps"
    "#create-an-installation-access-token-for-an-app";

}  // namespace

bool AppApi::IsPath(const RequestTarget& target) {
  const std::vector<std::string>& path = target.segments;
  if (!target.is_valid || path.empty()) return false;
  if (path[0] == "app") return true;
  if (path.back() != "installation") return false;
  return path[0] == "repos"
             ? path.size() == 4
             : path.size() == 3 && (path[0] == "orgs" || path[0] == "users" ||
                                    path[0] == "repositories");
}

std::optional<SimulatedResponse> AppApi::Answer(const Call& call) {
  const std::vector<std::string>& path = call.target.segments;
  if (call.request.method == "POST" && path.size() == 4 && path[0] == "app" &&
      path[1] == "installations" && path[3] == "access_tokens") {
    const Apps::Installation* const found = Find(call, path[2]);
    return found == nullptr ? NotFound() : MakeToken(call, *found);
  }
  if (!call.is_read) return std::nullopt;
  if (path[0] == "app") {
    if (path.size() == 1) {
      return JsonAnswer(
          200,
          AppObject(*apps_->FindApp(call.caller.id),
                    apps_->InstallationsOf(call.caller.id).size(), api_url_));
    }
    if (path[1] != "installations" || path.size() > 3) return std::nullopt;
    return path.size() == 2 ? List(call) : Show(Find(call, path[2]));
  }
  const Apps::Installation* const found =
      apps_->FindInstallationAt(call.caller.id, path[1]);
  const bool is_organization =
      found != nullptr && found->account_type == "Organization";
  return Show(is_organization == (path[0] == "orgs") ? found : nullptr);
}

SimulatedResponse AppApi::InstallationAt(const Call& call,
                                         absl::string_view account) const {
  return Show(apps_->FindInstallationAt(call.caller.id, account));
}

const Apps::Installation* AppApi::Find(const Call& call,
                                       const std::string& id) const {
  int64_t number = 0;
  if (!absl::SimpleAtoi(id, &number)) return nullptr;
  const Apps::Installation* const found = apps_->FindInstallation(number);
  const bool is_its = found != nullptr && found->app_id == call.caller.id;
  return is_its ? found : nullptr;
}

SimulatedResponse AppApi::MakeToken(const Call& call,
                                    const Apps::Installation& installation) {
  if (installation.suspended) {
    return Failure(403, "This installation has been suspended", kTokenDocs);
  }
  Apps::Scope scope;
  if (const auto refusal =
          ReadTokenRequest(call.request.body, installation, *world_, &scope)) {
    return Failure(refusal->http_status, refusal->message, kTokenDocs);
  }
  const absl::string_view wish =
      HeaderOf(call.request, "x-github-stateless-s2s-token");
  bool is_long = installation.long_tokens;
  if (wish == "enabled") is_long = true;
  if (wish == "disabled") is_long = false;
  const Apps::Token& token =
      apps_->MakeToken(installation, is_long, scope, call.now);
  Json object = {
      {"token", token.text},
      {"expires_at", IsoTime(token.expires_at)},
      {"permissions", scope.permissions},
      {"repository_selection",
       scope.repository_ids.has_value() ? "selected" : "all"},
  };
  if (scope.repository_ids.has_value()) {
    Json repositories = Json::array();
    for (const int64_t id : *scope.repository_ids) {
      repositories.push_back(FullRepositoryObject(
          Described(*world_->FindRepository(id)), api_url_));
    }
    object["repositories"] = std::move(repositories);
  }
  return JsonAnswer(201, object);
}

SimulatedResponse AppApi::List(const Call& call) const {
  return PageAnswer(call.target, apps_->InstallationsOf(call.caller.id),
                    absl::StrCat(api_url_, "/app/installations"),
                    [this](const Apps::Installation& installation) {
                      return ObjectOf(installation);
                    });
}

SimulatedResponse AppApi::Show(const Apps::Installation* installation) const {
  return installation == nullptr ? NotFound()
                                 : JsonAnswer(200, ObjectOf(*installation));
}

Json AppApi::ObjectOf(const Apps::Installation& installation) const {
  return InstallationObject(installation, *apps_->FindApp(installation.app_id),
                            api_url_);
}

}  // namespace signalbox
