#ifndef SIGNALBOX_SERVER_OUTBOX_STATUSES_H_
#define SIGNALBOX_SERVER_OUTBOX_STATUSES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/outbox/status_list.h"
#include "server/outbox/status_view.h"
#include "server/report/status_key.h"

namespace signalbox {

// Reads what the outbox holds. Waits for no writer.
//
// outbox.h lists the errors.
//
// Thread-safe.
class Statuses {
 public:
  virtual ~Statuses() = default;

  // NOT_FOUND, reason NOTHING_REPORTED, if nothing was ever reported for the
  // commit.
  virtual absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                               absl::string_view sha) = 0;

  // Newest first: the commits whose newest report has a sequence below
  // `before_sequence` (0: all).
  virtual absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) = 0;

  // The newest 1,000 reports and the newest 1,000 tries of a key. NOT_FOUND,
  // reason NOTHING_REPORTED, as GetCommit.
  virtual absl::StatusOr<History> GetHistory(const StatusKey& key) = 0;

  // Lists statuses of all repositories that have a name. Repositories come in
  // the order in which the outbox first saw them, and the statuses of each
  // likewise. If posted or observed statuses are wanted, too, they come commit
  // by commit. A status that matches the whole time is on exactly one page.
  // Leaves out a status without an accepted report for which GitHub shows
  // nothing.
  //
  // Looks at a bounded number of statuses and repositories, so a page can be
  // short or empty although more follow.
  virtual absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) = 0;
  // Counts the statuses that are not posted, up to a million of each kind.
  virtual absl::StatusOr<PostingCounts> CountPostings(absl::Time now) = 0;

  // The repository that a name means: another one if GitHub, as far as the
  // outbox knows, redirects this old name.
  virtual absl::StatusOr<Repository> MeantBy(const Repository& name) = 0;

  // The newest sequence given; 0: none was.
  virtual absl::StatusOr<int64_t> NewestSequence() = 0;

  // The changes after the sequence `after_sequence`, in order; at most `limit`.
  // Each accepted report is a change, and so is each change of a posting that
  // has a separate sequence. If one submission observed a status twice, or a
  // key was merged into another, only the last of these changes may be left.
  // OUT_OF_RANGE, reason SEQUENCE_NOT_KEPT: the outbox has forgotten some of
  // them, or never gave that sequence.
  virtual absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
      int64_t after_sequence, int limit) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUSES_H_
