#ifndef SIGNALBOX_SERVER_RECOVERY_HEAD_PENDINGS_H_
#define SIGNALBOX_SERVER_RECOVERY_HEAD_PENDINGS_H_

#include <string>
#include <utility>
#include <vector>

#include "server/github/github_answers.h"
#include "server/outbox/submission.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"

namespace signalbox {

// Recovery itself reports pendings for pull requests that it has read at
// GitHub. HeadPendings makes such a report: pending for each of `contexts` at
// the pull request's head, `sha`.
inline Submission HeadPendings(const Repository& repository,
                               const ListedPullRequest& pull, const Sha& sha,
                               std::vector<std::string> contexts,
                               const RepositoryRules& rules) {
  Submission submission;
  submission.contexts = std::move(contexts);
  submission.change = pull.change;
  Report& report = submission.report;
  report.repository = repository;
  report.repository_id = pull.base_repository_id;
  report.sha = sha;
  report.expires_after = rules.ExpiresAfter(repository);
  report.from_webhook = true;
  return submission;
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_HEAD_PENDINGS_H_
