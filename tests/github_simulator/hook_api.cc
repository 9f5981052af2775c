#include "tests/github_simulator/hook_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/github_simulator/answers.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/hook_objects.h"
#include "tests/github_simulator/webhook_payload.h"

namespace signalbox {

using Json = nlohmann::ordered_json;

namespace {

constexpr char kDeliveryDocs[] = "https://docs.github.com/rest/webhooks";

SimulatedResponse InvalidDelivery(absl::string_view field) {
  return InvalidField("HookDelivery", field, kDeliveryDocs);
}

// Whether GitHub's filter selects a delivery. One without an answer is in
// neither filter.
bool IsIn(absl::string_view filter, const Hooks::Delivery& delivery) {
  const int code = delivery.outcome->status_code;
  if (filter == "success") return code >= 200 && code < 400;
  if (filter == "failure") return code >= 400 && code < 600;
  return true;
}

// Followed by the id of the page's first delivery.
constexpr absl::string_view kCursorPrefix = "v1_";

}  // namespace

std::optional<SimulatedResponse> HookApi::OfRepository(
    const Call& call, const World::Repository& repository, const Path& path) {
  if (auto refusal = access_->Refuse(call, &repository, "",
                                     {.permission = "repository_hooks",
                                      .is_write = !call.is_read,
                                      .role = Role::kAdmin,
                                      .scopes = {"repo", "admin:repo_hook"}})) {
    return *std::move(refusal);
  }
  return Below(
      call, hooks_->OfRepository(repository.id),
      absl::StrCat(api_url_, "/repositories/", repository.id, "/hooks"), path);
}

std::optional<SimulatedResponse> HookApi::OfOrganization(
    const Call& call, const std::string& login, const Path& path) {
  if (auto refusal = access_->Refuse(call, nullptr, login,
                                     {.permission = "organization_hooks",
                                      .is_write = !call.is_read,
                                      .role = Role::kAdmin,
                                      .scopes = {"admin:org_hook"}})) {
    return *std::move(refusal);
  }
  return Below(call, hooks_->OfOrganization(login),
               absl::StrCat(api_url_, "/orgs/", login, "/hooks"), path);
}

std::optional<SimulatedResponse> HookApi::OfApp(const Call& call,
                                                const Path& path) {
  if (path.empty()) return std::nullopt;
  const Hooks::Entry* const entry = hooks_->FindOfApp(call.caller.id);
  if (path.size() == 1 && path[0] == "config" && call.is_read) {
    return entry == nullptr ? NotFound()
                            : JsonAnswer(200, HookConfigObject(entry->hook));
  }
  if (path[0] != "deliveries") return std::nullopt;
  if (entry == nullptr) return NotFound();
  return OfHook(call, *entry, api_url_ + "/app/hook", path);
}

std::optional<SimulatedResponse> HookApi::Below(
    const Call& call, const std::vector<const Hooks::Entry*>& all,
    const std::string& url, const Path& path) {
  if (path.empty()) {
    if (!call.is_read) return std::nullopt;
    return ListHooks(call, all, url);
  }
  int64_t id = 0;
  if (!absl::SimpleAtoi(path[0], &id)) return NotFound();
  const auto it = std::find_if(all.begin(), all.end(), [id](const auto* entry) {
    return entry->hook.id == id;
  });
  if (it == all.end()) return NotFound();
  return OfHook(call, **it, absl::StrCat(url, "/", id),
                Path(path.begin() + 1, path.end()));
}

std::optional<SimulatedResponse> HookApi::OfHook(const Call& call,
                                                 const Hooks::Entry& entry,
                                                 const std::string& url,
                                                 const Path& path) {
  const bool is_post = call.request.method == "POST";
  if (path.empty()) {
    if (!call.is_read) return std::nullopt;
    return JsonAnswer(200, HookObject(entry));
  }
  if (path.size() == 1 && path[0] == "pings" && is_post) {
    return Ping(call, entry);
  }
  if (path[0] != "deliveries") return std::nullopt;
  if (path.size() == 1 && call.is_read) {
    return ListDeliveries(call, entry, url + "/deliveries");
  }
  const bool is_attempt = path.size() == 3 && path[2] == "attempts" && is_post;
  const bool is_one = path.size() == 2 && call.is_read;
  if (!is_attempt && !is_one) return std::nullopt;
  int64_t id = 0;
  if (!absl::SimpleAtoi(path[1], &id)) return NotFound();
  if (is_attempt) return Redeliver(call, entry, id);
  const Hooks::Delivery* const delivery =
      hooks_->FindDelivery(entry.hook.id, id, call.now);
  return delivery == nullptr ? NotFound()
                             : JsonAnswer(200, DeliveryObject(*delivery));
}

SimulatedResponse HookApi::ListHooks(
    const Call& call, const std::vector<const Hooks::Entry*>& all,
    const std::string& url) const {
  return PageAnswer(call.target, all, url, [this](const Hooks::Entry& entry) {
    return HookObject(entry);
  });
}

SimulatedResponse HookApi::ListDeliveries(const Call& call,
                                          const Hooks::Entry& entry,
                                          const std::string& url) {
  const absl::string_view filter = call.target.Query("status");
  if (!filter.empty() && filter != "success" && filter != "failure") {
    return InvalidDelivery("status");
  }
  absl::string_view cursor = call.target.Query("cursor");
  int64_t first_id = 0;
  if (cursor.empty()) {
    hooks_->NoteListing(entry.hook.id, call.now);
  } else if (!absl::ConsumePrefix(&cursor, kCursorPrefix) ||
             !absl::SimpleAtoi(cursor, &first_id)) {
    return InvalidDelivery("cursor");
  }
  std::vector<const Hooks::Delivery*> all =
      hooks_->DeliveriesOf(entry.hook.id, call.now);
  if (first_id != 0) {
    // A cursor that is too old leads to an empty page.
    all.erase(all.begin(),
              std::find_if(all.begin(), all.end(), [first_id](const auto* d) {
                return d->id == first_id;
              }));
  }
  std::erase_if(all, [filter](const auto* d) { return !IsIn(filter, *d); });
  const size_t size = PageSize(call.target);
  Json items = Json::array();
  for (size_t i = 0; i < std::min(size, all.size()); ++i) {
    items.push_back(DeliveryItem(*all[i]));
  }
  SimulatedResponse response = JsonAnswer(200, items);
  if (all.size() > size) {
    response.headers.emplace_back(
        "link",
        absl::StrCat("<", url, "?",
                     call.target.RawQueryWithout({"cursor", "per_page"}),
                     "per_page=", size, "&cursor=", kCursorPrefix,
                     all[size]->id, ">; rel=\"next\""));
  }
  return response;
}

SimulatedResponse HookApi::Redeliver(const Call& call,
                                     const Hooks::Entry& entry,
                                     int64_t delivery_id) {
  const Hooks::Delivery* const delivery =
      hooks_->FindDelivery(entry.hook.id, delivery_id, call.now);
  if (delivery == nullptr) return NotFound();
  if (!call.is_given_up) {
    hooks_->JudgeRedelivery(entry.hook.id, *delivery, call.now);
  }
  hooks_->Redeliver(entry.hook.id, delivery_id, call.now);
  return JsonAnswer(202, Json::object());
}

const World::Repository* HookApi::RepositoryOf(
    const Hooks::Entry& entry) const {
  return entry.hook.repository.empty() ? nullptr
                                       : world_->Peek(entry.target_id);
}

SimulatedResponse HookApi::Ping(const Call& call, const Hooks::Entry& entry) {
  const World::Repository* const repository = RepositoryOf(entry);
  WebhookScene scene = {.api_url = api_url_,
                        .now = call.now,
                        .organization = entry.hook.organization};
  if (repository != nullptr) scene.repository = Described(*repository);
  const Json payload = PingPayload(scene, HookObject(entry));
  hooks_->Send(
      {.name = "ping", .payload = payload.dump(), .hook_id = entry.hook.id},
      call.now);
  return NoContent();
}

Json HookApi::HookObject(const Hooks::Entry& entry) const {
  const World::Repository* const repository = RepositoryOf(entry);
  const std::string whose =
      repository == nullptr ? absl::StrCat("/orgs/", entry.hook.organization)
                            : absl::StrCat("/repos/", repository->full_name);
  return signalbox::HookObject(
      entry, absl::StrCat(api_url_, whose, "/hooks/", entry.hook.id));
}

}  // namespace signalbox
