#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/github_answers.h"
#include "server/github/github_client.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// How long GitHub keeps deliveries, with a margin.
inline constexpr absl::Duration kDeliveryWindow = absl::Hours(71);

// GitHub's list of deliveries may lack those of the last minutes.
inline constexpr absl::Duration kListDelay = absl::Minutes(5);

// One of the server's own hooks, whose deliveries it can read.
struct DeliverySource {
  std::string host;        // Of the repositories that it is for.
  std::string credential;  // The one that may read it.
  std::string path;        // "/app/hook", "/repos/OWNER/NAME/hooks/ID", ...
  // Its deliveries certainly come to this server. False: they probably do.
  bool is_known = false;

  friend bool operator==(const DeliverySource&,
                         const DeliverySource&) = default;
};

// A list of a hook's deliveries.
struct DeliveryListing {
  absl::Time begin;  // When it began, by GitHub's clock.
  std::vector<ListedDelivery> attempts;
  // All attempts since the wanted time are there. False: only the newest, or
  // none.
  bool complete = false;
  Verdict verdict;  // Of the last page.
};

// DeliveryWatcher lists the deliveries of one hook from time to time. The time
// up to which it has examined all deliveries is on disk.
//
// It has no thread of its own: the thread that calls Questions::RunOnce also
// calls RunOnce. It and everything that it borrows must outlive its questions.
class DeliveryWatcher {
 public:
  virtual ~DeliveryWatcher() = default;
  DeliveryWatcher(const DeliveryWatcher&) = delete;
  DeliveryWatcher& operator=(const DeliveryWatcher&) = delete;

  // Asks GitHub what may be asked now, and returns when to call it again.
  virtual absl::Time RunOnce() = 0;

  const DeliverySource& source() const { return source_; }
  // The hook can no longer be read.
  bool is_gone() const { return is_gone_; }

 protected:
  // `cursor` begins the name of the time on disk. `every`: between lists.
  DeliveryWatcher(const RecoveryTools& tools, DeliverySource source,
                  absl::string_view cursor, absl::Duration every);

  absl::Time GitHubNow() const { return tools_.clock->Now() + clock_offset_; }

  // The time on disk; InfinitePast: there is none.
  absl::Time StoredCursor() const;
  void StoreCursor(absl::Time time) const;

  // Lists the attempts that began since `since` by GitHub's clock, newest
  // first, up to 100 pages of 100. The watcher is busy meanwhile. Then HaveList
  // gets what there is, also if GitHub refused.
  void List(absl::Time since);
  virtual void HaveList(const DeliveryListing& listing) = 0;

  const RecoveryTools& tools_;
  const DeliverySource source_;
  bool busy_ = false;                            // A question is under way.
  absl::Time next_list_ = absl::InfinitePast();  // Steady.
  // When the last successful list began, by GitHub's clock.
  absl::Time listed_ = absl::InfinitePast();

 private:
  void AskForPage(std::string path);
  void HavePage(const GitHubReply& reply);
  void EndList();

  const std::string cursor_name_;
  const absl::Duration every_;
  bool is_gone_ = false;
  // GitHub's clock minus ours; zero: GitHub did not say its time.
  absl::Duration clock_offset_;

  // The list under way, and what it wants.
  absl::Time since_;
  DeliveryListing listing_;
  int pages_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_
