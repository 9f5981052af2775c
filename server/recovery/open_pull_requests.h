#ifndef SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_
#define SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/github_answers.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// OpenPullRequests replaces webhooks for repositories without a readable hook.
// It compares the open pull requests of a repository with the outbox, and
// reports pending for heads that were never reported.
//
// Only pull requests that changed within the last days count, and only contexts
// that GitHub does not show on the head yet. So it does not touch heads that
// were tested long ago, or by others.
//
// Threads and lifetimes as for DeliveryWatcher.
class OpenPullRequests {
 public:
  explicit OpenPullRequests(const RecoveryTools& tools) : tools_(tools) {}

  // `repositories` are the ones to compare.
  absl::Time RunOnce(const std::vector<KnownRepository>& repositories);

 private:
  struct Compared {
    bool asking = false;
    absl::Time next_time = absl::InfinitePast();  // Steady.
    // Of the first page. Each change of a pull request changes the first page,
    // because the list is ordered by the last change.
    std::string etag;
  };

  void List(const KnownRepository& known);
  void HavePage(const KnownRepository& known, int page,
                const GitHubReply& reply);
  void Consider(const KnownRepository& known, const ListedPullRequest& pull);
  void HaveShown(const KnownRepository& known, const ListedPullRequest& pull,
                 const GitHubReply& reply);
  // Counts a head or a list that could not be read, and forgets the list's
  // ETag: as long as GitHub answers "not modified", no head is looked at.
  void Fail(const KnownRepository& known, const char* result);
  void Count(const char* result);

  const RecoveryTools& tools_;

  std::map<std::string, Compared> compared_;  // By canonical name.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_OPEN_PULL_REQUESTS_H_
