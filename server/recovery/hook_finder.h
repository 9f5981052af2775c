#ifndef SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
#define SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/recent_map.h"
#include "server/github/credentials.h"
#include "server/outbox/outbox.h"
#include "server/recovery/github_answers.h"
#include "server/recovery/hook_source.h"
#include "server/recovery/questions.h"
#include "server/report/status_key.h"

namespace signalbox {

// Whether a hook with this URL may be one of ours: its path ends in
// `/event_handler`, where the shim listens unless it is told otherwise, or the
// URL matches one of these globs. Others follow GitHub's guide, too.
bool MayBeOurHookUrl(absl::string_view url,
                     const std::vector<std::string>& globs);

// HookFinder finds the hooks whose deliveries can be read: that of each App,
// and for repositories that a plain token posts for those of the repository
// and of its owner. Of the latter only ours count: those whose deliveries reach
// us, those that lead to the same host and to the path of one of these or to
// `/event_handler`, and those that the globs name. The addresses of hooks whose
// deliveries reach us are on disk.
//
// Hooks are looked for now and then, so that new ones are found, and where they
// cannot be read rarely.
//
// Threads and lifetimes as Redeliverer.
class HookFinder {
 public:
  struct Options {
    std::vector<std::string> hook_urls;    // Globs.
    std::vector<Repository> repositories;  // Beside those that were heard of.
    // A hook whose deliveries are only read may be another's: any that
    // MayBeOurHookUrl counts.
    bool reads_only = false;
  };

  HookFinder(Options options, Outbox* outbox, Credentials* credentials,
             Questions* questions, Clock* clock);

  absl::Time RunOnce();

  // Found so far.
  std::vector<HookSource> Sources() const;

  // The repositories that no hook which can be read tells of.
  std::vector<KnownRepository> Blind() const;

  // A source's deliveries could not be listed: it is looked for again later.
  void NoteGone(const HookSource& source);

 private:
  // Somewhere that may have hooks.
  struct Place {
    std::string host;
    std::string credential;
    std::string path;  // "/app/hook", "/repos/OWNER/NAME/hooks", ...
    bool is_app = false;
    bool asking = false;
    bool was_read = false;  // GitHub has answered, be it with a refusal.
    absl::Time next_time = absl::InfinitePast();  // Steady.
    std::vector<ListedHook> hooks;                // All of them.
    std::vector<HookSource> sources;
  };

  absl::Time Steady() const { return absl::UnixEpoch() + clock_->Monotonic(); }

  void ListPlaces();
  void AddRepository(const KnownRepository& known,
                     const std::set<std::string>& of_apps,
                     std::set<std::string>* seen);
  void AddPlace(const std::string& host, const std::string& credential,
                const std::string& path, bool is_app);
  void Look(const std::string& key);
  void HaveHooks(const std::string& key, const GitHubReply& reply);
  void HaveAppHook(Place& place, const GitHubReply& reply);
  // Finds out which hooks reach us now.
  void NoteSeen();
  bool IsSeen(const Place& place, const ListedHook& hook) const;
  // Takes our hooks of a place, or of all places, for its sources.
  void Choose(Place& place);
  void ChooseAll();
  // Remembers where hooks lead whose deliveries reach us. True: it is news.
  bool LearnAddresses(const Place& place);
  bool LearnAddress(absl::string_view url);
  bool LeadsToUs(absl::string_view url);
  // Whether a hook whose deliveries reach us led there lately.
  bool IsOurs(const std::string& mark);

  const Options options_;
  Outbox* const outbox_;
  Credentials* const credentials_;
  Questions* const questions_;
  Clock* const clock_;

  absl::Time next_places_ = absl::InfinitePast();  // Steady.
  std::vector<SeenHook> seen_;
  // What was written or found on disk, and when by our clock. More addresses
  // than anybody has are read from there again.
  RecentMap<std::string, absl::Time> marks_{1000};
  std::map<std::string, Place> places_;  // By credential and path.
  // Those without an App, with the keys of their places.
  struct Told {
    KnownRepository repository;
    std::string own_place;
    std::string owner_place;
  };
  std::vector<Told> told_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HOOK_FINDER_H_
