#include "tests/github_simulator/webhook_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/hook_objects.h"
#include "tests/github_simulator/webhook_payload.h"
#include "tests/github_simulator/world.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxHeld = 1000;

// The newest delivery of a GUID through a hook; null: there is none.
const Hooks::Delivery* NewestOf(const Hooks::Entry& entry,
                                const std::string& guid) {
  const Hooks::Delivery* newest = nullptr;
  for (const auto& [key, delivery] : entry.deliveries) {
    if (delivery.guid == guid) newest = &delivery;
  }
  return newest;
}

// The commit that a payload is about; empty: none.
std::string ShaIn(const std::string& payload) {
  const Json json = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  for (const char* const path :
       {"/pull_request/head/sha", "/merge_group/head_sha", "/sha",
        "/head_commit/id", "/after"}) {
    const Json::json_pointer pointer(path);
    if (json.contains(pointer) && json.at(pointer).is_string()) {
      return json.at(pointer).get<std::string>();
    }
  }
  return "";
}

}  // namespace

std::string WebhookDesk::RandomSha() {
  std::string sha;
  while (sha.size() < 40) absl::StrAppendFormat(&sha, "%08x", random_() >> 32);
  return sha;
}

std::string WebhookDesk::CarryOut(const WebhookOrder& order, absl::Time now,
                                  std::vector<Job>* jobs) {
  if (!order.release.empty()) {
    if (order.release == "reverse") std::reverse(held_.begin(), held_.end());
    for (Held& held : held_) {
      held.job.is_held = false;
      Send(held.event, now, &held.job);
      jobs->push_back(std::move(held.job));
    }
    held_.clear();
    return "";
  }
  Job job;
  const std::string complaint = order.redeliver.empty()
                                    ? Announce(order, now, &job)
                                    : Redeliver(order, now, &job);
  if (complaint.empty()) jobs->push_back(std::move(job));
  return complaint;
}

std::string WebhookDesk::Redeliver(const WebhookOrder& order, absl::Time now,
                                   Job* job) {
  Hooks& hooks = rules_->hooks();
  job->guid = order.redeliver;
  for (const Hooks::Entry* const entry : hooks.All()) {
    const Hooks::Delivery* const delivery = NewestOf(*entry, order.redeliver);
    if (delivery == nullptr) continue;
    job->sha = ShaIn(delivery->payload);
    if (hooks.Redeliver(entry->hook.id, delivery->id, now, order.url) != 0) {
      job->hooks.push_back(entry->hook.id);
    }
  }
  job->attempts = hooks.TakeAttempts(now);
  return job->hooks.empty() ? "no such delivery" : "";
}

std::string WebhookDesk::Announce(const WebhookOrder& order, absl::Time now,
                                  Job* job) {
  Hooks& hooks = rules_->hooks();
  if (order.hook_id != 0 && hooks.Find(order.hook_id) == nullptr) {
    return "hook is not the id of a hook";
  }
  if (order.is_held && held_.size() >= kMaxHeld) return "too much is held";
  Hooks::Event event = {.name = order.event,
                        .secret = order.secret,
                        .content_type = order.content_type,
                        .url = order.url};
  WebhookNews news;
  if (order.event == "ping") {
    if (!rules_->HasRepository(order.full_name)) {
      rules_->AddRepository(order.full_name, 0);
    }
    job->hooks = {order.hook_id != 0 ? order.hook_id : DefaultHook(order, now)};
    const std::string name = rules_->CurrentName(order.full_name);
    const std::string api_url = rules_->options().api_url();
    event.payload =
        PingPayload({.repository = {.id = rules_->RepositoryId(name),
                                    .full_name = name},
                     .api_url = api_url,
                     .now = now},
                    HookObject(*hooks.Find(job->hooks.front()),
                               absl::StrCat(api_url, "/repos/", name, "/hooks/",
                                            job->hooks.front())))
            .dump();
  } else {
    const std::string complaint =
        signalbox::CarryOut(order, RandomSha(), now, rules_, &news);
    if (!complaint.empty()) return complaint;
    event.payload = std::move(news.payload);
    job->hooks = Targets(order, event, now);
  }
  for (const int64_t id : job->hooks) {
    if (order.url.empty() && hooks.Find(id)->hook.url.empty()) {
      return "url is missing, and the webhook has none; set url or "
             "--webhook-url";
    }
  }
  job->sha = news.sha;
  job->number = news.number;
  job->times = order.times;
  if (order.is_held) {
    job->is_held = true;
    held_.push_back({std::move(event), *job});
  } else {
    Send(event, now, job);
  }
  return "";
}

