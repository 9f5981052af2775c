#include "tests/simulation/webhooks.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "common/webhook/event.h"
#include "tests/github_simulator/webhook_payload.h"
#include "tests/simulation/server_life.h"

namespace signalbox {
namespace {

// The shim answers before GitHub stops waiting.
constexpr absl::Duration kShimPatience = absl::Seconds(9);

constexpr char kNoSha[] = "0000000000000000000000000000000000000000";

WebhookScene SceneOf(const std::string& full_name, int64_t id, absl::Time now) {
  WebhookScene scene;
  scene.repository = {id, full_name, false};
  scene.api_url = ServerLife::kApiUrl;
  scene.now = now;
  return scene;
}

}  // namespace

ConvertOptions Webhooks::Conversion() {
  ConvertOptions options;
  options.rules = RepositoryRules({}, {kContext});
  return options;
}

Webhooks::Webhooks(uint64_t seed, GitHubRules* rules, Surroundings world)
    : rules_(rules), world_(std::move(world)), random_(seed) {}

void Webhooks::AddHook(const std::string& full_name) {
  Hooks::Hook hook;
  hook.repository = full_name;
  hook.url = kUrl;
  rules_->hooks().AddHook(std::move(hook), world_.now());
}

std::string Webhooks::Happen(const Push& push) {
  const absl::Time now = world_.now();
  const WebhookScene scene =
      SceneOf(push.name.repository, push.repository_id, now);
  Hooks::Event event;
  if (push.pull_request == 0) {
    PushedRef pushed;
    pushed.before = kNoSha;
    pushed.after = pushed.commit = push.name.sha;
    event.name = "push";
    event.payload = PushPayload(scene, pushed).dump();
  } else {
    PullRequest pull;
    pull.number = push.pull_request;
    pull.head_sha = push.name.sha;
    pull.updated_at = now;
    event.name = "pull_request";
    event.payload = PullRequestPayload(scene, "opened", pull, "").dump();
  }
  const std::string id = rules_->hooks().Send(event, now);
  // GitHub writes whole seconds.
  made_[id] = {push, absl::FromUnixSeconds(absl::ToUnixSeconds(now))};
  return id;
}

void Webhooks::MakeNoise(const std::string& full_name, int count) {
  const int64_t id = rules_->RepositoryId(full_name);
  Hooks::Event event;
  event.name = "star";
  event.payload =
      UnknownPayload(SceneOf(full_name, id, world_.now()), "created").dump();
  for (int i = 0; i < count; ++i) {
    rules_->hooks().Record(event, {.status_code = 200}, world_.now());
  }
}

void Webhooks::Pump() {
  for (const Hooks::Attempt& attempt :
       rules_->hooks().TakeAttempts(world_.now())) {
    if (random_.OneIn(40)) continue;  // Lost on the way: it times out.
    const bool answer_is_lost = random_.OneIn(25);
    world_.in(
        random_.Between(absl::Milliseconds(1), absl::Milliseconds(300)),
        [this, attempt, answer_is_lost] { Arrive(attempt, answer_is_lost); });
  }
}

void Webhooks::Arrive(const Hooks::Attempt& attempt, bool answer_is_lost) {
  switch (shim_) {
    case Shim::kWorks:
      break;
    case Shim::kIsAway:
      return End(attempt.id, 0);
    case Shim::kFails:
      return End(attempt.id, 500);
    case Shim::kRefuses:
      return End(attempt.id, 503);
    case Shim::kLosesAnswers:
      answer_is_lost = true;
      break;
  }
  const HookResult read = ReadHook(attempt.event, attempt.body);
  const auto* const call = std::get_if<HookCall>(&read);
  if (call == nullptr) return End(attempt.id, 200);
  auto converted = ConvertHookCall(
      *call, {attempt.guid, "", attempt.event, call->action, attempt.hook_id},
      Conversion());
  auto* const submission =
      converted.ok() ? std::get_if<Submission>(&*converted) : nullptr;
  const auto made = made_.find(attempt.guid);
  if (submission == nullptr || made == made_.end()) {
    return End(attempt.id, 400);
  }
  const absl::Duration back =
      random_.Between(absl::Milliseconds(1), absl::Milliseconds(300));
  if (!answer_is_lost) {
    world_.in(kShimPatience, [this, id = attempt.id] { End(id, 503); });
  }
  world_.arrive(std::move(*submission), made->second.push.name,
                [this, id = attempt.id, back, answer_is_lost](bool taken) {
                  if (answer_is_lost) return;
                  world_.in(back,
                            [this, id, taken] { End(id, taken ? 202 : 503); });
                });
}

void Webhooks::End(int64_t attempt, int status_code) {
  rules_->hooks().EndAttempt(attempt, {.status_code = status_code},
                             world_.now());
}

std::vector<history::Attempted> Webhooks::Attempts() const {
  std::vector<history::Attempted> attempts;
  for (const Hooks::Entry* const entry : rules_->hooks().All()) {
    for (const auto& [key, delivery] : entry->deliveries) {
      const auto made = made_.find(delivery.guid);
      if (made == made_.end()) continue;
      history::Attempted attempted;
      attempted.time = delivery.delivered_at;
      attempted.delivery_id = delivery.guid;
      attempted.name = made->second.push.name;
      attempted.pull_request = made->second.push.pull_request;
      attempted.updated_time = made->second.updated_time;
      attempted.is_redelivery = delivery.is_redelivery;
      if (delivery.outcome.has_value()) {
        attempted.http_status = delivery.outcome->status_code;
      }
      attempts.push_back(std::move(attempted));
    }
  }
  return attempts;
}

}  // namespace signalbox
