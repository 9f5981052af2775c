#include "server/recovery/hook_finder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/glob.h"
#include "server/base/log.h"

namespace signalbox {
namespace {

// New repositories are noticed after so long, new hooks after so long, and new
// rights to read hooks after so long.
constexpr absl::Duration kListPlacesEvery = absl::Minutes(1);
constexpr absl::Duration kLookEvery = absl::Hours(1);
constexpr absl::Duration kLookEveryRefused = absl::Hours(6);
constexpr absl::Duration kLookAfterTrouble = absl::Minutes(5);
constexpr absl::Duration kStoreRetry = absl::Seconds(5);
// Questions that wait at once, so that those of others get their turn.
constexpr int kMostAsked = 16;

constexpr absl::string_view kAppPath = "/app/hook";

std::string KeyOf(absl::string_view credential, absl::string_view path) {
  return absl::StrCat(credential, " ", path);
}

}  // namespace

bool IsOurHookUrl(absl::string_view url,
                  const std::vector<std::string>& globs) {
  if (absl::EndsWith(url.substr(0, url.find_first_of("?#")),
                     "/event_handler")) {
    return true;
  }
  return std::any_of(
      globs.begin(), globs.end(),
      [url](const std::string& glob) { return GlobMatches(glob, url); });
}

HookFinder::HookFinder(Options options, Outbox* outbox,
                       Credentials* credentials, Questions* questions,
                       Clock* clock)
    : options_(std::move(options)),
      outbox_(outbox),
      credentials_(credentials),
      questions_(questions),
      clock_(clock) {}

absl::Time HookFinder::RunOnce() {
  const absl::Time now = Steady();
  if (now >= next_places_) ListPlaces();
  int asking = 0;
  for (const auto& [key, place] : places_) asking += place.asking ? 1 : 0;
  absl::Time next = next_places_;
  for (auto& [key, place] : places_) {
    if (place.asking) continue;
    if (place.next_time > now) {
      next = std::min(next, place.next_time);
    } else if (asking < kMostAsked) {
      ++asking;
      Look(key);
    }
  }
  return clock_->Now() + (next - now);
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
  absl::StatusOr<std::vector<KnownRepository>> repositories =
      outbox_->Repositories();
  if (!repositories.ok()) {
    next_places_ = Steady() + kStoreRetry;
    return;
  }
  next_places_ = Steady() + kListPlacesEvery;
  for (const Repository& named : options_.repositories) {
    repositories->push_back({named, 0, credentials_->Find(named)});
  }
  for (const std::string& app : credentials_->Apps()) {
    AddPlace(app.substr(0, app.find('/')), app, std::string(kAppPath),
             /*is_app=*/true);
  }
  std::set<std::string> of_apps;
  for (const CredentialState& state : credentials_->States()) {
    if (!state.app.empty()) of_apps.insert(state.id);
  }
  told_.clear();
  std::set<std::string> seen;
  for (const KnownRepository& known : *repositories) {
    const Repository& repository = known.repository;
    if (known.lane.empty() || of_apps.contains(known.lane) ||
        !seen.insert(repository.Canonical()).second) {
      continue;
    }
    Told told;
    told.repository = known;
    const std::string own =
        absl::StrCat("/repos/", repository.FullName(), "/hooks");
    const std::string owner =
        absl::StrCat("/orgs/", repository.owner, "/hooks");
    AddPlace(repository.host, known.lane, own, /*is_app=*/false);
    AddPlace(repository.host, known.lane, owner, /*is_app=*/false);
    told.own_place = KeyOf(known.lane, own);
    told.owner_place = KeyOf(known.lane, owner);
    told_.push_back(std::move(told));
  }
}

void HookFinder::Look(const std::string& key) {
  Place& place = places_[key];
  place.asking = true;
  Question question;
  question.credential = place.credential;
  question.request.path =
      absl::StrCat(place.path, place.is_app ? "/config" : "?per_page=100");
  questions_->Ask(std::move(question), [this, key](const GitHubReply& reply) {
    HaveHooks(key, reply);
  });
}

void HookFinder::HaveHooks(const std::string& key, const GitHubReply& reply) {
  Place& place = places_[key];
  place.asking = false;
  if (place.is_app) return HaveAppHook(place, reply);
  const int status = reply.verdict.http_status;
  if (reply.verdict.action != Action::kDone) {
    const bool refused =
        status >= 400 && status < 500 && reply.verdict.action != Action::kWait;
    place.was_read = place.was_read || refused;
    if (refused) place.sources.clear();
    place.next_time =
        Steady() + (refused ? kLookEveryRefused : kLookAfterTrouble);
    return;
  }
  place.next_time = Steady() + kLookEvery;
  place.was_read = true;
  place.sources.clear();
  const auto hooks = ReadHooks(reply.answer->body);
  const auto seen = outbox_->SeenHooks();
  if (!hooks.ok() || !seen.ok()) return;
  for (const ListedHook& hook : *hooks) {
    const bool is_seen =
        std::find(seen->begin(), seen->end(), SeenHook{place.host, hook.id}) !=
        seen->end();
    if (!is_seen && !IsOurHookUrl(hook.url, options_.hook_urls)) continue;
    place.sources.push_back({place.host, place.credential,
                             absl::StrCat(place.path, "/", hook.id),
                             /*is_known=*/true});
  }
}

// An App has one hook, and the App is there for us. Whether its deliveries
// really come to us, only its URL tells.
void HookFinder::HaveAppHook(Place& place, const GitHubReply& reply) {
  bool is_known = false;
  if (reply.verdict.action == Action::kDone) {
    const absl::StatusOr<ListedHook> hook = ReadAppHook(reply.answer->body);
    is_known = hook.ok() && IsOurHookUrl(hook->url, options_.hook_urls);
  }
  place.was_read = true;
  place.next_time = Steady() + kLookEvery;
  place.sources = {{place.host, place.credential, place.path, is_known}};
}

std::vector<HookSource> HookFinder::Sources() const {
  std::vector<HookSource> sources;
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

void HookFinder::NoteGone(const HookSource& source) {
  for (auto& [key, place] : places_) {
    if (std::erase(place.sources, source) > 0) {
      place.next_time = Steady() + kLookEvery;
    }
  }
}

}  // namespace signalbox
