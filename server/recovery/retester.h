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
#include "server/github/github_answers.h"
#include "server/outbox/submission.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Retester acts on requests to run contexts of a pull request again. It asks
// GitHub for the head, and whether the person who asks may do so. Then it
// reports the contexts as pending again.
//
// A person with write access may ask, as GitHub's answer about its
// collaborators says. If the credential cannot read that, owners, members and
// collaborators may, as the comment named them. Of the named contexts, those
// count that are expected of the pull request or known for its head. The
// history of the head's contexts shows a refused request.
//
// If GitHub cannot be asked, Retester tries again for a day, with growing
// pauses.
//
// Retester has no thread of its own: the thread that calls Questions::RunOnce
// also calls RunOnce.
class Retester {
 public:
  // `tools` is borrowed.
  explicit Retester(const RecoveryTools& tools) : tools_(tools) {}

  // Begins what is due, and returns when to call it again. Call it sooner if an
  // event was stored.
  absl::Time RunOnce();

 private:
  void Begin(const Rerun& rerun);
  void HaveHead(const Rerun& rerun, const GitHubReply& reply);
  void HavePermission(const Rerun& rerun, const ListedPullRequest& pull,
                      const GitHubReply& reply);
  void Report(const Rerun& rerun, const ListedPullRequest& pull);
  // The expected contexts, or those that the rerun names, as far as a rule or a
  // report has them.
  std::vector<std::string> ContextsOf(const Rerun& rerun,
                                      const ListedPullRequest& pull,
                                      const std::string& sha) const;
  // Refuses the rerun, and records that in the history of the contexts of the
  // pull request's head, where people look for the reason.
  void Refuse(const Rerun& rerun, const ListedPullRequest& pull,
              absl::string_view why);
  // Ends the rerun without a report; `why` says the reason.
  void Drop(const Rerun& rerun, absl::string_view why);
  void TryLater(const Rerun& rerun, absl::string_view why);
  void End(const Rerun& rerun, const char* result);
  void Settle(const Rerun& rerun, std::optional<absl::Time> next_try_time);
  Question About(const Rerun& rerun, std::string path) const;

  const RecoveryTools& tools_;

  std::set<int64_t> under_way_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RETESTER_H_
