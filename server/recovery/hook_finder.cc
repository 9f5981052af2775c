#include "server/recovery/hook_finder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "server/github/hook_url.h"

namespace signalbox {
namespace {

// How long the server takes to notice a new repository, a new hook, and a new
// right to read hooks.
constexpr absl::Duration kListPlacesEvery = absl::Minutes(1);
constexpr absl::Duration kLookEvery = absl::Hours(1);
constexpr absl::Duration kLookEveryRefused = absl::Hours(6);
constexpr absl::Duration kLookAfterTrouble = absl::Minutes(5);
// The most questions at a time, so that those of others get their turn.
constexpr int kMostAsked = 16;
constexpr int kRepositoriesPerPage = 1000;

constexpr absl::string_view kAppPath = "/app/hook";

std::string KeyOf(absl::string_view credential, absl::string_view path) {
  return absl::StrCat(credential, " ", path);
}

// The server forgets an address this long after it last noted it. It notes an
// address at most once a day.
constexpr absl::Duration kAddressMemory = absl::Hours(30 * 24);
constexpr absl::Duration kNoteAddressEvery = absl::Hours(24);

// Every user's `gh webhook forward` has this host.
constexpr absl::string_view kSharedHost = "webhook-forwarder.github.com";

std::string HostNameOf(const HookAddress& address) {
  return absl::StrCat("hook host ", address.host);
}
std::string PathNameOf(const HookAddress& address) {
  return absl::StrCat("hook address ", address.host, address.path);
}

}  // namespace

absl::Time HookFinder::RunOnce() {
  const SteadyTime now = tools_.clock->Steady();
  if (now >= next_places_) ListPlaces();
  int asking = 0;
  for (const auto& [key, place] : places_) asking += place.asking ? 1 : 0;
  SteadyTime next = next_places_;
  for (auto& [key, place] : places_) {
    if (place.asking) continue;
    if (place.next_time > now) {
      next = std::min(next, place.next_time);
    } else if (asking < kMostAsked) {
      ++asking;
      Look(key);
    }
  }
  return tools_.clock->Now() + (next - now);
}

void HookFinder::AddPlace(const std::string& host,
                          const std::string& credential,
                          const std::string& path, bool is_app) {
  Place& place = places_[KeyOf(credential, path)];
  place.host = host;
  place.credential = credential;
  place.path = path;
  place.is_app = is_app;
}

void HookFinder::ListPlaces() {
  next_places_ = tools_.clock->Steady() + kListPlacesEvery;
  NoteSeen();
  for (const std::string& app : tools_.credentials->Apps()) {
    AddPlace(app.substr(0, app.find('/')), app, std::string(kAppPath),
             /*is_app=*/true);
  }
  std::set<std::string> of_apps;
  for (const CredentialState& state : tools_.credentials->States()) {
    if (!state.app.empty()) of_apps.insert(state.id);
  }
  const std::vector<Told> former = std::exchange(told_, {});
  std::set<CanonicalName> seen;
  CanonicalName after;
  while (true) {
    const absl::StatusOr<std::vector<KnownRepository>> page =
        tools_.notes->Repositories(after, kRepositoriesPerPage);
    if (!page.ok()) {
      told_ = former;
      next_places_ = tools_.clock->Steady() + kStoreRetry;
      return;
    }
    for (const KnownRepository& known : *page) {
      AddRepository(known, of_apps, &seen);
    }
    if (static_cast<int>(page->size()) < kRepositoriesPerPage) break;
    after = page->back().repository.Canonical();
  }
  for (const Repository& named : tools_.options.repositories) {
    AddRepository({named, 0, tools_.credentials->Find(named)}, of_apps, &seen);
  }
}

void HookFinder::AddRepository(const KnownRepository& known,
                               const std::set<std::string>& of_apps,
                               std::set<CanonicalName>* seen) {
  const Repository& repository = known.repository;
  if (known.credential.empty() || of_apps.contains(known.credential) ||
      !seen->insert(repository.Canonical()).second) {
    return;
  }
  Told told;
  told.repository = known;
  const std::string own =
      absl::StrCat("/repos/", repository.FullName(), "/hooks");
  const std::string owner = absl::StrCat("/orgs/", repository.owner, "/hooks");
  AddPlace(repository.host, known.credential, own, /*is_app=*/false);
  AddPlace(repository.host, known.credential, owner, /*is_app=*/false);
  told.own_place = KeyOf(known.credential, own);
  told.owner_place = KeyOf(known.credential, owner);
  told_.push_back(std::move(told));
}

void HookFinder::Look(const std::string& key) {
  Place& place = places_[key];
  place.asking = true;
  tools_.questions->Ask(
      {.credential = place.credential,
       .request = {.path = absl::StrCat(place.path, place.is_app
                                                        ? "/config"
                                                        : "?per_page=100")}},
      [this, key](const GitHubReply& reply) { HaveHooks(key, reply); });
}

void HookFinder::HaveHooks(const std::string& key, const GitHubReply& reply) {
  Place& place = places_[key];
  place.asking = false;
  if (place.is_app) return HaveAppHook(place, reply);
  if (reply.verdict.action != Action::kDone) {
    const bool refused = IsRefused(reply.verdict);
    place.was_read = place.was_read || refused;
    if (refused) {
      place.hooks.clear();
      place.sources.clear();
    }
    place.next_time = tools_.clock->Steady() +
                      (refused ? kLookEveryRefused : kLookAfterTrouble);
    return;
  }
  place.next_time = tools_.clock->Steady() + kLookEvery;
  place.was_read = true;
  place.hooks.clear();
  place.sources.clear();
  auto hooks = ReadHooks(reply.answer->body);
  if (!hooks.ok()) return;
  place.hooks = *std::move(hooks);
  if (LearnAddresses(place)) return ChooseAll();
  Choose(place);
}

void HookFinder::NoteSeen() {
  auto seen = tools_.notes->SeenHooks();
  if (!seen.ok() || *seen == seen_) return;
  seen_ = *std::move(seen);
  for (const auto& [key, place] : places_) LearnAddresses(place);
  ChooseAll();
}

bool HookFinder::IsSeen(const Place& place, const ListedHook& hook) const {
  return std::ranges::find(seen_, SeenHook{place.host, hook.id}) != seen_.end();
}

bool HookFinder::LearnAddresses(const Place& place) {
  bool is_news = false;
  for (const ListedHook& hook : place.hooks) {
    if (IsSeen(place, hook)) is_news = LearnAddress(hook.url) || is_news;
  }
  return is_news;
}

// A new address may show that other hooks are ours.
void HookFinder::ChooseAll() {
  for (auto& [key, place] : places_) {
    if (!place.is_app) Choose(place);
  }
}

void HookFinder::Choose(Place& place) {
  place.sources.clear();
  for (const ListedHook& hook : place.hooks) {
    const bool is_ours = IsSeen(place, hook) ||
                         MatchesAnyGlob(hook.url, tools_.options.hook_urls) ||
                         LeadsToUs(hook.url) ||
                         (tools_.options.pull && MayBeOurHookUrl(hook.url, {}));
    if (!is_ours) continue;
    place.sources.push_back({place.host, place.credential,
                             absl::StrCat(place.path, "/", hook.id),
                             /*is_known=*/true});
  }
}

bool HookFinder::LearnAddress(absl::string_view url) {
  const HookAddress address = HookAddressOf(url);
  if (address.host.empty() || address.host == kSharedHost) return false;
  const absl::Time now = tools_.clock->Now();
  bool is_news = false;
  for (const std::string& name : {HostNameOf(address), PathNameOf(address)}) {
    const bool is_known = IsOurs(name);
    if (is_known && now - *noted_.Find(name) < kNoteAddressEvery) continue;
    const Term term = tools_.held_term->Get();
    if (!tools_.notes->SetNamedTime(term, name, now).ok()) continue;
    noted_.Put(name, now);
    is_news = is_news || !is_known;
  }
  return is_news;
}

bool HookFinder::LeadsToUs(absl::string_view url) {
  const HookAddress address = HookAddressOf(url);
  if (address.host.empty() || address.host == kSharedHost) return false;
  if (!IsOurs(HostNameOf(address))) return false;
  return address.HasDefaultPath() || IsOurs(PathNameOf(address));
}

bool HookFinder::IsOurs(const std::string& name) {
  const absl::Time* noted = noted_.Find(name);
  if (noted == nullptr) {
    const auto stored = tools_.notes->GetNamedTime(name);
    if (!stored.ok() || !stored->has_value()) return false;
    noted = noted_.Put(name, **stored);
  }
  return tools_.clock->Now() - *noted < kAddressMemory;
}

// An App has one hook, and the App exists for this server. But only the hook's
// URL shows whether its deliveries come here.
void HookFinder::HaveAppHook(Place& place, const GitHubReply& reply) {
  bool is_known = false;
  if (reply.verdict.action == Action::kDone) {
    const absl::StatusOr<ListedHook> hook = ReadAppHook(reply.answer->body);
    is_known =
        hook.ok() && MayBeOurHookUrl(hook->url, tools_.options.hook_urls);
  }
  place.was_read = true;
  place.next_time = tools_.clock->Steady() + kLookEvery;
  place.sources = {{place.host, place.credential, place.path, is_known}};
}

std::vector<DeliverySource> HookFinder::Sources() const {
  std::vector<DeliverySource> sources;
  for (const auto& [key, place] : places_) {
    sources.insert(sources.end(), place.sources.begin(), place.sources.end());
  }
  return sources;
}

std::vector<KnownRepository> HookFinder::Blind() const {
  std::vector<KnownRepository> blind;
  for (const Told& told : told_) {
    const Place& own = places_.at(told.own_place);
    const Place& owner = places_.at(told.owner_place);
    if (own.was_read && owner.was_read && own.sources.empty() &&
        owner.sources.empty()) {
      blind.push_back(told.repository);
    }
  }
  return blind;
}

void HookFinder::NoteGone(const DeliverySource& source) {
  for (auto& [key, place] : places_) {
    if (std::erase(place.sources, source) > 0) {
      place.hooks.clear();
      place.next_time = tools_.clock->Steady() + kLookEvery;
    }
  }
}

}  // namespace signalbox
