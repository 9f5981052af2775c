#ifndef SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_
#define SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/base/steady_time.h"
#include "server/github/github_answers.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// OpenPullRequests finds pull requests of which no webhook came, in
// repositories whose deliveries the server cannot list (HookFinder::Blind). It
// lists the open pull requests of a repository, and reports pending for each
// head of which the outbox has no report.
//
// It must not touch heads that were tested long ago, or by other programs. So
// it looks only at pull requests that changed within the last 72 hours, and
// reports only contexts that GitHub does not show on the head yet.
//
// Threads and lifetimes as for DeliveryWatcher.
class OpenPullRequests {
 public:
  // `tools` is borrowed.
  explicit OpenPullRequests(const RecoveryTools& tools) : tools_(tools) {}

  // Begins the questions about these repositories that may be asked now.
  // Returns when to call it again, by the wall clock.
  absl::Time RunOnce(const std::vector<KnownRepository>& repositories);

 private:
  // A repository.
  struct Compared {
    bool asking = false;   // The question about a page of the list is open.
    SteadyTime next_time;  // Of the next list.
    // The ETag of the list's first page: GitHub answers "not modified" while
    // the page is the same. Each change of a pull request changes this page,
    // because the list is ordered by the last change.
    std::string etag;
  };

  // These are the steps, one after the other: ask for the list, look at a page
  // of it, ask what GitHub shows on a head that is not in the outbox, and
  // report pending.
  void List(const KnownRepository& known);
  void HavePage(const KnownRepository& known, int page,
                const GitHubReply& reply);
  void Consider(const KnownRepository& known, const ListedPullRequest& pull);
  void HaveShown(const KnownRepository& known, const ListedPullRequest& pull,
                 const GitHubReply& reply);
  // Counts a head or a list that could not be read. Forgets the list's ETag,
  // because after the answer "not modified" no head would be looked at again.
  void Fail(const KnownRepository& known, const char* result);
  void Count(const char* result);

  const RecoveryTools& tools_;

  std::map<CanonicalName, Compared> compared_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_
