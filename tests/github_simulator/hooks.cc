#include "tests/github_simulator/hooks.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/webhook_request.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxPayload = 25 << 20;
// For each hook. GitHub limits only their age.
constexpr size_t kMaxDeliveries = 100'000;
constexpr int kMaxRedeliveries = 3;
// A client should look at the deliveries at least this often. So it counts as
// knowing what is older, even if it did not look.
constexpr absl::Duration kLongestIgnorance = absl::Minutes(1);

// GitHub sends these to every App, and to no other hook.
bool IsForEveryApp(absl::string_view event) {
  return event == "installation" || event == "installation_repositories" ||
         event == "installation_target" || event == "github_app_authorization";
}

Json Parse(const std::string& payload) {
  return Json::parse(payload, nullptr, /*allow_exceptions=*/false);
}

// The member at `path`; null if there is none.
Json MemberAt(const Json& json, const char* path) {
  const Json::json_pointer pointer(path);
  return json.contains(pointer) ? json.at(pointer) : Json();
}

std::string TextAt(const Json& json, const char* path) {
  const Json member = MemberAt(json, path);
  return member.is_string() ? member.get<std::string>() : std::string();
}

int64_t NumberAt(const Json& json, const char* path) {
  const Json member = MemberAt(json, path);
  return member.is_number_integer() ? member.get<int64_t>() : 0;
}

absl::string_view TargetTypeOf(const Hooks::Hook& hook) {
  if (hook.app_id != 0) return "integration";
  return hook.repository.empty() ? "organization" : "repository";
}

Hooks::Outcome WithReason(Hooks::Outcome outcome) {
  if (!outcome.reason.empty()) return outcome;
  const int code = outcome.status_code;
  if (code == 0) {
    outcome.reason = "failed to connect to host";
  } else if (code < 400) {
    outcome.reason = "OK";
  } else {
    outcome.reason = absl::StrCat("Invalid HTTP Response: ", code);
  }
  return outcome;
}

}  // namespace

bool Hooks::Delivery::HasSucceeded() const {
  return outcome.has_value() && outcome->status_code >= 200 &&
         outcome->status_code < 400;
}

Hooks::Hooks(const GitHubRules::Options& options, World* world,
             const Apps* apps, GitHubRules::Misbehaviour* counters)
    : options_(options), world_(world), apps_(apps), counters_(counters) {}

// ---- Hooks

int64_t Hooks::AddHook(Hook hook, absl::Time now) {
  const int owners = (hook.repository.empty() ? 0 : 1) +
                     (hook.organization.empty() ? 0 : 1) +
                     (hook.app_id == 0 ? 0 : 1);
  if (owners != 1) std::abort();  // The test is wrong.
  Entry entry = {.created_at = now};
  if (!hook.repository.empty()) {
    if (world_->Peek(hook.repository) == nullptr) {
      world_->AddRepository(hook.repository, 0);
    }
    entry.target_id = world_->Peek(hook.repository)->id;
  } else if (!hook.organization.empty()) {
    entry.target_id = AccountId(hook.organization);
  } else {
    entry.target_id = hook.app_id;
    if (const Entry* const held = FindOfApp(hook.app_id)) {
      if (hook.id == 0) hook.id = held->hook.id;
      if (hook.id != held->hook.id) entries_.erase(held->hook.id);
    }
  }
  if (hook.id == 0) {
    while (entries_.contains(next_hook_id_)) ++next_hook_id_;
    hook.id = next_hook_id_++;
  }
  const int64_t id = hook.id;
  const auto [it, is_new] = entries_.try_emplace(id, std::move(entry));
  if (!is_new) it->second.target_id = entry.target_id;
  it->second.hook = std::move(hook);
  return id;
}

const Hooks::Entry* Hooks::Find(int64_t hook_id) const {
  const auto it = entries_.find(hook_id);
  return it == entries_.end() ? nullptr : &it->second;
}

const Hooks::Entry* Hooks::FindOfApp(int64_t app_id) const {
  for (const auto& [id, entry] : entries_) {
    if (app_id != 0 && entry.hook.app_id == app_id) return &entry;
  }
  return nullptr;
}

