#ifndef SIGNALBOX_SERVER_RECOVERY_RETESTER_H_
#define SIGNALBOX_SERVER_RECOVERY_RETESTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/credentials.h"
#include "server/outbox/outbox.h"
#include "server/recovery/github_answers.h"
#include "server/recovery/questions.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// Retester acts on the wishes to run contexts of a pull request again: finds
// the head at GitHub, and whether who asks may, and reports the contexts as
// pending anew.
//
// Who may write to the repository may, as GitHub says of its collaborators;
// where the credential cannot read that, its owners, members and
// collaborators, as the comment said. Of the contexts that were named those
// count that are expected of the pull request, or known of its head. A wish
// that is refused is in the history of the head's contexts.
//
// A wish that GitHub cannot be asked about is tried again, further and further
// apart, for a day.
//
// It has no thread of its own: what calls Questions::RunOnce calls RunOnce as
// well, on the same thread.
class Retester {
 public:
  struct Options {
    RepositoryRules rules;
    // Whether a caller may still report these contexts.
    std::function<absl::Status(absl::string_view caller, const Repository&,
                               const std::vector<std::string>& contexts)>
        may_report;
    // Called when something became due.
    std::function<void()> became_due;
  };

  // All pointers are borrowed.
  Retester(Options options, Outbox* outbox, Credentials* credentials,
           Questions* questions, Metrics* metrics, Clock* clock);

  // Begins what is due, and returns when it wants to be called again; sooner
  // if an event was stored.
  absl::Time RunOnce();

 private:
  void Begin(const Rerun& rerun);
  void HaveHead(const Rerun& rerun, const GitHubReply& reply);
  void HavePermission(const Rerun& rerun, const ListedPullRequest& pull,
                      const GitHubReply& reply);
  void Report(const Rerun& rerun, const ListedPullRequest& pull);
  // The rerun is refused, which those who ask why nothing happens to the head
  // of the pull request find in the history of its contexts.
  void Refuse(const Rerun& rerun, const ListedPullRequest& pull,
              absl::string_view why);
  // The rerun is over; `why` not.
  void Drop(const Rerun& rerun, absl::string_view why);
  void TryLater(const Rerun& rerun, absl::string_view why);
  void Settle(const Rerun& rerun, std::optional<absl::Time> next_try_time);
  Question About(const Rerun& rerun, std::string path) const;

  const Options options_;
  Outbox* const outbox_;
  Credentials* const credentials_;
  Questions* const questions_;
  Metrics* const metrics_;
  Clock* const clock_;

  std::set<int64_t> under_way_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RETESTER_H_
