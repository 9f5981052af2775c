#ifndef SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
#define SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/credentials.h"
#include "server/outbox/outbox.h"
#include "server/recovery/hook_finder.h"
#include "server/recovery/open_pull_requests.h"
#include "server/recovery/puller.h"
#include "server/recovery/questions.h"
#include "server/recovery/redeliverer.h"
#include "server/recovery/retester.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// Recovery learns from GitHub what no webhook told: it has failed deliveries
// made again, or reads them itself, compares open pull requests where no hook
// can be read, and acts on wishes to run contexts again.
//
// It has no thread of its own: a Worker calls RunOnce, or a simulation does. It
// calls that of the questions, too.
//
// RunOnce by one thread at a time; nothing else is called meanwhile.
class Recovery {
 public:
  struct Options {
    bool enabled = true;  // All but reruns.
    bool redeliver = true;
    bool compare = true;
    bool pull = false;  // Instead of having deliveries made again.
    absl::Duration every = absl::Minutes(5);
    absl::Duration pull_every = absl::Seconds(15);
    std::vector<std::string> hook_urls;

    RepositoryRules rules;
    std::vector<Repository> repositories;  // That the configuration names.
    std::vector<std::string> known_hosts;

    // As in Retester::Options.
    std::function<absl::Status(absl::string_view caller, const Repository&,
                               const std::vector<std::string>& contexts)>
        may_report;
    // Called when something became due, and when an event was stored.
    std::function<void()> became_due;
    std::function<void(const Event&)> event_stored;
  };

  // All pointers are borrowed.
  Recovery(Options options, Outbox* outbox, Credentials* credentials,
           Questions* questions, Metrics* metrics, Clock* clock);

  absl::Time RunOnce();

 private:
  // Takes up the sources that are new, and drops those that are gone.
  void FollowSources();

  const Options options_;
  Outbox* const outbox_;
  Questions* const questions_;
  Metrics* const metrics_;
  Clock* const clock_;

  const Redeliverer::Options redeliverer_options_;
  const Puller::Options puller_options_;
  const OpenPullRequests::Options compare_options_;

  Retester retester_;
  HookFinder finder_;
  OpenPullRequests open_pull_requests_;
  // By path and credential. One that is gone stays until its question is
  // answered, which it is when it says so.
  std::map<std::string, std::unique_ptr<Redeliverer>> redeliverers_;
  std::map<std::string, std::unique_ptr<Puller>> pullers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RECOVERY_RECOVERY_H_