std::vector<const Hooks::Entry*> Hooks::All() const {
  std::vector<const Entry*> all;
  for (const auto& [id, entry] : entries_) all.push_back(&entry);
  return all;
}

std::vector<const Hooks::Entry*> Hooks::OfRepository(
    int64_t repository_id) const {
  std::vector<const Entry*> found = All();
  std::erase_if(found, [repository_id](const Entry* entry) {
    return entry->hook.repository.empty() || entry->target_id != repository_id;
  });
  return found;
}

std::vector<const Hooks::Entry*> Hooks::OfOrganization(
    absl::string_view login) const {
  std::vector<const Entry*> found = All();
  std::erase_if(found, [login](const Entry* entry) {
    return entry->hook.organization.empty() ||
           !absl::EqualsIgnoreCase(entry->hook.organization, login);
  });
  return found;
}

// ---- Who gets an event

Hooks::Place Hooks::PlaceOf(const std::string& payload) const {
  const Json json = Parse(payload);
  if (!json.is_object()) std::abort();  // The test is wrong.
  Place place = {.action = TextAt(json, "/action"),
                 .installation_id = NumberAt(json, "/installation/id"),
                 .app_id = NumberAt(json, "/installation/app_id")};
  const World& world = *world_;
  place.repository = world.Peek(NumberAt(json, "/repository/id"));
  if (place.repository == nullptr) {
    place.repository = world.Peek(TextAt(json, "/repository/full_name"));
  }
  if (place.repository != nullptr) {
    place.account = std::string(World::OwnerOf(place.repository->full_name));
    return place;
  }
  for (const char* const path :
       {"/organization/login", "/installation/account/login"}) {
    if (place.account.empty()) place.account = TextAt(json, path);
  }
  return place;
}

std::optional<int64_t> Hooks::InstallationOf(const Entry& entry,
                                             const Place& place) const {
  if (entry.hook.app_id == 0) return std::nullopt;
  if (place.installation_id != 0) return place.installation_id;
  const auto* const found =
      apps_->FindInstallationAt(entry.hook.app_id, place.account);
  if (found == nullptr) return std::nullopt;
  return found->id;
}

bool Hooks::Wants(const Entry& entry, const Event& event,
                  const Place& place) const {
  const Hook& hook = entry.hook;
  if (event.hook_id != 0) return event.hook_id == hook.id;
  if (!hook.active) return false;
  if (IsForEveryApp(event.name)) {
    // Only the App of the installation, if the payload names it.
    return hook.app_id != 0 &&
           (place.app_id == 0 || place.app_id == hook.app_id);
  }
  const bool is_subscribed = std::any_of(
      hook.events.begin(), hook.events.end(), [&event](const auto& wanted) {
        return wanted == "*" || wanted == event.name;
      });
  if (!is_subscribed) return false;
  if (!hook.repository.empty()) {
    return place.repository != nullptr &&
           place.repository->id == entry.target_id;
  }
  if (!hook.organization.empty()) {
    return absl::EqualsIgnoreCase(hook.organization, place.account);
  }
  const auto* const installation =
      apps_->FindInstallationAt(hook.app_id, place.account);
  return installation != nullptr && !installation->suspended;
}

// ---- Deliveries

std::string Hooks::NewGuid(absl::Time now) {
  // The time makes the GUIDs of two simulators differ: receivers remember them.
  const std::string seed =
      absl::StrCat("delivery/", absl::ToUnixNanos(now), "/", ++serial_);
  const std::string hex = absl::BytesToHexString(Sha256(seed).substr(0, 16));
  const auto part = [&hex](size_t from, size_t size) {
    return absl::string_view(hex).substr(from, size);
  };
  return absl::StrCat(part(0, 8), "-", part(8, 4), "-4", part(13, 3), "-a",
                      part(17, 3), "-", part(20, 12));
}

std::vector<int64_t> Hooks::Wanting(const Event& event) const {
  const Place place = PlaceOf(event.payload);
  std::vector<int64_t> ids;
  for (const auto& [id, entry] : entries_) {
    if (Wants(entry, event, place)) ids.push_back(id);
  }
  return ids;
}

