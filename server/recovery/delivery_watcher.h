#ifndef SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_
#define SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/steady_time.h"
#include "server/github/github_answers.h"
#include "server/github/github_client.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// How long GitHub keeps deliveries, with a margin.
inline constexpr absl::Duration kDeliveryWindow = absl::Hours(71);

// GitHub's list of deliveries may lack those that are younger than this.
inline constexpr absl::Duration kListDelay = absl::Minutes(5);

// A hook (a webhook's settings at GitHub) that sends its deliveries to this
// server's shim, and whose list of deliveries the server can read.
struct DeliverySource {
  std::string host;        // Of the repositories that the hook is for.
  std::string credential;  // With which the server may read the list.
  // The hook's path in GitHub's API: "/app/hook", "/repos/OWNER/NAME/hooks/ID"
  // or "/orgs/OWNER/hooks/ID".
  std::string path;
  // The deliveries certainly come to this server. False: they probably do.
  bool is_known = false;

  friend bool operator==(const DeliverySource&,
                         const DeliverySource&) = default;
};

// What GitHub has listed of a hook's deliveries.
struct DeliveryListing {
  // When the server began to ask for the list, by GitHub's clock.
  absl::Time begin;
  std::vector<ListedDelivery> attempts;  // Newest first.
  // The list has all attempts since the time that List was called with. False:
  // it has only the newest of them, or none.
  bool complete = false;
  Verdict verdict;  // Of the question about the last page.
};

// DeliveryWatcher is what Redeliverer and Puller have in common: both list the
// deliveries of one hook from time to time, and keep on disk up to which time
// they have handled all deliveries (the cursor).
//
// It has no thread of its own: the thread that calls Questions::RunOnce also
// calls RunOnce. Its questions call it back, so it and everything that it
// borrows must live until the last of them is answered.
class DeliveryWatcher {
 public:
  virtual ~DeliveryWatcher() = default;
  DeliveryWatcher(const DeliveryWatcher&) = delete;
  DeliveryWatcher& operator=(const DeliveryWatcher&) = delete;

  // Begins the questions that may be asked now. Returns when to call it again,
  // by the wall clock; absl::InfiniteFuture(): after the next answer.
  virtual absl::Time RunOnce() = 0;

  const DeliverySource& source() const { return source_; }
  // GitHub has refused to list the deliveries. The owner should destroy the
  // watcher; no question of it is open.
  bool is_gone() const { return is_gone_; }

 protected:
  // `tools` is borrowed. `cursor` begins the name of the cursor on disk, so
  // that each kind of watcher has its own. `every`: the time between lists.
  DeliveryWatcher(const RecoveryTools& tools, DeliverySource source,
                  absl::string_view cursor, absl::Duration every);

  // The present time by GitHub's clock.
  absl::Time GitHubNow() const { return tools_.clock->Now() + clock_offset_; }

  // The cursor on disk; InfinitePast: there is none, or it cannot be read.
  absl::Time StoredCursor() const;
  // Stores the cursor. Logs a failure; a process that starts later then lists
  // more than it needs.
  void StoreCursor(absl::Time time) const;

  // Asks GitHub for the attempts that began since `since` by GitHub's clock, up
  // to 100 pages of 100. Sets `busy_` meanwhile. At the end calls HaveList,
  // also if GitHub refused or did not answer.
  void List(absl::Time since);
  virtual void HaveList(const DeliveryListing& listing) = 0;

  const RecoveryTools& tools_;
  const DeliverySource source_;
  bool busy_ = false;  // A question is open.
  SteadyTime next_list_;
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

  // The argument of List, and what has come of the list so far.
  absl::Time since_;
  DeliveryListing listing_;
  int pages_ = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_DELIVERY_WATCHER_H_
