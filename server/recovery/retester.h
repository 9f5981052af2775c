#ifndef SIGNALBOX_SERVER_RECOVERY_RETESTER_H_
#define SIGNALBOX_SERVER_RECOVERY_RETESTER_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/github_answers.h"
#include "server/recovery/recovery_tools.h"

namespace signalbox {

// Retester acts on requests to run contexts of a pull request again: a person
// writes the comment `/retest`, perhaps with names of contexts, and the outbox
// stores this as a Rerun. For each rerun, Retester asks GitHub for the pull
// request's head, and whether the person may ask for it. Then it reports the
// contexts as pending again.
//
// A person may do so who can write to the repository, by GitHub's answer about
// collaborators. If the credential may not ask that, the webhook of the comment
// decides: owners, members and collaborators may.
//
// Without names, all expected contexts run again, and all that have reports for
// the head. With names, those of the named contexts. If Retester refuses the
// rerun, it writes the reason into the history of the head's contexts.
//
// If GitHub does not answer, Retester tries again for a day, with growing
// pauses.
//
// Retester has no thread of its own: the thread that calls Questions::RunOnce
// also calls RunOnce.
class Retester {
 public:
  // `tools` is borrowed.
  explicit Retester(const RecoveryTools& tools) : tools_(tools) {}

  // Begins the reruns that are due. Returns when to call it again, by the wall
  // clock. Call it sooner if the outbox has stored an event, which may be a
  // rerun.
  absl::Time RunOnce();

 private:
  // These are the steps of a rerun, one after the other: ask for the pull
  // request, ask for the person's permission, and report pending.
  void Begin(const Rerun& rerun);
  void HaveHead(const Rerun& rerun, const GitHubReply& reply);
  void HavePermission(const Rerun& rerun, const ListedPullRequest& pull,
                      const GitHubReply& reply);
  void Report(const Rerun& rerun, const ListedPullRequest& pull);
  // The contexts to run again: the expected ones. If the rerun names contexts,
  // those of them that are expected or have a report for `sha`.
  std::vector<std::string> ContextsOf(const Rerun& rerun,
                                      const ListedPullRequest& pull,
                                      const Sha& sha) const;
  // Refuses the rerun, and records that in the history of the contexts of the
  // pull request's head, where people look for the reason.
  void Refuse(const Rerun& rerun, const ListedPullRequest& pull,
              absl::string_view why);
  // Ends the rerun without a report. `why` is for the log.
  void Drop(const Rerun& rerun, absl::string_view why);
  // Begins the rerun again after a pause; drops it after the last try.
  void TryLater(const Rerun& rerun, absl::string_view why);
  // Ends the rerun. `result` is for the metric.
  void End(const Rerun& rerun, const char* result);
  // Stores in how long the rerun is due again. Nothing: it is done.
  void Settle(const Rerun& rerun, std::optional<absl::Duration> retry_in);
  // A read of `path` with the credential of the rerun's repository.
  Question About(const Rerun& rerun, std::string path) const;

  const RecoveryTools& tools_;

  std::set<int64_t> under_way_;  // Rerun::id: between Begin and Settle.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RETESTER_H_
