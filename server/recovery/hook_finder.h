#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/base/steady_time.h"
#include "server/github/github_answers.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// HookFinder finds the hooks (webhooks' settings at GitHub) that send their
// deliveries to this server, so that recovery can look for missing deliveries.
// It asks GitHub for:
// - the hook of each App,
// - for each repository that a plain token posts for, the repository's hooks
//   and those of its owner.
// These lists contain hooks of other programs. HookFinder takes a hook that is
// not an App's only in these cases:
// - The outbox has accepted a delivery of the hook.
// - The hook's URL has the same host as such a hook, and the same path or one
//   that ends in `/event_handler`. HookFinder keeps these addresses on disk, so
//   that it knows them also when the hook that showed them is gone.
// - The hook's URL matches a configured glob (`recovery.hook_urls`).
// - The server pulls deliveries (RecoveryOptions::pull), and the path ends in
//   `/event_handler`.
//
// HookFinder looks again every hour, and every six hours where GitHub refused
// the question.
//
// Threads and lifetimes as for DeliveryWatcher.
class HookFinder {
 public:
  // `tools` is borrowed.
  explicit HookFinder(const RecoveryTools& tools) : tools_(tools) {}

  // Begins the questions that may be asked now. Returns when to call it again,
  // by the wall clock.
  absl::Time RunOnce();

  // The hooks found so far.
  std::vector<DeliverySource> Sources() const;

  // The repositories that a plain token posts for, and for which HookFinder has
  // looked and found no hook. Webhooks that they miss cannot be recovered;
  // OpenPullRequests compares them instead.
  std::vector<KnownRepository> Blind() const;

  // GitHub refuses to list the deliveries of a source. So HookFinder drops it,
  // and looks for the hook again in an hour.
  void NoteGone(const DeliverySource& source);

 private:
  // An App, a repository or an organisation, which may have hooks.
  struct Place {
    std::string host;
    std::string credential;  // To ask with.
    std::string path;        // "/app/hook", "/repos/OWNER/NAME/hooks", ...
    bool is_app = false;
    bool asking = false;    // The question about its hooks is open.
    bool was_read = false;  // GitHub has answered, perhaps with a refusal.
    SteadyTime next_time;   // Of the next look.
    std::vector<ListedHook> hooks;        // All of them.
    std::vector<DeliverySource> sources;  // The server's own.
  };

  // Adds the places of all Apps and of all repositories that the server knows.
  void ListPlaces();
  // Adds the places of a repository. `of_apps`: the credentials of Apps.
  // `seen`: the repositories that were added before.
  void AddRepository(const KnownRepository& known,
                     const std::set<std::string>& of_apps,
                     std::set<CanonicalName>* seen);
  void AddPlace(const std::string& host, const std::string& credential,
                const std::string& path, bool is_app);
  // Asks GitHub for the hooks of a place. `key`: as in `places_`.
  void Look(const std::string& key);
  void HaveHooks(const std::string& key, const GitHubReply& reply);
  void HaveAppHook(Place& place, const GitHubReply& reply);
  // Reads from the outbox of which hooks it has accepted deliveries: of those
  // hooks IsSeen is true.
  void NoteSeen();
  bool IsSeen(const Place& place, const ListedHook& hook) const;
  // Makes the server's own hooks of a place, or of all places, sources.
  void Choose(Place& place);
  void ChooseAll();
  // Stores the addresses of the hooks for which IsSeen is true. True: there is
  // a new address.
  bool LearnAddresses(const Place& place);
  bool LearnAddress(absl::string_view url);
  // Whether the URL has a stored address.
  bool LeadsToUs(absl::string_view url);
  // Whether this host, or this host and path, was stored in the last 30 days.
  // `name`: under which it is on disk.
  bool IsOurs(const std::string& name);

  const RecoveryTools& tools_;

  SteadyTime next_places_;  // Of ListPlaces.
  std::vector<SeenHook> seen_;
  // A cache of the addresses on disk: by name, the time that is stored there.
  RecentMap<std::string, absl::Time> noted_{1000};
  std::map<std::string, Place> places_;  // By credential and path.
  // The repositories that a plain token posts for, and the keys in `places_` of
  // their own hooks and their owners'.
  struct Told {
    KnownRepository repository;
    std::string own_place;
    std::string owner_place;
  };
  std::vector<Told> told_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