std::string Hooks::Send(const Event& event, absl::Time now) {
  return Begin(event, std::nullopt, now);
}

std::string Hooks::Record(const Event& event, const Outcome& outcome,
                          absl::Time now) {
  return Begin(event, outcome, now);
}

std::string Hooks::Begin(const Event& event,
                         const std::optional<Outcome>& outcome,
                         absl::Time now) {
  const std::string guid = event.guid.empty() ? NewGuid(now) : event.guid;
  if (event.payload.size() > kMaxPayload) return guid;
  const Place place = PlaceOf(event.payload);
  for (auto& [id, entry] : entries_) {
    if (!Wants(entry, event, place)) continue;
    Delivery delivery = {.guid = guid,
                         .event = event.name,
                         .installation_id = InstallationOf(entry, place),
                         .throttled_at = event.throttled_at,
                         .payload = event.payload};
    if (!place.action.empty()) delivery.action = place.action;
    if (place.repository != nullptr) {
      delivery.repository_id = place.repository->id;
    }
    if (delivery.installation_id.has_value()) {
      Json payload = Parse(event.payload);
      if (!payload.contains("installation")) {
        payload["installation"] = {
            {"id", *delivery.installation_id},
            {"node_id", NodeId("IIN", *delivery.installation_id)}};
        delivery.payload = payload.dump();
      }
    }
    Begin(&entry, std::move(delivery), event, outcome, now);
  }
  return guid;
}

void Hooks::Begin(Entry* entry, Delivery delivery, const Event& event,
                  const std::optional<Outcome>& outcome, absl::Time now) {
  const Hook& hook = entry->hook;
  const std::string& content_type =
      event.content_type.empty() ? hook.content_type : event.content_type;
  WebhookRequest request =
      MakeWebhookRequest({.event = delivery.event,
                          .guid = delivery.guid,
                          .payload = delivery.payload,
                          .hook_id = hook.id,
                          .target_type = TargetTypeOf(hook),
                          .target_id = entry->target_id,
                          .as_form = content_type == "form",
                          .secret = event.secret.value_or(hook.secret),
                          .enterprise_host = options_.enterprise_host});
  delivery.id = next_delivery_id_++;
  delivery.delivered_at = now;
  delivery.url = event.url.empty() ? hook.url : event.url;
  delivery.request_headers = request.headers;
  const int64_t id = delivery.id;
  std::optional<Outcome> end = outcome;
  if (!end.has_value() && failure_.has_value()) {
    end = Outcome{.status_code = *failure_};
  }
  if (!end.has_value()) {
    queue_.push_back({.id = id,
                      .hook_id = hook.id,
                      .guid = delivery.guid,
                      .event = delivery.event,
                      .url = delivery.url,
                      .headers = std::move(request.headers),
                      .body = std::move(request.body)});
    under_way_[id] = {hook.id, now};
  }
  Delivery& kept =
      entry->deliveries.emplace(std::pair(now, id), std::move(delivery))
          .first->second;
  if (end.has_value()) End(&kept, entry, *end, now);
  if (entry->deliveries.size() > kMaxDeliveries) {
    entry->deliveries.erase(entry->deliveries.begin());
  }
}

int64_t Hooks::Redeliver(int64_t hook_id, int64_t delivery_id, absl::Time now,
                         absl::string_view url) {
  const Delivery* const found = FindDelivery(hook_id, delivery_id, now);
  if (found == nullptr) return 0;
  Begin(&entries_.at(hook_id),
        {.guid = found->guid,
         .is_redelivery = true,
         .event = found->event,
         .action = found->action,
         .installation_id = found->installation_id,
         .repository_id = found->repository_id,
         .payload = found->payload},
        {.url = std::string(url)}, std::nullopt, now);
  return next_delivery_id_ - 1;
}

void Hooks::End(Delivery* delivery, Entry* entry, const Outcome& outcome,
                absl::Time now) {
  delivery->outcome = WithReason(outcome);
  delivery->duration = now - delivery->delivered_at;
  entry->last_outcome = delivery->outcome;
}

