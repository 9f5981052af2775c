#ifndef SIGNALBOX_SERVER_OUTBOX_STATUSES_H_
#define SIGNALBOX_SERVER_OUTBOX_STATUSES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/change_cursor.h"
#include "server/outbox/commit_reports.h"
#include "server/outbox/history.h"
#include "server/outbox/lookups.h"
#include "server/outbox/status_list.h"
#include "server/outbox/status_view.h"
#include "server/report/status_key.h"

namespace signalbox {

// Statuses is the part of the outbox that reads: for the API, for people and
// for watchers. A read sees every report that was answered before. It may wait
// for the transaction that writes, and fail if the store cannot be written.
//
// outbox.h lists the errors.
//
// Thread-safe.
class Statuses {
 public:
  virtual ~Statuses() = default;

  // All statuses of a commit. NOT_FOUND, reason NOTHING_REPORTED: the outbox
  // has no report for the commit.
  virtual absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                               const Sha& sha) = 0;

  // A page of commits, newest first, at most `limit`: those whose newest report
  // has a sequence below `before_sequence`. 0: the first page. Without a
  // repository it lists the commits of all.
  virtual absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) = 0;

  // The newest 1,000 reports and the newest 1,000 tries of a key. NOT_FOUND,
  // reason NOTHING_REPORTED: the outbox has no report for the key.
  virtual absl::StatusOr<History> GetHistory(const StatusKey& key) = 0;

  // A page of the accepted reports of a commit over all contexts, newest first,
  // at most `limit` (from 1 on): those with a sequence below `before_sequence`;
  // 0: the first page. Of each context it has the newest 1,000 at most, and of
  // the statuses that other programs set at GitHub the newest known one, unless
  // it says the same as one of the newest reports. A commit that the outbox
  // does not know has none.
  virtual absl::StatusOr<CommitReports> ListReports(
      const Repository& repository, const Sha& sha, int64_t before_sequence,
      int limit) = 0;

  // A page of statuses of all repositories that have a name. Repositories come
  // in the order in which the outbox first saw them, and so do the statuses of
  // each. If `states` has posted or observed ones, the statuses of a repository
  // come commit by commit. A status that matches the query from the first page
  // to the last is on exactly one page. Leaves out a status that has no
  // accepted report and that GitHub does not show.
  //
  // One page looks at 5,000 statuses and 1,000 repositories at most. So a page
  // can be short or empty although more follow.
  virtual absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) = 0;
  // Counts the statuses that are not posted, for metrics. Looks at a million
  // due, a million waiting and a million abandoned ones at most.
  virtual absl::StatusOr<PostingCounts> CountPostings(absl::Time now) = 0;

  // The repository that `name` means. If `name` is an old name that GitHub, as
  // far as the outbox knows, redirects, this is the repository with its present
  // name; else it is `name` itself.
  virtual absl::StatusOr<Repository> MeantBy(const Repository& name) = 0;

  // The commit that `ref` means, as far as deliveries said: the first of these
  // that is known. A full sha, known or not; `refs/heads/X`, `refs/tags/X`,
  // `heads/X`, `tags/X`; a branch, then a tag of this name; the beginning of
  // the sha of exactly one known commit. NOT_FOUND, reason REF_UNKNOWN: none.
  virtual absl::StatusOr<ResolvedRef> ResolveRef(const Repository& repository,
                                                 const std::string& ref) = 0;

  // The repository with this name, as MeantBy finds it, and its number.
  virtual absl::StatusOr<FoundRepository> FindRepository(
      const Repository& name) = 0;
  // The repository with GitHub's number on this host (in lower case).
  // NOT_FOUND, reason REPOSITORY_UNKNOWN: no delivery or answer of GitHub's
  // gave it.
  virtual absl::StatusOr<FoundRepository> FindRepositoryWithNumber(
      const std::string& host, int64_t number) = 0;

  // Just after the newest change; before all changes if there is none.
  virtual absl::StatusOr<ChangeCursor> NewestChange() = 0;

  // The status changes after `after`, in order; at most `limit`. Some earlier
  // changes of a status can be missing if a later one follows: after one
  // submission that observed the status twice, and after its key was merged
  // into another. OUT_OF_RANGE, reason SEQUENCE_NOT_KEPT: the outbox has
  // forgotten some of these changes, or never gave that cursor.
  virtual absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
      ChangeCursor after, int limit) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUSES_H_
