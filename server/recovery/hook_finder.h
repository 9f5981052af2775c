#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/recent_map.h"
#include "server/github/github_answers.h"
#include "server/recovery/delivery_watcher.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// HookFinder finds the hooks whose deliveries the server can read: the hook of
// each App, and the hooks of repositories that a plain token posts for, and of
// their owners. Of the hooks without an App it takes only the server's own:
// - those whose deliveries reach the server,
// - those that lead to the same host as one of these, and to the same path or
//   to `/event_handler`,
// - those whose URL matches a configured glob.
//
// The addresses of hooks whose deliveries reach the server are on disk.
//
// HookFinder looks again from time to time to find new hooks, and rarely where
// it was refused.
//
// Threads and lifetimes as for DeliveryWatcher.
class HookFinder {
 public:
  explicit HookFinder(const RecoveryTools& tools) : tools_(tools) {}

  absl::Time RunOnce();

  // The hooks found so far.
  std::vector<DeliverySource> Sources() const;

  // The repositories without a readable hook.
  std::vector<KnownRepository> Blind() const;

  // GitHub refused to list a source's deliveries: look for the hook again
  // later.
  void NoteGone(const DeliverySource& source);

 private:
  // A place that may have hooks.
  struct Place {
    std::string host;
    std::string credential;
    std::string path;  // "/app/hook", "/repos/OWNER/NAME/hooks", ...
    bool is_app = false;
    bool asking = false;
    bool was_read = false;  // GitHub has answered, perhaps with a refusal.
    absl::Time next_time = absl::InfinitePast();  // Steady.
    std::vector<ListedHook> hooks;                // All of them.
    std::vector<DeliverySource> sources;
  };

  void ListPlaces();
  void AddRepository(const KnownRepository& known,
                     const std::set<std::string>& of_apps,
                     std::set<std::string>* seen);
  void AddPlace(const std::string& host, const std::string& credential,
                const std::string& path, bool is_app);
  void Look(const std::string& key);
  void HaveHooks(const std::string& key, const GitHubReply& reply);
  void HaveAppHook(Place& place, const GitHubReply& reply);
  // Finds out which hooks reach the server now.
  void NoteSeen();
  bool IsSeen(const Place& place, const ListedHook& hook) const;
  // Makes the server's own hooks of a place, or of all places, sources.
  void Choose(Place& place);
  void ChooseAll();
  // Stores the addresses of hooks whose deliveries reach the server. True:
  // there is a new one.
  bool LearnAddresses(const Place& place);
  bool LearnAddress(absl::string_view url);
  bool LeadsToUs(absl::string_view url);
  // Whether a hook whose deliveries reach the server recently led there.
  bool IsOurs(const std::string& name);

  const RecoveryTools& tools_;

  absl::Time next_places_ = absl::InfinitePast();  // Steady.
  std::vector<SeenHook> seen_;
  // The addresses on disk, and when they were written or read. A cache: if
  // there are more, they are read again.
  RecentMap<std::string, absl::Time> noted_{1000};
  std::map<std::string, Place> places_;  // By credential and path.
  // Repositories without an App, with the keys of their places.
  struct Told {
    KnownRepository repository;
    std::string own_place;
    std::string owner_place;
  };
  std::vector<Told> told_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
