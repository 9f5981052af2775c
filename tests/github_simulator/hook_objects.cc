#include "tests/github_simulator/hook_objects.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tests/github_simulator/github_objects.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json ValueOrNull(const std::optional<T>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

Json HeadersObject(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  Json object = Json::object();
  for (const auto& [name, value] : headers) object[name] = value;
  return object;
}

Json LastResponse(const std::optional<Hooks::Outcome>& last) {
  if (!last.has_value()) {
    return {{"code", nullptr}, {"status", "unused"}, {"message", nullptr}};
  }
  const bool is_good = last->status_code >= 200 && last->status_code < 400;
  return {{"code", last->status_code},
          {"status", is_good ? "active" : "misconfigured"},
          {"message", last->reason}};
}

}  // namespace

Json HookConfigObject(const Hooks::Hook& hook) {
  Json config = {{"content_type", hook.content_type},
                 {"insecure_ssl", hook.insecure_ssl ? "1" : "0"},
                 {"url", hook.url}};
  if (!hook.secret.empty()) config["secret"] = "********";
  return config;
}

Json HookObject(const Hooks::Entry& entry, const std::string& url) {
  const Hooks::Hook& hook = entry.hook;
  const std::string time = IsoTime(entry.created_at);
  Json object = {
      {"type", hook.app_id != 0            ? "App"
               : hook.organization.empty() ? "Repository"
                                           : "Organization"},
      {"id", hook.id},
      {"name", "web"},
      {"active", hook.active},
      {"events", hook.events},
      {"config", HookConfigObject(hook)},
      {"updated_at", time},
      {"created_at", time},
  };
  if (hook.app_id != 0) {
    object["app_id"] = hook.app_id;
    object["deliveries_url"] = url + "/deliveries";
    return object;
  }
  object["url"] = url;
  if (hook.organization.empty()) object["test_url"] = url + "/test";
  object["ping_url"] = url + "/pings";
  object["deliveries_url"] = url + "/deliveries";
  if (hook.organization.empty()) {
    object["last_response"] = LastResponse(entry.last_outcome);
  }
  return object;
}

Json DeliveryItem(const Hooks::Delivery& delivery) {
  Json item = {
      {"id", delivery.id},
      {"guid", delivery.guid},
      {"delivered_at", IsoTime(delivery.delivered_at)},
      {"redelivery", delivery.is_redelivery},
      // Cut to hundredths of a second.
      {"duration",
       static_cast<double>(absl::ToInt64Milliseconds(delivery.duration) / 10) /
           100},
      {"status", delivery.outcome->reason},
      {"status_code", delivery.outcome->status_code},
      {"event", delivery.event},
      {"action", ValueOrNull(delivery.action)},
      {"installation_id", ValueOrNull(delivery.installation_id)},
      {"repository_id", ValueOrNull(delivery.repository_id)},
      {"throttled_at", nullptr},
  };
  if (delivery.throttled_at.has_value()) {
    item["throttled_at"] = IsoTime(*delivery.throttled_at);
  }
  return item;
}

Json DeliveryObject(const Hooks::Delivery& delivery) {
  const Hooks::Outcome& outcome = *delivery.outcome;
  Json object = DeliveryItem(delivery);
  object["url"] = delivery.url;
  object["request"] = {{"headers", HeadersObject(delivery.request_headers)},
                       {"payload", Json::parse(delivery.payload)}};
  object["response"] = {{"headers", nullptr}, {"payload", nullptr}};
  if (outcome.status_code != 0) {
    object["response"] = {{"headers", HeadersObject(outcome.headers)},
                          {"payload", outcome.body}};
  }
  return object;
}

}  // namespace signalbox