std::vector<int64_t> WebhookDesk::Targets(const WebhookOrder& order,
                                          const Hooks::Event& event,
                                          absl::Time now) {
  if (order.hook_id != 0) return {order.hook_id};
  std::vector<int64_t> targets = rules_->hooks().Wanting(event);
  std::erase_if(targets,
                [this](int64_t id) { return default_hooks_.contains(id); });
  if (targets.empty()) targets = {DefaultHook(order, now)};
  return targets;
}

int64_t WebhookDesk::DefaultHook(const WebhookOrder& order, absl::Time now) {
  Hooks& hooks = rules_->hooks();
  const std::string name = rules_->CurrentName(order.full_name);
  Hooks::Hook hook = {.url = options_.url.empty() ? order.url : options_.url,
                      .secret = options_.secret};
  for (const int64_t app_id : rules_->apps().AppIds()) {
    if (rules_->apps().FindInstallationAt(app_id, World::OwnerOf(name))) {
      hook.app_id = app_id;
      break;
    }
  }
  const std::vector<const Hooks::Entry*> held =
      hook.app_id != 0
          ? std::vector<const Hooks::Entry*>{hooks.FindOfApp(hook.app_id)}
          : hooks.OfRepository(rules_->RepositoryId(name));
  for (const Hooks::Entry* const entry : held) {
    if (entry == nullptr || !default_hooks_.contains(entry->hook.id)) continue;
    if (!entry->hook.url.empty()) return entry->hook.id;
    hook.id = entry->hook.id;  // Its address was not known then.
  }
  if (hook.app_id == 0) hook.repository = name;
  const int64_t id = hooks.AddHook(hook, now);
  default_hooks_.insert(id);
  return id;
}

void WebhookDesk::Send(const Hooks::Event& event, absl::Time now, Job* job) {
  Hooks& hooks = rules_->hooks();
  Hooks::Event each = event;
  for (const int64_t id : job->hooks) {
    each.hook_id = id;
    each.guid = hooks.Send(each, now);
  }
  job->guid = each.guid;
  job->attempts = hooks.TakeAttempts(now);
}

Json WebhookDesk::AnswerOf(const Job& job) const {
  Json answer = {{"delivery", job.guid}, {"sha", job.sha}};
  if (job.number != 0) answer["number"] = job.number;
  if (job.is_held) {
    answer["held"] = held_.size();
    return answer;
  }
  Json deliveries = Json::array();
  for (const int64_t id : job.hooks) {
    const Hooks::Entry* const entry = rules_->hooks().Find(id);
    const Hooks::Delivery* const delivery =
        entry == nullptr ? nullptr : NewestOf(*entry, job.guid);
    Json one = {{"hook", id}, {"status", 0}, {"body", ""}};
    if (delivery == nullptr || !delivery->outcome.has_value()) {
      one["error"] = "it was not sent";
    } else {
      one["id"] = delivery->id;
      one["status"] = delivery->outcome->status_code;
      one["body"] = delivery->outcome->body;
      if (delivery->outcome->status_code == 0) {
        one["error"] = delivery->outcome->reason;
      }
    }
    deliveries.push_back(std::move(one));
  }
  // The first one's, as most orders have only one.
  for (const char* const member : {"status", "body", "error"}) {
    if (!deliveries.empty() && deliveries[0].contains(member)) {
      answer[member] = deliveries[0][member];
    }
  }
  answer["deliveries"] = std::move(deliveries);
  return answer;
}

}  // namespace signalbox