std::vector<Hooks::Attempt> Hooks::TakeAttempts(absl::Time now) {
  Update(now);
  std::vector<Attempt> taken;
  std::swap(taken, queue_);
  return taken;
}

bool Hooks::EndAttempt(int64_t id, const Outcome& outcome, absl::Time now) {
  Update(now);
  const auto it = under_way_.find(id);
  if (it == under_way_.end()) return false;
  const auto [hook_id, begun] = it->second;
  under_way_.erase(it);
  std::erase_if(queue_,
                [id](const Attempt& attempt) { return attempt.id == id; });
  const auto entry = entries_.find(hook_id);
  if (entry == entries_.end()) return false;
  const auto delivery = entry->second.deliveries.find({begun, id});
  if (delivery == entry->second.deliveries.end()) return false;
  End(&delivery->second, &entry->second, outcome, now);
  return true;
}

absl::Time Hooks::NextTimeout() const {
  // Ids grow, but the clock can jump back.
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, place] : under_way_) {
    next = std::min(next, place.second + options_.webhook_timeout);
  }
  return next;
}

void Hooks::Update(absl::Time now) {
  for (auto it = under_way_.begin(); it != under_way_.end();) {
    const int64_t id = it->first;
    const auto [hook_id, begun] = it->second;
    const absl::Time end = begun + options_.webhook_timeout;
    const auto entry = entries_.find(hook_id);
    if (entry != entries_.end() && end > now) {
      ++it;
      continue;
    }
    it = under_way_.erase(it);
    std::erase_if(
        queue_, [id = id](const Attempt& attempt) { return attempt.id == id; });
    if (entry == entries_.end()) continue;
    const auto delivery = entry->second.deliveries.find({begun, id});
    if (delivery == entry->second.deliveries.end()) continue;
    End(&delivery->second, &entry->second,
        {.status_code = 0, .reason = "timed out"}, end);
  }
  for (auto& [id, entry] : entries_) {
    auto& deliveries = entry.deliveries;
    while (!deliveries.empty() && deliveries.begin()->first.first <
                                      now - options_.delivery_retention) {
      deliveries.erase(deliveries.begin());
    }
  }
}

std::vector<const Hooks::Delivery*> Hooks::DeliveriesOf(int64_t hook_id,
                                                        absl::Time now) {
  Update(now);
  std::vector<const Delivery*> found;
  const Entry* const entry = Find(hook_id);
  if (entry == nullptr) return found;
  for (auto it = entry->deliveries.rbegin(); it != entry->deliveries.rend();
       ++it) {
    if (it->second.outcome.has_value() &&
        it->second.delivered_at <= now - options_.delivery_lag) {
      found.push_back(&it->second);
    }
  }
  return found;
}

const Hooks::Delivery* Hooks::FindDelivery(int64_t hook_id, int64_t id,
                                           absl::Time now) {
  for (const Delivery* const delivery : DeliveriesOf(hook_id, now)) {
    if (delivery->id == id) return delivery;
  }
  return nullptr;
}

// ---- Clients

void Hooks::NoteListing(int64_t hook_id, absl::Time now) {
  const auto it = entries_.find(hook_id);
  if (it != entries_.end()) it->second.listed_at = now;
}

void Hooks::JudgeRedelivery(int64_t hook_id, const Delivery& delivery,
                            absl::Time now) {
  Entry& entry = entries_.at(hook_id);
  if (++entry.redeliveries[delivery.guid] > kMaxRedeliveries) {
    ++counters_->too_many_redeliveries;
  }
  const absl::Time known = std::max(entry.listed_at, now - kLongestIgnorance);
  bool has_succeeded = false;
  const Delivery* newest = nullptr;
  for (const auto& [key, other] : entry.deliveries) {
    if (other.guid != delivery.guid || !other.outcome.has_value() ||
        other.EndTime() > known) {
      continue;
    }
    newest = &other;
    has_succeeded |= other.HasSucceeded();
  }
  const bool was_refused = newest != nullptr &&
                           newest->outcome->status_code >= 400 &&
                           newest->outcome->status_code < 500;
  if (has_succeeded || was_refused) ++counters_->needless_redeliveries;
}

}  // namespace signalbox
